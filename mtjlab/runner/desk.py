"""Whatever somebody at the bench may ask for: the bench between runs, the queue, and STOP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtjlab.runner.apart import RunApart, Spare
from mtjlab.runner.attended import Attended
from mtjlab.runner.queue import Collector, Queue


class Desk:
    """The bench belongs to a run while one is on, and to `bench` between runs.

    Runs have processes of their own: what happens here neither slows nor ends them but by asking.

    Attributes:
        queue: runs, one after the other.
        bench: instruments between runs.
    """

    def __init__(
        self,
        runs_dir: Path,
        listener: Callable[[Any], None],
        collector: Collector = lambda _item: lambda _event: None,
    ) -> None:
        """Opens nothing.

        Args:
            runs_dir: where run files go.
            listener: told `QueueChanged`, `BenchState` and `BenchChecked` in worker threads;
                must not block.
            collector: makes the listener of an item's run.
        """
        self.bench = Attended(listener)
        self._spare = spare = Spare()
        self.queue = Queue(
            runs_dir,
            listener,
            collector,
            before=self._lend,
            after=self._return,
            make=lambda order, listeners: RunApart(order, listeners, spare),
        )

    def _lend(self) -> None:
        self.bench.release()

    def _return(self) -> None:
        self.bench.take_back()

    def stop(self) -> None:
        """STOP: the run ends at once, the queue holds, every output to 0 V and off.

        Returns at once; from any thread, at any time, as often as wanted.
        """
        self.queue.halt("stopped by the user")
        if self.bench.state.connected:
            self.bench.abort()
            self.bench.safe()

    @property
    def unsafe(self) -> list[str]:
        """Why the bench could not be proved safe, of each run that ended so."""
        return [
            str(item.outcome.error)
            for item in self.queue.items()
            if item.outcome is not None and not item.outcome.proved_off
        ]

    def close(self, timeout_s: float | None = None) -> bool:
        """STOP, then wait until everything is safe and closed; False if that takes longer."""
        self.stop()
        ended = self.queue.close(timeout_s)
        self._spare.close()
        return self.bench.close(timeout_s) and ended
