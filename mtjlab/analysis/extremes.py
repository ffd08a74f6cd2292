"""Smallest and largest samples of any stretch of a trace that never ends, in constant memory.

A pyramid of bins, each level a ring of as many: the finest has single samples and reaches back
seconds, the coarsest hours. What a stretch costs to read does not depend on its length, and
no sample is ever lost from the extremes, however coarse the bins.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.extremes_kernels import add_samples, bin_samples, fill_columns

FACTOR = 4
BINS = 1 << 15
NEWEST = 1 << 19
LEVELS = 10
# Samples that are put in at once: a reader waits no longer for it than some 0.1 ms.
PIECE = 8192
# A column is made of as many bins of a level or more, so that its width can be chosen finely.
_BINS_PER_COLUMN = 4


@dataclass(frozen=True)
class Band:
    """Extremes of successive columns.

    Attributes:
        first: absolute index of the first sample of the first column, a multiple of `width`.
        width: samples in a column.
        extremes: (k, columns, 2), smallest and largest of each; nan where there is no sample.
        bin: samples that are known no more finely than together.
    """

    first: int
    width: int
    extremes: NDArray[np.float32]
    bin: int


@dataclass(frozen=True)
class Bins:
    """Bins of one width that are kept.

    Attributes:
        low, high: (size, k), a ring: bin b is at (b - base) % size.
        base: see there.
        kept, end: the oldest bin, and the one after the newest.
        width: samples in a bin.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    base: int
    kept: int
    end: int
    width: int

    def columns(self, first: int, last: int, wanted: int, chosen: NDArray[np.int64]) -> Band:
        """About `wanted` columns over samples `first` .. `last`, more rather than fewer."""
        per_column = max(1, (last - first) // (wanted * self.width))
        width = per_column * self.width
        begin = first // width
        found = np.empty((len(chosen), max(0, -(-last // width) - begin), 2), dtype=np.float32)
        fill_columns(
            self.low,
            self.high,
            self.base,
            self.kept,
            self.end,
            begin * per_column,
            per_column,
            chosen,
            found,
        )
        return Band(begin * width, width, found, self.width)


class Extremes:
    """Of k channels. One thread at a time; a lock is the caller's.

    Attributes:
        count: samples so far, those before `begun` among them.
        begun: absolute index of the first one that was seen.
    """

    def __init__(
        self, k: int, *, newest: int = NEWEST, bins: int = BINS, levels: int = LEVELS
    ) -> None:
        """`newest` single samples and `levels` rings of `bins` bins are kept."""
        self.count = self.begun = 0
        self._piece = min(PIECE, newest, bins * FACTOR // 2)
        # Written to at once: memory is taken here, and none later.
        self._newest = np.full((newest, k), np.nan, dtype=np.float32)
        self._low = np.full((levels, bins, k), np.inf, dtype=np.float32)
        self._high = np.full((levels, bins, k), -np.inf, dtype=np.float32)

    def begin(self, index: int) -> None:
        """The next sample is this one, whatever came before is let go."""
        self._low.fill(np.inf)
        self._high.fill(-np.inf)
        self.count = self.begun = index

    def pieces(self, rows: NDArray[Any]) -> list[NDArray[np.float32]]:
        """(n, k) samples as what `add` takes at once."""
        return [
            np.array(rows[start : start + self._piece], dtype=np.float32, order="C")
            for start in range(0, len(rows), self._piece)
        ]

    def add(self, piece: NDArray[np.float32]) -> None:
        """The next samples; one of `pieces`."""
        add_samples(piece, self.count, self._newest, self._low, self._high, FACTOR)
        self.count += len(piece)

    def window(
        self, first: int, last: int, columns: int, chosen: NDArray[np.int64] | None = None
    ) -> Band:
        """Extremes of about `columns` columns over samples `first` .. `last`.

        Columns begin at multiples of their width, so that they hold the same samples while a
        window rolls; for that they are up to a quarter narrower than asked for, or a half where
        they have few samples. Where only coarser bins reach back so far, columns are as wide as
        these.

        Args:
            first: absolute; may lie before what there is, whose columns are nan.
            last: the sample after the last one; likewise.
            columns: >= 1; of a picture, pixels.
            chosen: of the k channels; None: all.
        """
        if chosen is None:
            chosen = np.arange(self._low.shape[2])
        return self._level(first, last, columns).columns(first, last, columns, chosen)

    def samples(self, first: int, last: int) -> NDArray[np.float32]:
        """Those of `first` .. `last` that are kept, (n, k), a copy; the last one is never cut."""
        size = len(self._newest)
        first = max(first, self.begun, self.count - size)
        last = min(last, self.count)
        begin = first % size
        n = max(0, last - first)
        return np.concatenate(
            [self._newest[begin : min(begin + n, size)], self._newest[: max(0, begin + n - size)]]
        )

    @property
    def oldest_sample(self) -> int:
        """The first one of which more than extremes are kept."""
        return max(self.begun, self.count - len(self._newest))

    def _level(self, first: int, last: int, columns: int) -> Bins:
        """The coarsest level that is fine enough and reaches back; else the finest that does."""
        wanted = (last - first) / columns
        at = self._bins(0)
        for level in range(1, 1 + len(self._low)):
            # The first column begins before the first sample asked for.
            begin = max(self.begun, int(first - wanted) - at.width)
            reaches = at.kept * at.width <= begin
            coarser = self._bins(level)
            if reaches and coarser.width * _BINS_PER_COLUMN > wanted:
                break
            at = coarser
        return at

    def _bins(self, level: int) -> Bins:
        if level == 0:
            return Bins(self._newest, self._newest, 0, self.oldest_sample, self.count, 1)
        width, size = FACTOR**level, self._low.shape[1]
        end = -(-self.count // width)
        kept = max(self.begun // width, end - size)
        return Bins(self._low[level - 1], self._high[level - 1], 0, kept, end, width)


class Stretch:
    """Bins of a stretch of a trace that is read piece by piece, such as from a file."""

    def __init__(self, first: int, last: int, k: int, width: int) -> None:
        """Over samples `first` .. `last` in bins of `width`, which are aligned."""
        self.first, self.last, self.width = first, last, width
        self._base = first // width
        size = max(1, -(-last // width) - self._base)
        self._low = np.full((size, k), np.inf, dtype=np.float32)
        self._high = np.full((size, k), -np.inf, dtype=np.float32)
        self.filled = first

    def add(self, rows: NDArray[Any]) -> None:
        """The next (n, k) samples."""
        begin = self.filled // self.width
        skip = self.filled - begin * self.width
        at = begin - self._base
        piece = np.array(rows, dtype=np.float32, order="C")
        bin_samples(piece, skip, self.width, self._low[at:], self._high[at:])
        self.filled += len(rows)

    @property
    def bins(self) -> Bins:
        """What has been read so far."""
        end = self._base + len(self._low)
        return Bins(self._low, self._high, self._base, self._base, end, self.width)
