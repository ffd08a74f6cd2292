"""Where the points of a sweep are run: in processes of this computer, or on a Dask cluster."""

import json
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from threading import Event
from typing import Any

from mtjlab.core.errors import InstrumentError, MtjlabError, UsageError
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.sweep_point import STOP, run_point, serve_points, told

# Told of each point as it ends: its key, and what `run_point` says.
Ended = Callable[[str, Mapping[str, Any]], None]

_LOOK_EVERY_S = 0.2


class _Worker:
    """A process that runs one point at a time."""

    def __init__(self) -> None:
        # Spawned: a forked copy of a program with threads may hang in a lock that nobody holds.
        context = get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve_points, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.key: str | None = None

    def give(self, key: str, task: str) -> None:
        self.key = key
        with suppress(OSError):
            self.connection.send_bytes(task.encode())

    def take(self) -> Mapping[str, Any]:
        """What became of the point; a process that died is a failed point."""
        try:
            found: Mapping[str, Any] = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            lost = MtjlabError(f"the process of this point died ({how}); its run file says so")
            found = json.loads(told(Outcome(error=lost)))
        return found

    def stop(self) -> None:
        with suppress(OSError):
            self.connection.send_bytes(STOP)

    def leave(self) -> None:
        self.connection.close()
        self.process.join()


def locally(tasks: Mapping[str, str], workers: int, ended: Ended, stopping: Event) -> None:
    """Run all tasks, `workers` at a time; what happens to one does not touch another.

    Args:
        tasks: key -> text of `task_of`.
        workers: processes, 1 or more.
        ended: see above.
        stopping: once set, what is running ends at its next step, and nothing else begins.
    """
    left = list(tasks.items())
    at_work: list[_Worker] = []
    told_to_stop = False
    try:
        while True:
            while left and len(at_work) < workers and not stopping.is_set():
                at_work.append(_Worker())
                at_work[-1].give(*left.pop(0))
            if not at_work:
                return
            if stopping.is_set() and not told_to_stop:
                told_to_stop = True
                for worker in at_work:
                    worker.stop()
            ready = wait([worker.connection for worker in at_work], _LOOK_EVERY_S)
            for worker in [one for one in at_work if one.connection in ready]:
                assert worker.key is not None
                key, found = worker.key, worker.take()
                if left and worker.process.is_alive() and not stopping.is_set():
                    worker.give(*left.pop(0))
                else:
                    at_work.remove(worker)
                    worker.leave()
                ended(key, found)
    finally:
        # Some are left only if somebody would not wait; behind them is nothing but a twin.
        for worker in at_work:
            worker.process.terminate()
            worker.leave()


def on_cluster(tasks: Mapping[str, str], address: str, ended: Ended, stopping: Event) -> None:
    """Run all tasks on the workers of a Dask cluster, which see the same folder of runs.

    Args:
        tasks: key -> text of `task_of`.
        address: of the scheduler, such as `tcp://10.0.0.1:8786`.
        ended: see above.
        stopping: once set, nothing else begins; what is running is left to the cluster.

    Raises:
        UsageError: Dask is not installed; InstrumentError: nothing answers there.
    """
    try:
        import distributed
    except ImportError as error:
        raise UsageError(
            "distributed is not installed; it comes with `pip install 'mtjlab[sweep]'`"
        ) from error
    try:
        client = distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InstrumentError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        # Given by key, a point that the cluster knows from before would not be run again.
        futures = {
            client.submit(run_point, task, pure=False, retries=0): key
            for key, task in tasks.items()
        }
        while futures and not stopping.wait(_LOOK_EVERY_S):
            for future in [one for one in futures if one.done()]:
                ended(futures.pop(future), _of(future))
        client.cancel(list(futures))


def _of(future: Any) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(future.result())
    except Exception as error:
        lost = MtjlabError(f"the cluster lost this point: {type(error).__name__}: {error}")
        found = json.loads(told(Outcome(error=lost)))
    return found
