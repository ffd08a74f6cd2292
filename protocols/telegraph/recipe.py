"""Traces of single junctions at constant bias, gapless for hours, straight to disk.

What is kept in memory does not grow with the trace: its beginning, which is analysed in detail,
and counts of all of it. Where samples are lost, or a run is gone on with on a real bench, the trace
goes on as a new segment, and `segments` says where.
"""

import math
from collections.abc import Generator
from contextlib import closing
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.interfaces import Samples
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.reading import channels, one_board
from protocols.telegraph.head import Head
from protocols.telegraph.parameters import TelegraphParameters
from protocols.telegraph.running import Running
from protocols.telegraph.segment import Segment
from protocols.telegraph.summary import KINDS, Summary
from protocols.telegraph.table import (
    COLUMNS,
    METHODS,
    VERDICTS,
    head_of,
    remarks,
    row_of,
)

USUAL_RATE_HZ = 200e3
# Of a piece that is read, committed and counted at once; more where a summary takes longer.
PIECE_S = 0.2


class TelegraphTraces:
    """`mtjlab run telegraph`."""

    parameters = TelegraphParameters

    def resolve(self, params: TelegraphParameters) -> TelegraphParameters:
        """Nothing depends on anything else but the board."""
        return params

    def twin_overrides(self, params: TelegraphParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: TelegraphParameters, rig: Rig) -> list[Stream]:
        """The trace, its segments and summaries, and a row for each junction at the end."""
        junctions = _junctions(rig, params)
        CommonBias(rig, junctions, params.bias_v)
        rate_hz = _rate_hz(rig, params, junctions)
        k = len(junctions)
        names = ",".join(f"r{j.cell.row}c{j.cell.column}" for j in junctions)
        every = f"every {si(_summary(params, rate_hz) / rate_hz, 's')}"
        return [
            Stream("trace", "f4", (k,), "V", names),
            Stream("segments", "f8", (4,), "", "first_sample,t0_s,interval_s,gap_s"),
            *(Stream(f"summary_{kind}", "f4", (k,), "V", f"{kind} {every}") for kind in KINDS),
            Stream("junctions", "f8", (len(COLUMNS),), "", ",".join(COLUMNS)),
            Stream("verdicts", "f8", (len(VERDICTS),), "", ",".join(VERDICTS)),
            Stream("methods", "f8", (len(METHODS),), "", ",".join(METHODS)),
        ]

    def setup(self, rig: Rig, params: TelegraphParameters) -> None:
        """The bias configured, on, and at its level."""
        bias = CommonBias(rig, _junctions(rig, params), params.bias_v)
        bias.prepare()
        bias.set(1.0)
        bias.measure()

    def steps(
        self, rig: Rig, params: TelegraphParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """A piece of the stream for each step."""
        junctions = _junctions(rig, params)
        rate_hz = _rate_hz(rig, params, junctions)
        trace = _Trace(rig, params, junctions, rate_hz, state)
        if state is None:
            rig.emit_row("verdicts", np.arange(len(VERDICTS)))
            rig.emit_row("methods", np.arange(len(METHODS)))
        if not trace.finished:
            stream = rig.daqs[one_board(junctions)].stream(
                channels(junctions), rate_hz, trace.piece
            )
            # Closed at once, whoever leaves: the board goes on sampling until then.
            with closing(cast(Generator[Samples], stream)):
                for piece in stream:
                    finished = trace.take(piece)
                    yield trace.progress()
                    if finished:
                        break
        return trace.results()


def _junctions(rig: Rig, params: TelegraphParameters) -> tuple[SingleJunction, ...]:
    junctions = wanted_singles(rig, params.cells, "telegraph")
    one_board(junctions)
    return junctions


def _rate_hz(rig: Rig, params: TelegraphParameters, junctions: tuple[SingleJunction, ...]) -> float:
    limit_hz = rig.daqs[one_board(junctions)].abilities.rate_limit_hz(len(junctions))
    if params.sample_rate_hz is None:
        return min(USUAL_RATE_HZ, limit_hz)
    if params.sample_rate_hz > limit_hz * (1.0 + 1e-9):
        raise ParameterError(
            f"sample_rate_hz = {si(params.sample_rate_hz, 'Hz')} with {len(junctions)} inputs: "
            f"this board reaches {si(limit_hz, 'Hz')} each. Use that, or fewer cells"
        )
    return params.sample_rate_hz


def _summary(params: TelegraphParameters, rate_hz: float) -> int:
    """Samples that one row of the summary is about."""
    return max(1, round(min(params.summary_s, params.duration_s) * rate_hz))


class _Trace:
    """The trace so far."""

    def __init__(
        self,
        rig: Rig,
        params: TelegraphParameters,
        junctions: tuple[SingleJunction, ...],
        rate_hz: float,
        state: State | None,
    ) -> None:
        self._rig, self._params, self._junctions = rig, params, junctions
        k = len(junctions)
        per_row = _summary(params, rate_hz)
        self.piece = per_row * max(1, round(PIECE_S * rate_hz / per_row))
        self.total = max(2, round(params.duration_s * rate_hz))
        head = min(self.total, max(10, round(params.analyse_s * rate_hz)))
        self._head = Head(head, self.piece, state, k)
        if state is None:
            self.samples = 0
            self.segment: Segment | None = None
            self.running = Running.empty(k)
            self.heads = np.empty((0, 0))
        else:
            self.samples = int(np.asarray(state["samples"]))
            self.segment = Segment.restored(state)
            self.running = Running.restored(state)
            self.heads = np.array(state["heads"])
        self.summary = Summary(rig, per_row, self.running, state, k)
        self._begun = False
        self._nominal_s = 1.0 / rate_hz

    @property
    def finished(self) -> bool:
        """Nothing is missing."""
        return self.samples >= self.total

    def take(self, piece: Samples) -> bool:
        """The next piece of the stream; whether it was the last one."""
        if not self._begun:
            self._begin(piece)
        assert self.segment is not None
        self.segment.measure(piece, self._nominal_s)
        values_v = piece.samples_v[: self.total - self.samples]
        self._rig.emit("trace", values_v)
        self.samples += len(values_v)
        self.segment.samples += len(values_v)
        if not len(self.heads):
            self._look_closely(values_v)
        self._rig.busy(1.0)
        self.running.add(values_v)
        self._rig.busy(1.0)
        self.summary.add(values_v, last=self.finished)
        return self.finished

    def _begin(self, piece: Samples) -> None:
        """The first piece since this stream was started: the same segment, or a new one."""
        self._begun = True
        before = self.segment
        if before is not None and piece.index0 > 0 and piece.index0 == before.samples:
            # A restored twin has gone on sampling: nothing is missing.
            before.restart(piece)
            return
        gap_s = math.nan if before is None else before.gap_s(piece)
        self.running.gap()
        self.segment = Segment(piece.t0_s, 0, self._nominal_s)
        self.segment.restart(piece)
        first = 0 if before is None else 1 + before.number
        self.segment.number = first
        self._rig.emit_row("segments", (self.samples, piece.t0_s, self._nominal_s, gap_s))
        if before is not None:
            self._rig.notice(
                "warning",
                f"the trace goes on as segment {first} at sample {self.samples}; missing are "
                + (si(gap_s, "s") if math.isfinite(gap_s) else "as many as the pause was long"),
            )

    def _look_closely(self, values_v: NDArray[np.float64]) -> None:
        """Collect the beginning; analyse it once it is there, or once it is interrupted."""
        self._head.add(values_v)
        if not self._head.whole and not self.finished:
            return
        head_v = self._head.values_v
        assert self.segment is not None
        heads = []
        for index, junction in enumerate(self._junctions):
            wire = junction.read
            # Outputs are on meanwhile, and all of them together take seconds.
            report = self._rig.compute(
                analyse_trace,
                np.ascontiguousarray(head_v[:, index]),
                self.segment.interval_s,
                resolution_v=0.0 if wire is None else 2.0 * wire.range_v / 2**16,
            )
            heads.append(head_of(report))
        self.heads = np.array(heads)
        self._head.forget()

    def progress(self) -> Progress:
        """All that is needed to go on from here."""
        assert self.segment is not None
        state = {
            "samples": self.samples,
            "heads": self.heads,
            **self.segment.state(),
            **self.running.state(),
            **self.summary.state(),
        }
        flips = int(self.running.pairs[:, 0, 1].sum() + self.running.pairs[:, 1, 0].sum())
        copied = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in state.items()}
        copied["head"] = self._head.values_v
        values = {"samples": self.samples, "transitions": flips}
        return Progress(copied, self.samples, self.total, values)

    def results(self) -> Results:
        """Rows of the junctions, and the account of the trace."""
        assert self.segment is not None
        interval_s = self.segment.interval_s
        cells = [junction.cell for junction in self._junctions]
        rows = np.array(
            [
                row_of(cell, self.heads[index], self.running, index, interval_s)
                for index, cell in enumerate(cells)
            ]
        )
        self._rig.emit("junctions", rows)
        notes = [
            words
            for index, cell in enumerate(cells)
            for words in remarks(cell, rows[index], self.running, index, interval_s)
        ]
        gaps = self.segment.number
        if gaps:
            notes.append(f"{gaps} gaps in the trace, see the stream `segments`")
        tau_c_s = rows[:, COLUMNS.index("tau_c_s")]
        known = tau_c_s[np.isfinite(tau_c_s)]
        return {
            "samples": self.samples,
            "junctions": len(cells),
            "sample_rate_hz": float(f"{1.0 / interval_s:.12g}"),
            "trace_interval_s": interval_s,
            "gaps": gaps,
            "transitions": int(rows[:, COLUMNS.index("transitions")].sum()),
            "slowest_tau_c_s": float(known.max()) if len(known) else None,
            "counts": {name: int((rows[:, 2] == code).sum()) for code, name in enumerate(VERDICTS)},
            "notes": notes,
        }
