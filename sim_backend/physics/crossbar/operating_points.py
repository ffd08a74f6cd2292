"""The linearised twin: what each junction sees and adds, for several sets of row voltages.

All junctions but one at their mean conductance, that one in its own state: its voltage and the
current of its column follow exactly from the mean network, its two-node impedance Z and the
adjoint voltages Y (reciprocity). With x the voltage in the mean network and d the deviation,

    x_s = x / (1 + d_s Z),   I_column = I_mean - sum over the column of  Y d_s x_s

So one flip is exact, in any size of array; what is left out is what junctions do to each other's
contributions, and what a junction does to other columns.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim_backend.physics.crossbar import checks, elimination, sums
from sim_backend.physics.crossbar.exact import eliminate, needed_bytes, turned, turned_back
from sim_backend.physics.crossbar.network import Array, Crossbar, Lines

Index = NDArray[np.intp]

# Samples of one level for which tables of sums are made.
_WORTH_TABLES = 512


class TwinError(NamedTuple):
    """How far column currents are from the exact ones, over random states.

    Attributes:
        of_sd: rms error over the rms fluctuation of the exact currents; nan where nothing
            fluctuates.
        relative: largest error over the largest current.
    """

    of_sd: float
    relative: float


@dataclass(frozen=True)
class OperatingPoints:
    """L levels, that is sets of row voltages, of an N x M array; `operating_points` makes it.

    Attributes:
        crossbar: the array.
        junction_v_p, junction_v_ap: (L, N, M), row node minus column node of each junction while
            it is in that state and the others at their mean, V.
        mean_a: (L, M), column currents of the mean network, A.
        base_a: (L, M), the same with the own contribution of every junction of the column in P.
        step_a: (L, N, M), what a junction adds to its column's current when it goes to AP, A.
    """

    crossbar: Crossbar
    junction_v_p: Array
    junction_v_ap: Array
    mean_a: Array
    base_a: Array
    step_a: Array
    _sources: tuple[Array, Array, Array, Array] = field(repr=False)
    _states: tuple[Array, Array, Array] = field(repr=False)

    def column_a(self, ap: NDArray[Any], run: Index | None = None) -> Array:
        """Column currents of n samples, (n, M), A.

        Args:
            ap: states, True is AP: (n, N, M) bool; or packed, (n, W) of uint8 or uint64 (little
                end first), with junction (i, j) at bit 8 ceil(N / 8) j + i, as `packed_bits` has
                it. The packed form is several times faster.
            run: (n,), the level of each sample; None is level 0 for all.

        Raises:
            ValueError: another shape, or a level that is not there.
        """
        packed = ap.dtype != np.bool_
        states = self._bytes(ap) if packed else np.ascontiguousarray(ap)
        if not packed and states.shape[1:] != self.crossbar.shape:
            raise ValueError(f"states of shape {ap.shape}; expected (n, *{self.crossbar.shape})")
        out = np.empty((len(states), self.crossbar.columns))
        for level, first, last in self._stretches(len(states), run):
            part, into = states[first:last], out[first:last]
            if packed and (last - first >= _WORTH_TABLES or level in self._tables):
                table = self._table(level)
                if table.shape[1] % 8 == 0 and part.shape[1] % 8 == 0:
                    sums.add_words(part.view(np.uint64), self.base_a[level], table, into)
                else:
                    sums.add_bytes(part, self.base_a[level], table, into)
            else:
                ap_part: NDArray[np.bool_] = self._unpacked(part) if packed else part.view(np.bool_)
                sums.add_states(ap_part, self.base_a[level], self.step_a[level], into)
        return out

    def error(self, rng: np.random.Generator, *, level: int = 0, samples: int = 16) -> TwinError:
        """Measure the linearisation: `samples` random states, solved exactly; costs as many."""
        row_v, row_ohm, column_v, column_ohm = self._sources
        g_p_s, g_ap_s, occupancy = (
            np.broadcast_to(a, (len(row_v), *self.crossbar.shape))[level] for a in self._states
        )
        rows, columns = Lines(row_v[level], row_ohm), Lines(column_v[level], column_ohm)
        ap = rng.random((samples, *self.crossbar.shape)) < occupancy
        exact = np.empty((samples, self.crossbar.columns))
        for k in range(samples):
            g = np.where(ap[k], g_ap_s, g_p_s)
            factors = eliminate(self.crossbar, g, rows, columns)
            exact[k] = (g * factors.junction_v(rows.volts, columns.volts)).sum(axis=0)
        off = self.column_a(ap, np.full(samples, level)) - exact
        fluctuation = float(np.sqrt(((exact - self.mean_a[level]) ** 2).mean()))
        largest = float(np.abs(exact).max())
        return TwinError(
            float(np.sqrt((off**2).mean())) / fluctuation if fluctuation > 0 else float("nan"),
            float(np.abs(off).max()) / largest if largest > 0 else 0.0,
        )

    def _stretches(self, n: int, run: Index | None) -> list[tuple[int, int, int]]:
        """(level, first, last) of each stretch of samples with one level."""
        if run is None:
            return [(0, 0, n)]
        if run.shape != (n,) or (n and not 0 <= run.min() <= run.max() < len(self.base_a)):
            raise ValueError(
                f"run of shape {run.shape} for {n} samples of {len(self.base_a)} levels"
            )
        starts = np.flatnonzero(np.diff(run, prepend=-1))
        ends = [*starts[1:], n]
        return [(int(run[a]), int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    def _bytes(self, ap: NDArray[Any]) -> NDArray[np.uint8]:
        needed = self.crossbar.columns * _bytes_of_a_column(self.crossbar)
        if ap.ndim == 2 and ap.dtype in (np.uint8, np.uint64):
            states: NDArray[np.uint8] = np.ascontiguousarray(ap).view(np.uint8)
            if states.shape[1] >= needed:
                return states
        raise ValueError(
            f"packed states of shape {ap.shape}, {ap.dtype}; expected (n, W) of uint8 or uint64 "
            f"with at least {8 * needed} bits"
        )

    def _unpacked(self, states: NDArray[np.uint8]) -> NDArray[np.bool_]:
        n, m = self.crossbar.shape
        width = _bytes_of_a_column(self.crossbar)
        bits = np.unpackbits(
            states[:, : m * width].reshape(-1, m, width), axis=2, count=n, bitorder="little"
        )
        return np.ascontiguousarray(bits.swapaxes(1, 2)).view(np.bool_)

    @cached_property
    def _tables(self) -> dict[int, Array]:
        return {}

    def _table(self, level: int) -> Array:
        if level not in self._tables:
            if len(self._tables) > 16:
                self._tables.clear()
            self._tables[level] = sums.tables(self.step_a[level])
        return self._tables[level]


def operating_points(
    crossbar: Crossbar,
    g_p_s: ArrayLike,
    g_ap_s: ArrayLike,
    occupancy: ArrayLike,
    rows_v: Array,
    row_ohm: Array,
    columns: Lines,
    *,
    columns_v: Array | None = None,
) -> OperatingPoints:
    """Voltages and currents around the mean state, for L sets of row voltages.

    With conductances and occupancies that are the same for all levels there is one elimination
    for all of them, otherwise one each.

    Args:
        crossbar: the array, N x M.
        g_p_s: conductance of each junction in P, S, (N, M) or (L, N, M) or anything that
            broadcasts to it.
        g_ap_s: the same in AP.
        occupancy: mean of the state, 0 is P and 1 is AP, likewise.
        rows_v: (L, N), V.
        row_ohm: (N,), ohm, inf floats.
        columns: what is connected to the columns.
        columns_v: (L, M), V, where the columns' voltages change with the level too.

    Raises:
        ValueError: as `Solver.solve`, an occupancy outside 0 .. 1, or too large for the memory.
    """
    row_v = np.atleast_2d(np.asarray(rows_v, dtype=np.float64))
    levels = len(row_v)
    rows = Lines(row_v[0], row_ohm)
    checks.fits(crossbar, rows, columns)
    column_v = np.broadcast_to(
        columns.volts if columns_v is None else columns_v, (levels, crossbar.columns)
    )
    if not (np.isfinite(row_v).all() and np.isfinite(column_v).all()):
        raise ValueError("crossbar lines: a voltage is not a finite number")
    g_p, g_ap, q = (_per_level(a, crossbar, levels) for a in (g_p_s, g_ap_s, occupancy))
    if not ((q >= 0) & (q <= 1)).all():
        raise ValueError("an occupancy is not within 0 .. 1")
    for g in (g_p, g_ap):
        if not (g.min() >= 0 and np.isfinite(g.max())):
            raise checks.impossible(g)
    mean_s = (1.0 - q) * g_p + q * g_ap
    size = 8 * crossbar.rows * crossbar.columns
    checks.memory(
        needed_bytes(crossbar) + size * (6 * levels + 4 * len(mean_s)),
        f"{levels} operating points of {crossbar.rows} x {crossbar.columns} junctions",
    )
    for state in mean_s:
        checks.anchored(state, rows, columns)
    x, z, y = _operate(crossbar, mean_s, (row_v, rows.ohm), (column_v, columns.ohm))
    v_p = x / (1.0 + (g_p - mean_s) * z)
    v_ap = x / (1.0 + (g_ap - mean_s) * z)
    mean_a = (mean_s * x).sum(axis=1)
    own_p_a = -y * (g_p - mean_s) * v_p
    step_a = -y * (g_ap - mean_s) * v_ap - own_p_a
    return OperatingPoints(
        crossbar,
        v_p,
        v_ap,
        mean_a,
        mean_a + own_p_a.sum(axis=1),
        step_a,
        (row_v, rows.ohm, column_v, columns.ohm),
        (g_p, g_ap, q),
    )


def packed_bits(crossbar: Crossbar) -> NDArray[np.intp]:
    """(rows, columns): the bit of each junction in packed states, see `column_a`."""
    column = 8 * _bytes_of_a_column(crossbar)
    return np.arange(crossbar.rows)[:, np.newaxis] + column * np.arange(crossbar.columns)


def _bytes_of_a_column(crossbar: Crossbar) -> int:
    return -(-crossbar.rows // 8)


def _per_level(values: ArrayLike, crossbar: Crossbar, levels: int) -> Array:
    """(1 or L, N, M)."""
    given = np.asarray(values, dtype=np.float64)
    first = given.shape[0] if given.ndim == 3 else 1
    if first not in (1, levels):
        raise ValueError(f"values for {first} levels; there are {levels}")
    return np.broadcast_to(given, (first, *crossbar.shape))


def _operate(
    crossbar: Crossbar, mean_s: Array, rows: tuple[Array, Array], columns: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """Voltages x, impedances z and adjoint voltages y; rows and columns are (volts, ohm)."""
    by_columns = crossbar.rows <= crossbar.columns
    wires_ohm = float(crossbar.row_wire_ohm), float(crossbar.column_wire_ohm)
    (down_v, down_ohm), (across_v, across_ohm) = rows, (columns[0][:, ::-1], columns[1][::-1])
    if by_columns:
        wires_ohm = wires_ohm[::-1]
        (across_v, across_ohm), (down_v, down_ohm) = (down_v, down_ohm), (across_v, across_ohm)
    g = turned(mean_s, by_columns)
    x, z, y = np.empty((len(down_v), *g.shape[1:])), np.empty_like(g), np.empty_like(g)
    elimination.operate(
        g,
        wires_ohm[0],
        wires_ohm[1],
        np.ascontiguousarray(down_ohm),
        np.ascontiguousarray(across_ohm),
        np.ascontiguousarray(down_v),
        np.ascontiguousarray(across_v),
        by_columns,
        x,
        z,
        y,
    )
    x, z, y = (turned_back(a, by_columns) for a in (x, z, y))
    return (x, z, y) if by_columns else (-x, z, -y)
