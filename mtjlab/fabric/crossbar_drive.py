"""From weights and inputs to row voltages, and the mean response of a column to them.

Nodes are presented one after another: step s m + i holds node i of presentation s, with the rows
at offset + gain W_ij x_j and the bias in a row of its own, at offset + gain b_i. The rows saturate
at the ends of the window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.fabric import Array

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """How numbers become row voltages.

    Attributes:
        gain_v: per unit of weight x input, V.
        offset_v: at weight x input = 0, V.
        window_v: largest |row voltage|, V.
    """

    gain_v: float
    offset_v: float
    window_v: float

    def rows_v(self, x: Array, w: Array, b: Array) -> tuple[Values, int]:
        """Row voltages (S m, n + 1), V, and how many of these steps saturate in some row.

        Args:
            x: (S, n) inputs.
            w: (m, n) weights.
            b: (m,) biases.
        """
        nodes, inputs = w.shape
        wanted = np.empty((len(x), nodes, inputs + 1))
        np.multiply(x[:, np.newaxis, :], w, out=wanted[:, :, :inputs])
        wanted[:, :, inputs] = b
        wanted *= self.gain_v
        wanted += self.offset_v
        wanted = wanted.reshape(len(x) * nodes, inputs + 1)
        beyond = np.abs(wanted) > self.window_v
        saturated = int(beyond.any(axis=1).sum())
        if saturated:
            np.clip(wanted, -self.window_v, self.window_v, out=wanted)
        return wanted, saturated


@dataclass(frozen=True)
class Curve:
    """What one junction adds to its column on average, measured with all rows alike.

    Attributes:
        level_v: (L,), row voltages, ascending, evenly spaced from one end of the window to the
            other, V.
        current_a: (L,), mean current of a junction, A; 0 at 0 V.
        variance_a2: (L,), of that current averaged over a read, without instrument noise, A^2.
    """

    level_v: Values
    current_a: Values
    variance_a2: Values

    def mean_a(self, rows_v: Values) -> Values:
        """Sum over the rows (..., n) of the mean currents, A."""
        found: Values = self._at(rows_v, self.current_a).sum(axis=-1)
        return found

    def noise_a2(self, rows_v: Values) -> Values:
        """Sum over the rows (..., n) of the variances, A^2: junctions are independent."""
        found: Values = self._at(rows_v, self.variance_a2).sum(axis=-1)
        return found

    def power_w(self, rows_v: Values) -> float:
        """Mean over the steps (steps, n) of the power in the junctions of one column, W."""
        return float((rows_v * self._at(rows_v, self.current_a)).sum(axis=-1).mean())

    def conductance_s(self, at_v: float, by_v: float) -> float:
        """Mean slope between at - by and at + by, S; (G_P + G_AP) / 2 for V50 in between."""
        ends = self._at(np.array([at_v - by_v, at_v + by_v]), self.current_a)
        return float(ends[1] - ends[0]) / (2.0 * by_v)

    def _at(self, rows_v: Values, values: Values) -> Values:
        step_v = self.level_v[1] - self.level_v[0]
        position = (rows_v - self.level_v[0]) / step_v
        index = np.clip(position.astype(np.intp), 0, len(values) - 2)
        share = position - index
        found: Values = values[index] + share * (values[index + 1] - values[index])
        return found
