"""Runs a protocol: one worker thread, commits between steps, and always ends in the safe state.

`Run` opens the bench, owns its instruments in one thread, hands rows to the store at each yield and
tells listeners. Whatever happens to the protocol, the bench is made safe and read back before the
file is closed.
"""

import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import Aborted, InstrumentError, MtjlabError, NotSafeError, StoreError
from mtjlab.core.events import (
    Event,
    Notice,
    Rows,
    StateChanged,
    StepDone,
    frozen_rows,
)
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Progress, Results, Rig, Stream
from mtjlab.runner.booked import book
from mtjlab.runner.channels import Channels
from mtjlab.runner.checkpoints import Checkpoints
from mtjlab.runner.interruptible import interruptible
from mtjlab.runner.outcome import Outcome, words
from mtjlab.runner.pace import Pace
from mtjlab.runner.plan import Plan
from mtjlab.runner.recovery import Recovery, end_safely
from mtjlab.runner.seen import Seen
from mtjlab.store import RunWriter

# While a run is paused its outputs may be on, and the supervisor must hear of us.
RENEW_EVERY_S = 1.0


class Run:
    """One execution of a plan.

    `start()`, then `wait()`. From any thread: `stop()` ends at the next step, `abort()` at once,
    `pause()` and `resume()` at the next step. Listeners are called in the run's thread and must
    not block; give them a `Mailbox`.
    """

    def __init__(self, plan: Plan, listeners: Sequence[Callable[[Event], None]] = ()) -> None:
        self.plan = plan
        self.outcome = Outcome(run_id=uuid.uuid4().hex)
        self._listeners = list(listeners)
        self._stop = threading.Event()
        self._abort = threading.Event()
        self._ending = threading.Event()
        self._gate = threading.RLock()
        self._go = threading.Event()
        self._go.set()
        self._bench: OpenBench | None = None
        self._writer: RunWriter | None = None
        self._pending: list[tuple[str, NDArray[Any]]] = []
        self._declared: dict[str, Stream] = {}
        self._sent: dict[str, int] = {}
        self._checkpoints: Checkpoints | None = None
        self._progress: Progress | None = None
        self._begun = plan.begun
        self._seen: Seen | None = None
        self._pace = Pace(plan.pace)
        self._thread = threading.Thread(target=self._execute, name="mtjlab run")

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False if it has not come within `timeout_s` of wall time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End at the next step; what was measured until then is kept."""
        self._stop.set()
        self._pace.interrupt()
        self._go.set()

    def abort(self) -> None:
        """End at once: calls that wait are released, the step in progress is lost."""
        self._abort.set()
        self._pace.interrupt()
        self._go.set()
        bench = self._bench
        # Once the safe state is on its way nothing may interrupt it. Re-entrant: this also runs
        # in signal handlers.
        with self._gate:
            if bench is not None and not self._ending.is_set():
                bench.abort()

    def pause(self) -> None:
        """Hold at the next step, outputs as they are."""
        self._go.clear()
        self._pace.interrupt()

    def resume(self) -> None:
        """Go on."""
        self._go.set()

    def _execute(self) -> None:
        began_s = time.monotonic()
        outcome = self.outcome
        try:
            # One BLAS thread: with two, sums come out in another order and with other bits.
            with threadpool_limits(limits=1, user_api="blas"):
                self._open_and_run()
            outcome.status = "finished"
        except Aborted as error:
            outcome.status, outcome.error = "aborted", error
            if self._abort.is_set():
                outcome.error = Aborted("stopped at once by the user; its last step is lost")
                outcome.error.__cause__ = error
        except Exception as error:
            outcome.status, outcome.error = "failed", error
        except BaseException as error:
            # SystemExit and the like: a run that was left is not a run that finished.
            outcome.status = "failed"
            outcome.error = MtjlabError(f"the protocol was left by {error!r}")
            outcome.error.__cause__ = error
        with self._gate:
            self._ending.set()
        try:
            self._end_safely()
        except NotSafeError as error:
            outcome.status, outcome.error = "failed", error
        except BaseException as error:
            unsafe = NotSafeError(f"the safe state was not reached: {error!r}. Go to the rack")
            unsafe.__cause__ = error
            outcome.status, outcome.error = "failed", unsafe
        outcome.wall_time_s = time.monotonic() - began_s
        try:
            if self._bench is not None:
                self._bench.close()
            self._close_file()
        except BaseException as error:
            outcome.status, outcome.error = "failed", outcome.error or error
        finally:
            self._tell(outcome.told())

    def _open_and_run(self) -> None:
        plan = self.plan
        generators = Generators(plan.seed)
        self._bench = bench = OpenBench(
            plan.loaded,
            generators=generators,
            notice=self._notice,
            pretend=plan.runs_dir is None or plan.on_twin,
        )
        self._seen = Seen(bench.guard, self._tell)
        rig = interruptible(bench.rig(self._emit), self._abort)
        streams = plan.protocol.streams(plan.params, rig)
        self._declared = {stream.name: stream for stream in streams}
        self._channels = Channels(bench)
        streams = [*streams, *self._channels.streams()]
        if plan.runs_dir is not None:
            self._writer = RunWriter.create(
                plan.runs_dir, plan.header(self.outcome.run_id, twin=bench.twin), streams
            )
            self.outcome.run_file = self._writer.path
        run_id = self.outcome.run_id
        self._checkpoints = Checkpoints(self._writer, bench, self._channels, run_id)
        if plan.begun is not None:
            self._progress = plan.begun.progress
            self._sent = plan.begun.keep(self._writer, streams)
        self._tell(plan.started(self.outcome.run_id, self.outcome.run_file, rig, streams))
        self._tell(StateChanged("running"))
        self._go_on(rig)

    def _go_on(self, rig: Rig) -> None:
        """From the last finished step to the results, over instrument errors if they pass."""
        plan = self.plan
        assert self._bench is not None
        recovery = Recovery(self._bench, self._notice, self._abort)
        while True:
            state = self._progress.state if self._progress else None
            try:
                self._heed()
                plan.protocol.setup(rig, plan.params)
                if self._begun is not None:
                    self._begun.take_up(self._bench, self._channels)
                    self._begun = None
                # Closed here, so that a `finally` of the protocol runs before the safe state.
                with closing(plan.protocol.steps(rig, plan.params, state)) as steps:
                    self.outcome.results = self._drive(steps, rig, recovery)
                return
            except InstrumentError as error:
                self._pending.clear()
                self._tell(StateChanged("recovering"))
                self._recover(recovery, error)
                rig = interruptible(self._bench.rig(self._emit), self._abort)
                self._tell(StateChanged("running"))

    def _recover(self, recovery: Recovery, error: InstrumentError) -> None:
        """Go on with a bench that works again; wait for a person where that was asked for."""
        while True:
            try:
                recovery.after(error)
                return
            except InstrumentError as last:
                if self.plan.on_error != "pause":
                    raise
                error = last
                self._go.clear()
                self._notice("error", f"paused, safe: {last}. Mend it and resume, or stop the run")
                self._heed()
                recovery.progressed()

    def _drive(
        self, steps: Generator[Progress, None, Results], rig: Rig, recovery: Recovery
    ) -> Results:
        total = 1.0
        assert self._bench is not None
        assert self._checkpoints is not None
        self._pace.begin(self._bench.clock if self._bench.simulated else None)
        while True:
            self._heed()
            self._bench.guard.lease()
            try:
                progress = next(steps)
            except StopIteration as end:
                self._commit(total, total)
                return dict(end.value or {})
            total = progress.total
            self._commit(progress.done, progress.total)
            self._progress = progress
            recovery.progressed()
            if self._checkpoints.due:
                self._checkpoints.write(progress)
            self._tell(StepDone(progress.done, progress.total, progress.values, rig.clock.now_s()))
            self._pace.keep()

    def _heed(self) -> None:
        """Between steps: pause, stop, abort."""
        ending = self._stop.is_set() or self._abort.is_set()
        # What is gone on with has the checkpoint of its first run until it has been taken up.
        progress = self._progress if self._begun is None else None
        assert self._bench is not None
        assert self._checkpoints is not None
        if not self._go.is_set() and not ending:
            self._checkpoints.write(progress)
            self._tell(StateChanged("paused"))
            while not self._go.wait(RENEW_EVERY_S):
                self._bench.guard.lease()
            self._tell(StateChanged("running"))
        if self._stop.is_set() or self._abort.is_set():
            self._checkpoints.hold(progress)
            raise Aborted("stopped by the user; the steps until then are in the run file")

    def _emit(self, stream: str, rows: NDArray[Any]) -> None:
        declared = self._declared.get(stream)
        if declared is None or rows.shape[1:] != declared.shape:
            raise StoreError(
                f"the protocol emitted rows of shape {rows.shape} for {stream!r}; declared: "
                f"{declared if declared else sorted(self._declared)}"
            )
        self._pending.append((stream, np.array(rows, dtype=declared.dtype)))

    def _commit(self, done: float, total: float) -> None:
        rows, self._pending = [*self._pending, *self._channels.rows()], []
        assert self._bench is not None
        if self._writer is not None:
            for stream, block in rows:
                self._writer.append(stream, block)
            self._writer.commit(done=done, total=total, bench_time_s=self._bench.clock.now_s())
        for stream, block in rows:
            index = self._sent.get(stream, 0)
            self._sent[stream] = index + len(block)
            self._tell(Rows(stream, index, frozen_rows(block)))
        if self._seen is not None:
            self._seen.look()

    def _end_safely(self) -> None:
        bench = self._bench
        if bench is None:
            return
        try:
            if bench.found_on and not bench.guard.energised:
                # Somebody else's output, and nothing of ours: it is not for us to switch it off.
                self._notice("warning", f"{', '.join(bench.found_on)}: still on, as it was found")
                return
            end_safely(bench, self._notice)
            self._tell(StateChanged("safe"))
        finally:
            if bench.raw.used:
                self.outcome.results["unguarded"] = sorted(bench.raw.used)
            self.outcome.bench_time_s = bench.clock.now_s()
            book(bench, self.outcome.run_id, self._notice)

    def _close_file(self) -> None:
        writer, outcome = self._writer, self.outcome
        if writer is None:
            return
        energised = self._bench is not None and self._bench.guard.energised
        kept = self._progress is not None or isinstance(outcome.error, NotSafeError)
        if outcome.status == "failed" and not energised and not kept:
            writer.discard()
            outcome.run_file = None
            return
        try:
            if self._checkpoints is not None:
                self._checkpoints.write_held()
        except StoreError as error:
            # Somebody has to go to the rack all the same.
            if outcome.proved_off:
                outcome.status, outcome.error = "failed", error
        try:
            writer.finish(
                outcome.status,
                error=words(outcome.error),
                results=outcome.results,
                bench_time_s=outcome.bench_time_s,
                wall_time_s=outcome.wall_time_s,
            )
        except StoreError as error:
            if outcome.error is None or isinstance(outcome.error, Aborted):
                outcome.status, outcome.error = "failed", error

    def _notice(self, level: str, text: str) -> None:
        if self._writer is not None:
            now_s = self._bench.clock.now_s() if self._bench else 0.0
            self._writer.log(level, text, now_s)
        self._tell(Notice(level, text))

    def _tell(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:
                # Whoever watches must not be able to stop the safe state.
                if listener in self._listeners:
                    self._listeners.remove(listener)
                self._notice("error", f"a listener failed and is not told any more: {error!r}")
