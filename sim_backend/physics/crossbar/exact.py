"""The exact solver: block elimination once per state, then any number of inputs."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from sim_backend.physics.crossbar import checks, elimination
from sim_backend.physics.crossbar.network import Array, Crossbar, Lines, Solution

# What rounding leaves; the tests hold it against an independent matrix.
ROUNDING = 1e-10


@dataclass(frozen=True)
class Factors:
    """One state of the array with its terminations, eliminated; `eliminate` makes it.

    The blocks are the shorter side of the array. `by_columns` says that the columns were
    eliminated, and the blocks join the rows; otherwise the other way round.
    """

    crossbar: Crossbar
    by_columns: bool
    g_s: Array
    down_wire_ohm: float
    across_wire_ohm: float
    across_ohm: Array
    ladder: Array
    from_source: Array
    from_current: Array
    blocks: Array

    def junction_v(self, row_v: Array, column_v: Array) -> Array:
        """(rows, columns), row node minus column node, V, for voltages of the terminations."""
        if self.by_columns:
            down_v, across_v = column_v[::-1], row_v
        else:
            down_v, across_v = row_v, column_v[::-1]
        x = np.empty_like(self.g_s)
        elimination.voltages(
            self.g_s,
            self.down_wire_ohm,
            self.across_wire_ohm,
            self.across_ohm,
            self.ladder,
            self.from_source,
            self.from_current,
            self.blocks,
            np.ascontiguousarray(down_v),
            np.ascontiguousarray(across_v),
            x,
        )
        return turned_back(x, self.by_columns) if self.by_columns else -turned_back(x, False)

    def impedance_ohm(self) -> Array:
        """(rows, columns): resistance between the two nodes of each junction, itself included.

        A junction whose conductance changes by d S has 1 / (1 + d Z) of its voltage left.
        """
        z = np.empty_like(self.g_s)
        elimination.impedances(
            self.g_s,
            self.down_wire_ohm,
            self.across_wire_ohm,
            self.ladder,
            self.from_current,
            self.blocks,
            z,
        )
        return turned_back(z, self.by_columns)

    def transfer_s(self) -> Array:
        """(columns, rows): column currents for 1 V at each row, S; T V is all columns' currents."""
        out = np.empty_like(self.g_s)
        elimination.transfer(
            self.g_s,
            self.across_wire_ohm,
            self.across_ohm,
            self.ladder,
            self.from_source,
            self.blocks,
            out,
        )
        return np.ascontiguousarray(turned_back(out, self.by_columns).T)


def turned(values: Array, by_columns: bool) -> Array:
    """From (..., rows, columns) to the (..., lines, nodes) of the elimination."""
    flipped = values[..., ::-1]
    return np.ascontiguousarray(flipped.swapaxes(-1, -2) if by_columns else flipped)


def turned_back(values: Array, by_columns: bool) -> Array:
    """From (..., lines, nodes) of the elimination to (..., rows, columns)."""
    if by_columns:
        values = values.swapaxes(-1, -2)
    return np.ascontiguousarray(values[..., ::-1])


def needed_bytes(crossbar: Crossbar) -> int:
    """Memory for the factors of one state."""
    nodes = min(crossbar.shape)
    return 8 * (max(crossbar.shape) * nodes * (nodes + 4) + 8 * nodes * nodes)


def eliminate(crossbar: Crossbar, g_s: Array, rows: Lines, columns: Lines) -> Factors:
    """Factors of one state (rows, columns), S; the voltages of `rows` and `columns` do not count.

    Raises:
        ValueError: as `Solver.solve`, or too large for the memory that is free.
    """
    checks.memory(
        needed_bytes(crossbar),
        f"the exact solution of {crossbar.rows} x {crossbar.columns} junctions",
    )
    checks.fits(crossbar, rows, columns)
    g = checks.conductances(crossbar, g_s)
    if g.ndim != 2:
        raise ValueError(f"conductances of shape {g.shape}; expected one state")
    if not (g.min() >= 0 and np.isfinite(g.max())):
        raise checks.impossible(g)
    checks.anchored(g, rows, columns)
    by_columns = crossbar.rows <= crossbar.columns
    if by_columns:
        down_ohm, across_ohm = columns.ohm[::-1], rows.ohm
        wires_ohm = float(crossbar.column_wire_ohm), float(crossbar.row_wire_ohm)
    else:
        down_ohm, across_ohm = rows.ohm, columns.ohm[::-1]
        wires_ohm = float(crossbar.row_wire_ohm), float(crossbar.column_wire_ohm)
    across = turned(g, by_columns)
    lines, nodes = across.shape
    factors = Factors(
        crossbar,
        by_columns,
        across,
        *wires_ohm,
        np.ascontiguousarray(across_ohm),
        np.empty((lines, nodes)),
        np.empty(lines),
        np.empty(lines),
        np.empty((lines, nodes, nodes)),
    )
    elimination.eliminate(
        across,
        *wires_ohm,
        np.ascontiguousarray(down_ohm),
        factors.across_ohm,
        factors.ladder,
        factors.from_source,
        factors.from_current,
        factors.blocks,
    )
    return factors


@dataclass(frozen=True)
class ExactSolver:
    """Block elimination; its error is that of rounding."""

    crossbar: Crossbar

    name: ClassVar[Literal["exact"]] = "exact"

    def solve(self, g_s: Array, rows: Lines, columns: Lines) -> Solution:
        """As `Solver.solve`."""
        x = eliminate(self.crossbar, g_s, rows, columns).junction_v(rows.volts, columns.volts)
        current_a = g_s * x
        return Solution(current_a.sum(axis=1), current_a.sum(axis=0), x, ROUNDING)

    def transfer_s(self, g_s: Array, rows: Lines, columns: Lines) -> Array:
        """(columns, rows): column currents for 1 V at each row, all else at 0 V, S."""
        return eliminate(self.crossbar, g_s, rows, columns).transfer_s()
