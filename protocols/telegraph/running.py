"""What is counted while a trace goes by: pairs, sums, parts. Its size does not grow."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from mtjlab.analysis.chain import pair_counts
from mtjlab.analysis.levels import levels
from mtjlab.core.protocol import State, StateValue

# Of equal length; when all are full, two and two become one.
PARTS = 64
_FEWEST_PARTS = 8
# In a part, so that its share of time at a level is nearly normal.
_LEAST_INDEPENDENT = 20.0


@dataclass
class Running:
    """Of k junctions.

    Attributes:
        threshold_v: (k,), between the levels; nan until two have been seen.
        pairs: (k, 2, 2), how often level i was followed by level j.
        sums: (k, 2, 2), per level: samples, and their sum, V.
        all: (k, 3), samples, sum and sum of squares of all, V, V^2.
        last: (k,), the level of the last sample: 0, 1, or -1 where the next does not follow it.
        parts: (k, PARTS, 2), samples of each part, and those at the upper level.
        per_part, in_part, filled: blocks that make a part, that the current one has; full parts.
    """

    threshold_v: NDArray[np.float64]
    pairs: NDArray[np.float64]
    sums: NDArray[np.float64]
    all: NDArray[np.float64]
    last: NDArray[np.int64]
    parts: NDArray[np.float64]
    per_part: int = 1
    in_part: int = 0
    filled: int = 0

    @classmethod
    def empty(cls, k: int) -> Self:
        """Before the first sample."""
        return cls(
            np.full(k, np.nan),
            np.zeros((k, 2, 2)),
            np.zeros((k, 2, 2)),
            np.zeros((k, 3)),
            np.full(k, -1),
            np.zeros((k, PARTS, 2)),
        )

    def add(self, block_v: NDArray[np.float64]) -> None:
        """The next (n, k) samples."""
        for index in range(block_v.shape[1]):
            self._add_one(index, np.ascontiguousarray(block_v[:, index]))
        self.in_part += 1
        if self.in_part == self.per_part:
            self.in_part = 0
            self.filled += 1
        if self.filled == PARTS:
            self.parts[:, : PARTS // 2] = self.parts[:, ::2] + self.parts[:, 1::2]
            self.parts[:, PARTS // 2 :] = 0.0
            self.per_part *= 2
            self.filled = PARTS // 2

    def gap(self) -> None:
        """The next sample does not follow the last one."""
        self.last[:] = -1

    def levels_of(self, piece_v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means at both levels of (n, k) samples: (2, k); nan where a level was not visited."""
        found = np.full((2, piece_v.shape[1]), np.nan)
        for index, threshold_v in enumerate(self.threshold_v):
            values = piece_v[:, index]
            high = values > threshold_v
            for level, chosen in enumerate((~high, high)):
                if chosen.any() and np.isfinite(threshold_v):
                    found[level, index] = values[chosen].mean()
        return found

    def occupancy_drift_p(self, index: int, memory: float) -> float | None:
        """Chance of such scatter of the parts' occupancy without drift; None: too few parts."""
        counted = self.parts[index, : self.filled]
        n, high = counted[counted[:, 0] > 0].T
        if len(n) < _FEWEST_PARTS or not 0.0 < high.sum() < n.sum():
            return None
        if n.min() < _LEAST_INDEPENDENT * memory:
            return None
        share = high.sum() / n.sum()
        variance = share * (1.0 - share) * memory / n
        return float(chdtrc(len(n) - 1, float(((high / n - share) ** 2 / variance).sum())))

    def state(self) -> dict[str, StateValue]:
        """Flat; `restored` makes the same again."""
        return {f"running_{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def restored(cls, state: State) -> Self:
        """From `state()`."""
        found: dict[str, Any] = {
            field.name: np.array(state[f"running_{field.name}"]) for field in fields(cls)
        }
        for name in ("per_part", "in_part", "filled"):
            found[name] = int(found[name])
        return cls(**found)

    def _add_one(self, index: int, values: NDArray[np.float64]) -> None:
        if not np.isfinite(self.threshold_v[index]):
            self._look_for_levels(index, values)
        self.all[index] += len(values), values.sum(), values @ values
        threshold_v = self.threshold_v[index]
        if not np.isfinite(threshold_v):
            return
        high = values > threshold_v
        if self.last[index] >= 0:
            self.pairs[index, self.last[index], int(high[0])] += 1
        self.pairs[index] += pair_counts(high)
        n_high, sum_high = int(high.sum()), float(values @ high)
        self.sums[index] += (
            (len(values) - n_high, float(values.sum()) - sum_high),
            (n_high, sum_high),
        )
        self.last[index] = int(high[-1])
        self.parts[index, self.filled] += len(values), n_high

    def _look_for_levels(self, index: int, values: NDArray[np.float64]) -> None:
        found = levels(values)
        if not found.separated:
            return
        self.threshold_v[index] = threshold_v = found.threshold_v
        count, total, _ = self.all[index]
        if count:
            # Until now it has stayed at one level, or this block would not be the first with two.
            level = int(total / count > threshold_v)
            self.pairs[index, level, level] += count - 1
            self.sums[index, level] += count, total
            self.last[index] = level
