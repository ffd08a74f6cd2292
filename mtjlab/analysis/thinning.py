"""Long series for the eye: as few points as look the same, and a mean that runs along."""

import numpy as np
from numpy.typing import NDArray

# Of values under one coarse pair of extremes.
_STRETCH = 64


def extremes(
    values: NDArray[np.float64], most: int = 4000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions and values of a line that looks the same with at most `most` points.

    Keeps the smallest and the largest value of each stretch, so that no spike is lost.
    """
    stretch = -(-2 * len(values) // most)
    if stretch <= 2:
        return np.arange(len(values), dtype=np.float64), values
    whole = len(values) // stretch * stretch
    line = _pairs(values[:whole], stretch)
    starts = np.arange(0, whole, stretch, dtype=np.float64)
    at = np.column_stack([starts, starts + stretch / 2])
    tail = values[whole:]
    return (
        np.concatenate([at.ravel(), np.arange(whole, len(values), dtype=np.float64)]),
        np.concatenate([line.ravel(), tail]),
    )


def _pairs(values: NDArray[np.float64], stretch: int) -> NDArray[np.float64]:
    """Smallest and largest value of each stretch, (n, 2).

    A stretch of nothing but NaN stays NaN: a gap in the line, as it should be.
    """
    blocks = values.reshape(-1, stretch)
    known = np.isfinite(blocks)
    if known.all():
        return np.column_stack([blocks.min(axis=1), blocks.max(axis=1)])
    low = np.where(known, blocks, np.inf).min(axis=1)
    high = np.where(known, blocks, -np.inf).max(axis=1)
    line = np.column_stack([low, high])
    line[~known.any(axis=1)] = np.nan
    return line


def running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Mean of the last `window` values (fewer at the beginning), leaving out what is not finite."""
    history = History()
    history.append(np.arange(len(values), dtype=np.float64), values)
    return history.mean(np.arange(len(values)), window)


class History:
    """A series that grows: cheap to extend, cheap to draw between any two places.

    `x` must not fall. What a drawing costs does not depend on how long the series is.
    """

    def __init__(self) -> None:
        self._x = np.empty(0)
        self._y = np.empty(0)
        self._sums = np.zeros(1)
        self._counts = np.zeros(1)
        self._coarse = np.empty((0, 2))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> NDArray[np.float64]:
        """(n,), a view."""
        return self._x[: self._count]

    @property
    def y(self) -> NDArray[np.float64]:
        """(n,), a view."""
        return self._y[: self._count]

    def append(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """The next points, (k,) each."""
        first, last = self._count, self._count + len(x)
        if last > len(self._x):
            room = max(1024, 2 * last)
            self._x, self._y = _roomier(self._x, room), _roomier(self._y, room)
            self._sums = _roomier(self._sums, room + 1)
            self._counts = _roomier(self._counts, room + 1)
            self._coarse = _roomier(self._coarse, room // _STRETCH + 1)
        self._x[first:last], self._y[first:last] = x, y
        known = np.isfinite(y)
        self._sums[first + 1 : last + 1] = self._sums[first] + np.cumsum(np.where(known, y, 0.0))
        self._counts[first + 1 : last + 1] = self._counts[first] + np.cumsum(known)
        whole, end = first // _STRETCH, last // _STRETCH
        if end > whole:
            blocks = self._y[whole * _STRETCH : end * _STRETCH]
            self._coarse[whole:end] = _pairs(blocks, _STRETCH)
        self._count = last

    def span(self, low: float, high: float) -> tuple[int, int]:
        """First and last index that a drawing from x = `low` to x = `high` needs."""
        first = int(np.searchsorted(self.x, low, "left")) - 1
        last = int(np.searchsorted(self.x, high, "right")) + 1
        return max(0, first), min(self._count, max(last, 0))

    def line(
        self, first: int, last: int, most: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places and values of a line that looks the same with about `most` points.

        No spike is lost.
        """
        if last - first <= _STRETCH * most:
            at, line = extremes(self._y[first:last], most)
            return self._x[first:last][at.astype(np.int64)], line
        begin, end = first // _STRETCH, last // _STRETCH
        group = -(-2 * (end - begin) // most)
        end = begin + (end - begin) // group * group
        coarse = self._coarse[begin:end]
        low = np.fmin.reduce(coarse[:, 0].reshape(-1, group), axis=1)
        high = np.fmax.reduce(coarse[:, 1].reshape(-1, group), axis=1)
        starts = np.arange(begin, end, group) * _STRETCH
        places = np.column_stack([starts, starts + group * _STRETCH // 2]).ravel()
        line = np.column_stack([low, high]).ravel()
        # The last point is that of the line, however the stretches lie.
        places, line = np.append(places, last - 1), np.append(line, self._y[last - 1])
        return self._x[places], line

    def mean(self, at: NDArray[np.int64], window: int) -> NDArray[np.float64]:
        """Of the last `window` values up to each index in `at` (fewer at the beginning)."""
        ends = np.asarray(at) + 1
        begins = np.maximum(ends - window, 0)
        counts = self._counts[ends] - self._counts[begins]
        sums = self._sums[ends] - self._sums[begins]
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _roomier(values: NDArray[np.float64], room: int) -> NDArray[np.float64]:
    grown = np.zeros((room, *values.shape[1:]))
    grown[: len(values)] = values
    return grown
