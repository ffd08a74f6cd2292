"""Operating points of an array: for each set of line voltages, what its junctions feel.

Every junction has a voltage for each of its own states, the others being at their mean, and its
rates follow from these two. The mean is that of the stationary chain, found together with the
voltages by repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.crossbar import Crossbar, Lines, OperatingPoints, operating_points
from sim_backend.physics.devices import Devices
from sim_backend.physics.rates import Rates
from sim_backend.world.instants import Index, Volts
from sim_backend.world.lived import by_state

# Mean states and voltages agree to about (R_line / R_junction)^3 after this many rounds.
_ROUNDS = 2


@dataclass(frozen=True)
class Bias:
    """The junctions of one array and what does not change about them.

    Attributes:
        crossbar: size and wires.
        devices: row by row.
        field_t: (N M,), T.
        ambient_k: K, or None.
    """

    crossbar: Crossbar
    devices: Devices
    field_t: Volts
    ambient_k: float | None

    def at(
        self, rows_v: Volts, columns_v: Volts, rows_ohm: Volts, columns_ohm: Volts, t_s: float
    ) -> "ArrayPoints":
        """Operating points of L levels.

        Args:
            rows_v: (L, N), what the rows are connected to, V.
            columns_v: (L, M), what the columns are connected to, V.
            rows_ohm: (N,), through what.
            columns_ohm: (M,), likewise.
            t_s: bench time, for junctions that drift.
        """
        count, shape = len(rows_v), self.crossbar.shape
        v = rows_v[:, :, np.newaxis] - columns_v[:, np.newaxis, :]
        v_p = v_ap = v.reshape(count, -1)
        # Where the conductance does not depend on the voltage one mean state serves all levels.
        ohmic = np.isinf(self.devices.parameters.tmr_half_v)
        for _ in range(_ROUNDS):
            occupancy = self.rates(v_p, v_ap, t_s).occupancy
            g_p_s, g_ap_s = self.devices.conductance_p_s(v_p), self.devices.conductance_ap_s(v_ap)
            if ohmic:
                g_p_s, g_ap_s = g_p_s[:1], g_ap_s[:1]
                occupancy = occupancy.mean(axis=0, keepdims=True)
            g_p_s, g_ap_s = g_p_s.reshape(-1, *shape), g_ap_s.reshape(-1, *shape)
            points = operating_points(
                self.crossbar,
                g_p_s,
                g_ap_s,
                occupancy.reshape(-1, *shape),
                rows_v,
                rows_ohm,
                Lines(columns_v[0], columns_ohm),
                columns_v=columns_v,
            )
            v_p = points.junction_v_p.reshape(count, -1)
            v_ap = points.junction_v_ap.reshape(count, -1)
        rates = self.rates(v_p, v_ap, t_s)
        return ArrayPoints(
            self,
            t_s,
            np.broadcast_to(g_p_s, (count, *shape)),
            np.broadcast_to(g_ap_s, (count, *shape)),
            rows_v,
            columns_v,
            v_p,
            v_ap,
            rates,
            points,
        )

    def rates(self, v_p: Volts, v_ap: Volts, t_s: float) -> Rates:
        """Rates at voltages (..., N M)."""
        return self.devices.rates(
            v_p, v_ap, field_t=self.field_t, ambient_k=self.ambient_k, t_s=t_s
        )


@dataclass(frozen=True)
class ArrayPoints:
    """Operating points of L levels.

    Attributes:
        bias: of which array.
        t_s: bench time they hold at.
        g_p_s, g_ap_s: (L, N, M), conductances in the two states, S.
        rows_v, columns_v: (L, N), (L, M), what the lines are connected to, V.
        v_p, v_ap: (L, N M), V.
        rates: (L, N M).
        points: currents and voltages of the network.
    """

    bias: Bias
    t_s: float
    g_p_s: Volts
    g_ap_s: Volts
    rows_v: Volts
    columns_v: Volts
    v_p: Volts
    v_ap: Volts
    rates: Rates
    points: OperatingPoints

    def at_level(self, level: int) -> "ArrayLevel":
        """One of them."""
        return ArrayLevel(self, level, Rates(*(part[level] for part in self.rates)))

    def column_a(self, ap: NDArray[np.bool_], run: Index, factor: Volts | None = None) -> Volts:
        """Column currents (n, M) of states (n, N, M) at the levels `run` (n,), A.

        `factor` (n, N, M) multiplies the conductances; of first order, in its own column.
        """
        found: Volts = self.points.column_a(ap, run)
        if factor is not None:
            found = found + (self._junction_a(ap, run) * (factor - 1.0)).sum(axis=1)
        return found

    @property
    def share(self) -> Volts:
        """Of AP in the long run, (L, N, M)."""
        return self.rates.occupancy.reshape(self.g_p_s.shape)

    @property
    def still_a(self) -> Volts:
        """Column currents (L, M) with every junction at its mean, A."""
        found: Volts = self.points.base_a + (self.share * self.points.step_a).sum(axis=1)
        return found

    def row_a(self, ap: NDArray[np.bool_] | Volts) -> Volts:
        """Current into each row (n, N) of states (n, N, M) at level 0, A."""
        row_a: Volts = self._junction_a(ap, np.zeros(len(ap), dtype=np.intp)).sum(axis=2)
        return row_a

    def _junction_a(self, ap: NDArray[np.bool_] | Volts, run: Index) -> Volts:
        p_a = self.v_p.reshape(self.g_p_s.shape) * self.g_p_s
        ap_a = self.v_ap.reshape(self.g_p_s.shape) * self.g_ap_s
        return by_state(ap, ap_a[run], p_a[run])

    def conditional_rates(self, level: int, ap: NDArray[np.bool_], junction_v: Volts) -> Rates:
        """Rates (N M,) of junctions in states (N, M) that have these voltages (N, M) now.

        The voltage that each would have in its other state follows from the operating point.
        """
        v, state = junction_v.ravel(), ap.ravel()
        v_p, v_ap = self.v_p[level], self.v_ap[level]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where((v_p != 0) & (v_ap != 0), v_ap / v_p, 1.0)
        return self.bias.rates(
            np.where(state, v / ratio, v), np.where(state, v, v * ratio), self.t_s
        )

    def transfer_s(self, rows: Sequence[bool], ohm: tuple[Volts, Volts]) -> Volts:
        """Column currents (M,) per volt behind these rows, all junctions at their mean, S."""
        found = operating_points(
            self.bias.crossbar,
            self.g_p_s[0],
            self.g_ap_s[0],
            self.rates.occupancy.mean(axis=0).reshape(self.bias.crossbar.shape),
            np.array(rows, dtype=np.float64)[np.newaxis],
            ohm[0],
            Lines(np.zeros(len(ohm[1])), ohm[1]),
        )
        mean_a: Volts = found.mean_a[0]
        return mean_a


@dataclass(frozen=True)
class ArrayLevel:
    """One level of several, which holds until something moves."""

    points: ArrayPoints
    level: int
    rates: Rates

    def column_a(self, ap: NDArray[np.bool_], run: Index, factor: Volts | None = None) -> Volts:
        """As `ArrayPoints.column_a`, always at this level."""
        return self.points.column_a(ap, np.full_like(run, self.level), factor)
