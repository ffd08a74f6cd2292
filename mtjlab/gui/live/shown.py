"""What a window of time shows of a trace: columns of extremes, or every sample where these fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.gui.live.trace import Trace

# So many samples to a column are drawn as they are, each a step.
_SINGLE = 1.0
# Of a channel's range, in one column: what happens there can only be guessed.
_MOST = 0.7


@dataclass(frozen=True)
class Shown:
    """Of c channels.

    Attributes:
        time_s: (m,), when each column begins, since the trace began.
        low, high: (c, m), extremes; the same where a column is a single sample.
        width_s: of a column.
        known_s: what is known no more finely than together.
        wanted_s: a column's share of the window.
        joins: columns that a gap precedes.
    """

    time_s: NDArray[np.float64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    width_s: float
    known_s: float
    wanted_s: float
    joins: tuple[int, ...] = ()
    single: bool = False

    @property
    def coarse(self) -> bool:
        """Less is known than could be seen: until it has been read, or no longer."""
        return not self.single and self.known_s > 1.5 * self.wanted_s

    @property
    def end_s(self) -> float:
        """Of the last column."""
        return float(self.time_s[-1]) + self.width_s if len(self.time_s) else 0.0

    @property
    def narrow(self) -> bool:
        """No column is wider than a pixel."""
        return self.width_s < 1.001 * self.wanted_s

    @property
    def filled(self) -> float:
        """Share of columns that reach over most of what their channel shows; 0 of none."""
        if self.single or not self.low.size:
            return 0.0
        high, low = np.nan_to_num(self.high, nan=-np.inf), np.nan_to_num(self.low, nan=np.inf)
        span = (high.max(axis=1) - low.min(axis=1))[:, np.newaxis]
        return float(np.mean((high - low > _MOST * span) & (span > 0)))

    def joined(self, channel: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end of a bar for each column, nan where it has no number.

        Bars touch where no gap is between them: a line through the samples would go there.
        """
        low = self.low[channel].astype(np.float64)
        high = self.high[channel].astype(np.float64)
        before_low, before_high = np.roll(low, 1), np.roll(high, 1)
        alone = ~np.isfinite(before_low + before_high)
        alone[[0, *self.joins] if len(low) else []] = True
        return (
            np.where(alone, low, np.minimum(low, before_high)),
            np.where(alone, high, np.maximum(high, before_low)),
        )

    def points(
        self, channel: int, origin_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A line through all of it: two points a column, nan where it is broken by a gap."""
        left = self.time_s - origin_s
        x = np.repeat(left, 2)
        y = np.empty(2 * len(left), dtype=np.float64)
        low, high = self.low[channel], self.high[channel]
        if self.single:
            y[::2] = y[1::2] = low
            x[1::2] += self.width_s
        else:
            # Up in one column and down in the next: half as long a line, which is what takes time.
            # Columns wider than a pixel are joined by slopes instead, or paper would show.
            down = (np.rint(self.time_s / self.width_s).astype(np.int64) & 1) == self.narrow
            down &= self.narrow
            y[::2], y[1::2] = np.where(down, high, low), np.where(down, low, high)
            x += 0.5 * self.width_s
        if self.joins:
            at = 2 * np.array(self.joins)
            x, y = np.insert(x, at, x[at]), np.insert(y, at, np.nan)
        return x, y

    def limits(self, channel: int) -> tuple[float, float] | None:
        """Smallest and largest; None without a number."""
        if not len(self.time_s):
            return None
        return float(self.low[channel].min()), float(self.high[channel].max())


def shown_of(
    trace: Trace, from_s: float, to_s: float, columns: int, chosen: NDArray[np.int64]
) -> Shown:
    """The window in about so many columns, pixels as a rule."""
    parts: list[tuple[NDArray[Any], NDArray[np.float32], NDArray[np.float32]]] = []
    interval_s = trace.timeline().interval_s
    single = interval_s > 0.0 and (to_s - from_s) / interval_s <= _SINGLE * columns
    width_s = known_s = interval_s
    wanted_s = max(interval_s, (to_s - from_s) / columns)
    for piece in trace.timeline().within(from_s, to_s):
        share = (piece.end_s - piece.at_s) / (to_s - from_s)
        rows = trace.samples(piece, chosen) if single else None
        if rows is not None:
            time_s = piece.at_s + piece.interval_s * np.arange(len(rows))
            values = np.ascontiguousarray(rows.T)
            parts.append((time_s, values, values))
            continue
        single = False
        band = trace.window(piece, max(1, round(columns * share)), chosen)
        first_s = piece.time_s(band.first)
        width_s = band.width * piece.interval_s
        known_s = max(known_s, band.bin * piece.interval_s)
        time_s = first_s + width_s * np.arange(band.extremes.shape[1])
        # A column has samples in all channels or in none, but for readings that are no number.
        some = np.isfinite(band.extremes[:, :, 0]).any(axis=0)
        low, high = (np.ascontiguousarray(band.extremes[:, some, i]) for i in (0, 1))
        parts.append((time_s[some], low, high))
    if not parts:
        nothing = np.empty((len(chosen), 0), dtype=np.float32)
        return Shown(np.empty(0), nothing, nothing, width_s, known_s, wanted_s)
    joins = np.cumsum([len(part[0]) for part in parts])[:-1]
    return Shown(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts], axis=1),
        np.concatenate([part[2] for part in parts], axis=1),
        width_s,
        known_s,
        wanted_s,
        tuple(int(at) for at in joins),
        single,
    )
