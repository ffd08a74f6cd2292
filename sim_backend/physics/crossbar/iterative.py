"""The solver for any state and any input: conjugate gradients, a few steps each."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from sim_backend.physics.crossbar import checks, pcg
from sim_backend.physics.crossbar.network import Array, Crossbar, Lines, Solution

# What rounding leaves of a solution, whatever the tolerance; see the tests.
ROUNDING = 1e-11


@dataclass(frozen=True)
class IterativeSolver:
    """Preconditioned conjugate gradients on the row nodes.

    Attributes:
        crossbar: what it solves.
        tolerance: the stated error to reach, 1e-11 .. 1. It is a bound, usually ten times above
            the true error; where rows and columns float together it is an estimate.
        most_steps: of the iteration, then it is refused.

    Raises:
        ValueError: a tolerance that doubles do not reach.
    """

    crossbar: Crossbar
    tolerance: float = 1e-9
    most_steps: int = 500

    name: ClassVar[Literal["iterative"]] = "iterative"

    def __post_init__(self) -> None:
        if not ROUNDING <= self.tolerance < 1.0:
            raise ValueError(f"tolerance = {self.tolerance!r} must be {ROUNDING:g} .. 1")

    def solve(self, g_s: Array, rows: Lines, columns: Lines) -> Solution:
        """As `Solver.solve`; stateless, so that the same state gives the same bits."""
        found = self.solve_many(g_s, rows.volts[np.newaxis], rows, columns)
        return Solution(found.row_a[0], found.column_a[0], found.junction_v[0], found.error)

    def solve_many(self, g_s: Array, rows_v: Array, rows: Lines, columns: Lines) -> Solution:
        """Several states, several inputs, or both.

        Args:
            g_s: (rows, columns) one state for all, or (n, rows, columns), S.
            rows_v: (rows,) one input for all, or (n, rows), V; `rows` gives the resistances.
            rows: what is connected to the rows.
            columns: what is connected to the columns.

        Returns:
            A solution whose arrays have n as their first axis, with the largest error.

        Raises:
            ValueError: as `Solver.solve`.
        """
        checks.fits(self.crossbar, rows, columns)
        g = checks.conductances(self.crossbar, g_s)
        g = g.reshape(-1, *self.crossbar.shape)
        volts = np.ascontiguousarray(rows_v, dtype=np.float64).reshape(-1, self.crossbar.rows)
        n = max(len(g), len(volts))
        if len(volts) != n:
            volts = np.ascontiguousarray(np.broadcast_to(volts, (n, self.crossbar.rows)))
        if len(g) not in (1, n):
            raise ValueError(f"{len(g)} states and {n} inputs; expected as many, or one")
        if rows.any_floats or columns.any_floats:
            for state in g:
                checks.anchored(state, rows, columns)
        x = np.empty((n, *self.crossbar.shape))
        row_a, column_a = np.empty((n, self.crossbar.rows)), np.empty((n, self.crossbar.columns))
        status, which, error = pcg.solve_many(
            g,
            (float(self.crossbar.row_wire_ohm), float(self.crossbar.column_wire_ohm)),
            (volts, rows.ohm),
            (columns.volts, columns.ohm),
            self.tolerance,
            self.most_steps,
            x,
            row_a,
            column_a,
        )
        if status == pcg.BAD_CONDUCTANCE:
            raise checks.impossible(g)
        if status == pcg.STALLED:
            reached = f"{error:.2g}" if math.isfinite(error) else "nothing"
            raise ValueError(
                f"the iterative solver reached {reached} of the tolerance {self.tolerance:g} in "
                f"{self.most_steps} steps (state {which}); use the exact solver"
            )
        return Solution(row_a, column_a, x, max(error, ROUNDING))
