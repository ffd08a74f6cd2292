"""All that is known of one run: told by its events, or read from its file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.events import (
    BenchSeen,
    Event,
    Rows,
    RunEnded,
    RunStarted,
    StateChanged,
    StepDone,
)
from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.stored_trace import StoredTrace
from mtjlab.gui.live.table import Table
from mtjlab.gui.live.trace import LiveTrace, Trace
from mtjlab.store import RunReader

# Raw samples come in this stream, with the other saying when.
TRACE, SEGMENTS = "trace", "segments"


class Collected:
    """One run. It is a listener of `Run`: called in the run's thread, read in the window's.

    Attributes:
        protocol, bench, twin, seed, run_id, run_file, parameters: as in the run file; empty
            before the run has an identity.
        tables: by stream, in the order declared.
        traces: streams of raw samples, which are no tables.
        state: as `StateChanged` says: running, paused, recovering, safe.
        status: running, finished, aborted, failed; died, of a file.
        error: in words, of a run that failed.
        results: of the protocol; empty before the end.
        done, total, values, bench_time_s: of the last step.
        energised, setpoints, readings, currents: where the outputs stand.
        proved_off: False after a run that could not prove that they are off.
        version: grows with every change.
    """

    def __init__(self, *, earlier: Path | None = None) -> None:
        """`earlier`: file of the run that this one goes on with, for the rows before."""
        self.protocol = self.bench = self.run_id = ""
        self.twin = True
        self.seed = 0
        self.run_file: Path | None = None
        self.parameters: Mapping[str, Any] = {}
        self.tables: dict[str, Table] = {}
        self.traces: dict[str, Trace] = {}
        self.state, self.status = "", "waiting"
        self.error: str | None = None
        self.results: Mapping[str, Any] = {}
        self.done, self.total = 0.0, 1.0
        self.values: Mapping[str, float | int | str | None] = {}
        self.bench_time_s = 0.0
        self.energised, self.proved_off = False, True
        self.setpoints: Mapping[str, float] = {}
        self.readings: Mapping[str, Reading] = {}
        self.currents: tuple[str, ...] = ()
        self.version = 0
        self._earlier = earlier
        self._live: LiveTrace | None = None

    def __call__(self, event: Event) -> None:
        """The next event."""
        match event:
            case Rows():
                self._rows(event.stream, event.index0, event.rows)
            case StepDone():
                self.done, self.total = event.done, event.total
                self.values, self.bench_time_s = event.values, event.bench_time_s
            case BenchSeen():
                self.energised = event.energised
                self.setpoints, self.readings = event.setpoints, event.readings
                self.currents = event.currents
            case StateChanged():
                self.state = event.state
            case RunStarted():
                self._started(event)
            case RunEnded():
                self.results, self.error, self.status = event.results, event.error, event.status
                self.energised, self.proved_off = False, event.proved_off
                if event.status == "finished":
                    self.done = self.total
            case _:
                return
        self.version += 1

    def _started(self, event: RunStarted) -> None:
        self.protocol, self.bench, self.twin = event.protocol, event.bench, event.twin
        self.seed, self.run_id, self.parameters = event.seed, event.run_id, event.parameters
        self.run_file = Path(event.run_file) if event.run_file else None
        self._declare(event.streams)
        if self._live is not None and self._earlier is not None:
            # Without a gap the trace goes on in a segment that was begun there.
            with RunReader.open(self._earlier) as run:
                self._live.segments(run.stream(SEGMENTS, 0, run.checkpoint_rows().get(SEGMENTS)))
        self.status = "running"

    def _declare(self, streams: tuple[Stream, ...]) -> None:
        names = {stream.name for stream in streams}
        for stream in streams:
            if stream.name == TRACE and SEGMENTS in names:
                self._live = self.traces[TRACE] = LiveTrace(stream)
            else:
                self.tables[stream.name] = Table(stream)

    def _rows(self, name: str, index0: int, rows: NDArray[Any]) -> None:
        if name == TRACE and self._live is not None:
            self._live.append(index0, rows)
            return
        table = self.tables.get(name)
        if table is None:
            return
        if index0 > 0 and not table.version and self._earlier is not None:
            with RunReader.open(self._earlier) as run:
                table.append(run.stream(name, 0, index0))
        table.append(rows)
        if name == SEGMENTS and self._live is not None:
            self._live.segments(rows)

    @classmethod
    def of_file(cls, path: Path) -> "Collected":
        """A run from its file, whatever state it is in. Raw samples stay in the file.

        Raises:
            StoreError: it cannot be read.
        """
        made = cls()
        with RunReader.open(path) as run:
            header = run.header
            made._started(
                RunStarted(
                    header.run_id,
                    header.protocol,
                    header.bench,
                    header.twin,
                    header.seed,
                    str(path),
                    tuple(run.streams.values()),
                    header.parameters,
                )
            )
            for name in made.tables:
                made._rows(name, 0, np.asarray(run.stream(name)))
            made._live = None
            if TRACE in made.traces:
                made.traces[TRACE] = StoredTrace(path, TRACE, SEGMENTS)
            made.status, made.error, made.results = run.status, run.error, run.results
            made.done, made.total, made.bench_time_s = run.done, run.total, run.bench_time_s
        made.version += 1
        return made
