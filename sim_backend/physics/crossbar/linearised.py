"""The solver for small changes around one state: an inner product per line.

Around the state it was built for, with x the junction voltages there, Z the two-node impedances
and A the junction voltages for 1 V at each line,

    I = I0 + A (d x / (1 + d Z)),   d = G - G0

The effect of each junction alone is exact; what they do to each other's is left out.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim_backend.physics.crossbar import checks
from sim_backend.physics.crossbar.exact import ROUNDING, Factors, eliminate
from sim_backend.physics.crossbar.network import Array, Crossbar, Lines, Solution

# Of the mean conductance; what an error is stated for when nothing else was said.
_SPREAD = 0.25
# The error of a state that was not tried, over the largest of those that were.
_MARGIN = 3.0


@dataclass(frozen=True)
class _Point:
    """The state it is linear around.

    Attributes:
        lines_s: (rows + columns, junctions): d current / d (d x), by reciprocity.
        probe: rms of d Z in the states that were tried.
        error: the largest error in those.
    """

    g_s: Array
    row_ohm: Array
    column_ohm: Array
    factors: Factors
    impedance_ohm: Array
    lines_s: Array
    probe: float
    error: float


class LinearisedSolver:
    """Linear around a state: `around` sets it, or the first `solve` does.

    The error is measured when the state is set: all conductances up, all down, and random ones up
    and down by their spread, against the exact solution. For another state it is scaled with the
    square of its distance, and tripled.
    """

    name: Literal["linearised"] = "linearised"

    def __init__(self, crossbar: Crossbar) -> None:
        self.crossbar = crossbar
        self._point: _Point | None = None

    def around(
        self,
        g_s: Array,
        rows: Lines,
        columns: Lines,
        *,
        spread_s: Array | None = None,
        probes: int = 4,
        seed: int = 0,
    ) -> float:
        """Set the state; costs rows + columns + `probes` solutions.

        Args:
            g_s: (rows, columns), the state, S.
            rows: terminations; their resistances are part of the state.
            columns: likewise.
            spread_s: (rows, columns), how far conductances will go; None is a quarter of each.
            probes: random states to try.
            seed: of those.

        Returns:
            The largest relative error among the states that were tried.

        Raises:
            ValueError: as `Solver.solve`, or too large for the memory.
        """
        n, m = self.crossbar.shape
        checks.memory(8 * (n + m) * n * m, f"linearising {n} x {m} junctions")
        factors = eliminate(self.crossbar, g_s, rows, columns)
        unit_row, unit_column = np.eye(n), np.eye(m)
        lines_s = np.empty((n + m, n * m))
        for i in range(n):
            lines_s[i] = factors.junction_v(unit_row[i], np.zeros(m)).ravel()
        for j in range(m):
            lines_s[n + j] = -factors.junction_v(np.zeros(n), unit_column[j]).ravel()
        g = np.asarray(g_s, dtype=np.float64).copy()
        z = factors.impedance_ohm()
        spread = _SPREAD * g if spread_s is None else np.minimum(np.abs(spread_s), g)
        probe = float(np.sqrt(((spread * z) ** 2).mean()))
        point = _Point(g, rows.ohm, columns.ohm, factors, z, lines_s, probe, 0.0)
        rng = np.random.default_rng(seed)
        error = 0.0
        signs = [np.ones((n, m)), -np.ones((n, m))]
        signs += [np.where(rng.random((n, m)) < 0.5, 1.0, -1.0) for _ in range(probes)]
        for sign in signs:
            state = g + sign * spread
            row_a, column_a, _ = self._linear(point, state, rows, columns)
            x = eliminate(self.crossbar, state, rows, columns).junction_v(rows.volts, columns.volts)
            exact = np.concatenate([(state * x).sum(axis=1), (state * x).sum(axis=0)])
            off_a = float(np.abs(np.concatenate([row_a, column_a]) - exact).max())
            scale_a = max(float(np.abs(exact).max()), checks.least_a(state, rows, columns))
            if off_a > 0:
                error = max(error, off_a / scale_a)
        self._point = _Point(g, rows.ohm, columns.ohm, factors, z, lines_s, probe, error)
        return error

    def solve(self, g_s: Array, rows: Lines, columns: Lines) -> Solution:
        """As `Solver.solve`, linear around the state that was set, or else sets this one.

        `junction_v` has the effect of each junction's own change only.

        Raises:
            ValueError: also where the terminations have other resistances than in that state.
        """
        checks.fits(self.crossbar, rows, columns)
        g = checks.conductances(self.crossbar, g_s)
        if not (g.min() >= 0 and np.isfinite(g.max())):
            raise checks.impossible(g)
        if self._point is None:
            self.around(g, rows, columns)
        point = self._point
        assert point is not None
        same = np.array_equal(rows.ohm, point.row_ohm)
        if not (same and np.array_equal(columns.ohm, point.column_ohm)):
            raise ValueError(
                "the linearised solver was set up with other resistances on the lines; "
                "call around() for these"
            )
        row_a, column_a, x = self._linear(point, g, rows, columns)
        distance = float(np.sqrt((((g - point.g_s) * point.impedance_ohm) ** 2).mean()))
        scale = (distance / point.probe) ** 2 if point.probe > 0 else 0.0
        return Solution(row_a, column_a, x, max(ROUNDING, _MARGIN * point.error * scale))

    def _linear(
        self, point: _Point, g: Array, rows: Lines, columns: Lines
    ) -> tuple[Array, Array, Array]:
        x0 = point.factors.junction_v(rows.volts, columns.volts)
        mean_a = point.g_s * x0
        deviation = g - point.g_s
        x = x0 / (1.0 + deviation * point.impedance_ohm)
        change_a = point.lines_s @ (deviation * x).ravel()
        n = self.crossbar.rows
        return mean_a.sum(axis=1) + change_a[:n], mean_a.sum(axis=0) + change_a[n:], x
