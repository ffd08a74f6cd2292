"""One point of a sweep, wherever it is run: text in, text out, and no exception.

The text is JSON, so that nothing but words goes to another process or another computer.
"""

import json
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mtjlab.core.errors import BenchError
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.plan import Link, plan
from mtjlab.runner.run import Run
from mtjlab.runner.sweep_file import Point, Sweep
from mtjlab.store.json_text import to_json

STOP = b"stop"
LOOK_EVERY_S = 0.1

# The simulated vendor libraries of one process belong to one world at a time.
_one_at_a_time = threading.Lock()


def task_of(sweep: Sweep, point: Point, runs_dir: Path, session: str, command: str) -> str:
    """All that `run_point` needs, wherever it is."""
    return json.dumps(
        {
            "protocol": sweep.protocol,
            "bench": sweep.bench.source,
            "bench_toml": sweep.bench.text,
            "parameters": dict(point.parameters),
            "seed": point.seed,
            "runs_dir": str(runs_dir.resolve()),
            "session": session,
            "step": f"point {point.number}",
            "command": command,
        },
        default=str,
    )


def run_point(task: str, asked: Callable[[], bool] = lambda: False) -> str:
    """Run it on its twin, and tell what came of it.

    Args:
        task: of `task_of`.
        asked: whether the run shall end at its next step; looked at ten times a second.

    Returns:
        JSON: status, run_file, run_id, results, error ({class, message} or null), wall_time_s and
        bench_time_s.
    """
    with _one_at_a_time:
        try:
            outcome = _run(json.loads(task), asked)
        except Exception as error:
            outcome = Outcome(error=error)
    return told(outcome)


def told(outcome: Outcome) -> str:
    """As `run_point` tells it."""
    error = outcome.error
    found = {
        "status": outcome.status,
        "run_file": str(outcome.run_file) if outcome.run_file else None,
        "run_id": outcome.run_id or None,
        "results": outcome.results,
        "error": {"class": type(error).__name__, "message": str(error)} if error else None,
        "wall_time_s": outcome.wall_time_s,
        "bench_time_s": outcome.bench_time_s,
    }
    return to_json(found, what="results")


def serve_points(connection: Connection) -> None:
    """A worker: takes tasks from the connection until its other end is closed."""
    # Ctrl-C at a terminal reaches every process of it; the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def asked() -> bool:
        # At the end of the connection there is something to receive, too: nobody is left.
        return connection.poll()

    while True:
        try:
            task = connection.recv_bytes()
            if task == STOP:
                continue
            connection.send_bytes(run_point(task.decode(), asked).encode())
        except (EOFError, OSError):
            return


def _run(task: dict[str, Any], asked: Callable[[], bool]) -> Outcome:
    planned = plan(
        task["protocol"],
        task["bench"],
        parameters=task["parameters"],
        seed=task["seed"],
        runs_dir=Path(task["runs_dir"]),
        command=task["command"],
        link=Link(task["session"], task["step"]),
        bench_toml=task["bench_toml"],
    )
    if planned.loaded.file.twin is None:
        raise BenchError("a sweep runs on a twin only; nothing was opened")
    execution = Run(planned)
    execution.start()
    while not execution.wait(LOOK_EVERY_S):
        if asked():
            execution.stop()
            execution.wait()
            break
    return execution.outcome
