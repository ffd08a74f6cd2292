"""The analysis of a stretch of one junction, for a view that shows it in four pictures."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.trace_report import TraceReport
from mtjlab.core.errors import MtjlabError
from mtjlab.core.units import si
from mtjlab.gui.live.timeline import Piece
from mtjlab.gui.live.trace import Trace

# Of the end of what is in sight: 1.3 s at 200 kS/s, read in a tenth of a second.
MOST_SAMPLES = 1 << 18
_FEWEST = 100
_BINS = 160


@dataclass(frozen=True)
class Analysed:
    """What came of it.

    Attributes:
        name: of the junction.
        words: conclusion and notes, or why there is no report.
        report: None: see `words`.
        edges_v, counts: histogram.
        density: (bins,), samples per bin that the fitted levels would have; empty without.
        span_s: length of what was analysed.
    """

    name: str
    words: str
    report: TraceReport | None
    edges_v: NDArray[np.float64]
    counts: NDArray[np.int64]
    density: NDArray[np.float64]
    span_s: float

    @property
    def flips_hz(self) -> float:
        """Transitions per second; 0 if not known."""
        return self.report.transitions / self.span_s if self.report and self.span_s > 0 else 0.0


def analysed(trace: Trace, channel: int, from_s: float, to_s: float) -> Analysed:
    """The newest stretch without a gap between two times. Takes a while; not for the window."""
    name = trace.names[channel]
    pieces = trace.timeline().within(from_s, to_s)
    if not pieces:
        return _nothing(name, "no sample in this window")
    last = pieces[-1]
    first = max(last.first, last.last - MOST_SAMPLES)
    piece = Piece(first, last.last, last.time_s(first), last.interval_s)
    try:
        values = trace.read(channel, piece)
    except MtjlabError as error:
        return _nothing(name, str(error))
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST:
        return _nothing(
            name,
            f"{len(values)} samples in this window are kept; an analysis needs {_FEWEST}: take a "
            "longer window, or a newer one",
        )
    try:
        report = analyse_trace(values, last.interval_s)
    except ValueError as error:
        return _nothing(name, str(error))
    counts, edges_v = np.histogram(values, bins=_BINS)
    words = "\n".join([report.conclusion, *(f"Note: {note}" for note in report.notes)])
    return Analysed(
        name,
        words,
        report,
        edges_v.astype(np.float64),
        counts,
        _density(report, edges_v.astype(np.float64), len(values)),
        len(values) * last.interval_s,
    )


def in_words(estimate: Estimate, unit: str) -> str:
    """As in `1.2 ms (1.1 ms .. 1.3 ms)`; or why not, and what bounds it."""

    def one(value: float, digits: int) -> str:
        # A prefix before a square would be squared with it.
        if not unit or "²" in unit:
            return f"{value:.{digits}g} {unit}".rstrip()
        return si(value, unit, digits)

    if estimate.known:
        return f"{one(estimate.value, 4)} ({one(estimate.low, 4)} .. {one(estimate.high, 4)})"
    bounds = [
        f"{word} {one(end, 3)}"
        for word, end in (("above", estimate.low), ("below", estimate.high))
        if math.isfinite(end) and end != 0.0
    ]
    return f"{', '.join(bounds) or 'not known'} ({estimate.reason})"


def _density(report: TraceReport, edges_v: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Two normal laws about the levels, or one."""
    low, high, sigma = report.low_v, report.high_v, report.sigma_v
    if not (low.known and sigma.known and sigma.value > 0.0):
        return np.empty(0)
    share = report.occupancy_high.value if high.known and report.occupancy_high.known else 0.0
    middle_v, width_v = 0.5 * (edges_v[1:] + edges_v[:-1]), float(edges_v[1] - edges_v[0])
    found = np.zeros(len(middle_v))
    for level, part in ((low, 1.0 - share), (high, share)):
        if part > 0.0:
            found += part * np.exp(-0.5 * ((middle_v - level.value) / sigma.value) ** 2)
    made: NDArray[np.float64] = n * width_v / (math.sqrt(2.0 * math.pi) * sigma.value) * found
    return made


def _nothing(name: str, words: str) -> Analysed:
    nothing = np.empty(0)
    return Analysed(name, words, None, nothing, np.empty(0, dtype=np.int64), nothing, 0.0)
