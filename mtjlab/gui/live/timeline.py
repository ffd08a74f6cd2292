"""Where the samples of a trace are in time: segments without a gap, and the gaps between them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a gap of unknown length is drawn as; the clock of a resumed run has begun anew.
UNKNOWN_GAP_S = 1.0


@dataclass(frozen=True)
class Piece:
    """Samples that follow each other.

    Attributes:
        first, last: absolute indices.
        at_s: time of the first one since the trace began.
        interval_s: between samples.
    """

    first: int
    last: int
    at_s: float
    interval_s: float

    @property
    def end_s(self) -> float:
        """When the sample after the last one would be."""
        return self.at_s + (self.last - self.first) * self.interval_s

    def time_s(self, index: float) -> float:
        """Of a sample."""
        return self.at_s + (index - self.first) * self.interval_s

    def cut(self, from_s: float, to_s: float) -> "Piece | None":
        """The part between two times; None if it has no sample there."""
        # Rounded, so that a time which was computed from a sample gives this sample back.
        first = self.first + math.ceil(round((from_s - self.at_s) / self.interval_s, 3))
        last = self.first + math.ceil(round((to_s - self.at_s) / self.interval_s, 3))
        first, last = max(first, self.first), min(last, self.last)
        return Piece(first, last, self.time_s(first), self.interval_s) if last > first else None


@dataclass(frozen=True)
class Gap:
    """Samples that were lost, or a pause: from its begin on, `length_s` long; None: not known."""

    at_s: float
    length_s: float | None

    @property
    def end_s(self) -> float:
        """Where the trace goes on, as it is drawn."""
        return self.at_s + (UNKNOWN_GAP_S if self.length_s is None else self.length_s)


class Timeline:
    """Pieces and gaps, in order."""

    def __init__(self, segments: NDArray[np.float64], begun: int, count: int) -> None:
        """From rows `first_sample, t0_s, interval_s, gap_s` and the samples `begun` .. `count`."""
        self.pieces: list[Piece] = []
        self.gaps: list[Gap] = []
        at_s = 0.0
        for index, (first_sample, _, interval_s, gap_s) in enumerate(segments.tolist()):
            first = max(begun, int(first_sample))
            ends = int(segments[index + 1, 0]) if index + 1 < len(segments) else count
            last = min(ends, count)
            if last < first or (last == first and self.pieces):
                continue
            if self.pieces:
                known = gap_s if math.isfinite(gap_s) and gap_s > 0.0 else None
                self.gaps.append(Gap(at_s, known))
                at_s = self.gaps[-1].end_s
            self.pieces.append(Piece(first, last, at_s, interval_s))
            at_s = self.pieces[-1].end_s

    @property
    def end_s(self) -> float:
        """When the newest sample ends; 0 without any."""
        return self.pieces[-1].end_s if self.pieces else 0.0

    @property
    def interval_s(self) -> float:
        """Between the newest samples; 0 without any."""
        return self.pieces[-1].interval_s if self.pieces else 0.0

    def within(self, from_s: float, to_s: float) -> list[Piece]:
        """What was sampled between two times."""
        cut = (piece.cut(from_s, to_s) for piece in self.pieces)
        return [piece for piece in cut if piece is not None]

    def gaps_within(self, from_s: float, to_s: float) -> list[Gap]:
        """Those that a window shows some of."""
        return [gap for gap in self.gaps if gap.at_s <= to_s and gap.end_s >= from_s]
