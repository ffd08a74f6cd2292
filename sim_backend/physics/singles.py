"""Single junctions behind a series resistor: the voltage that each has in each state.

source --(divider)--[series]--+--[junction]-- ground,   V_s = V_open R_s / (R_s + R_series)
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim_backend.physics.devices import Devices
from sim_backend.physics.rates import Rates, Values

# Halvings until a bracket as wide as its end is one part in 2^52.
_BISECTIONS = 54


class OperatingPoint(NamedTuple):
    """Everything a source voltage fixes; arrays of shape (..., m).

    Attributes:
        v_p, v_ap: voltage across the junction in each state, V.
        load_p_s, load_ap_s: what the junction adds to the conductance the source sees, S.
        rates: of switching.
    """

    v_p: NDArray[np.float64]
    v_ap: NDArray[np.float64]
    load_p_s: NDArray[np.float64]
    load_ap_s: NDArray[np.float64]
    rates: Rates


@dataclass(frozen=True)
class Singles:
    """m junctions, each with its own series resistor.

    Attributes:
        devices: the junctions.
        series_ohm: (m,), including the source's own, ohm.
        divider: (m,), open-circuit voltage behind the divider over that of the source.
    """

    devices: Devices
    series_ohm: NDArray[np.float64]
    divider: NDArray[np.float64]

    def at(
        self,
        source_v: ArrayLike,
        *,
        field_t: Values = 0.0,
        ambient_k: Values | None = None,
        t_s: Values = 0.0,
    ) -> OperatingPoint:
        """Operating point with `source_v` (broadcast to (..., m)) at each junction's source, V.

        The voltage of AP and its TMR depend on each other: the voltage is found by halving a
        bracket until it is one part in 2^52 of the open-circuit voltage, which always converges.
        The heat depends on both and neither on it, so it comes last; see `Devices.rates`, also
        for field, ambient temperature and bench time.

        The load follows from reciprocity: behind a divider d the junction's current returns to
        the source as d times itself. The divider's own current is not part of it.
        """
        d = self.devices
        open_v = np.asarray(source_v, dtype=np.float64) * self.divider
        v_p = open_v / (1.0 + self.series_ohm * d.g_p_s)
        v_ap = self._voltage_ap(open_v)
        g_ap_s = d.conductance_ap_s(v_ap)
        square = self.divider**2
        return OperatingPoint(
            v_p,
            v_ap,
            np.broadcast_to(square * d.g_p_s / (1.0 + self.series_ohm * d.g_p_s), v_p.shape),
            square * g_ap_s / (1.0 + self.series_ohm * g_ap_s),
            d.rates(v_p, v_ap, field_t=field_t, ambient_k=ambient_k, t_s=t_s),
        )

    def _voltage_ap(self, open_v: NDArray[np.float64]) -> NDArray[np.float64]:
        """V of AP from V = V_open / (1 + R_series G(V)), the smallest root in |V|."""
        if np.isinf(self.devices.parameters.tmr_half_v):
            g_ap_s = self.devices.g_p_s / (1.0 + self.devices.tmr)
            v: NDArray[np.float64] = open_v / (1.0 + self.series_ohm * g_ap_s)
            return v
        lower = np.zeros(np.broadcast_shapes(open_v.shape, self.series_ohm.shape))
        upper = np.abs(open_v) + lower
        for _ in range(_BISECTIONS):
            middle = 0.5 * (lower + upper)
            loop = middle * (1.0 + self.series_ohm * self.devices.conductance_ap_s(middle))
            below = loop < np.abs(open_v)
            lower = np.where(below, middle, lower)
            upper = np.where(below, upper, middle)
        return np.copysign(0.5 * (lower + upper), open_v)

    def take(self, index: NDArray[np.intp]) -> "Singles":
        """Some of them, in the order of `index`."""
        return Singles(self.devices.take(index), self.series_ohm[index], self.divider[index])
