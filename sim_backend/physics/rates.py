"""How fast a junction leaves each of its states, at voltage and temperature of that state.

The process is written as two numbers that stay finite at any voltage: `total_hz`, the sum of the
two rates of leaving (its inverse is the correlation time), and `occupancy`, the stationary
probability of AP. A junction leaves P at total * occupancy and AP at total * (1 - occupancy).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.junction import JunctionParameters

# exp() of more than 709 is not a double. A junction this fast is memoryless at any time step.
_LARGEST_EXPONENT = 690.0

Values = float | NDArray[np.float64]


class Rates(NamedTuple):
    """A two-state process; both arrays have the broadcast shape of what they were computed from.

    Attributes:
        total_hz: rate of leaving P plus rate of leaving AP, 1/s, >= 0; 0 for a frozen junction.
        occupancy: stationary probability of AP, 0 .. 1.
    """

    total_hz: NDArray[np.float64]
    occupancy: NDArray[np.float64]


def rates(
    parameters: JunctionParameters,
    v_p: Values,
    v_ap: Values,
    *,
    ln_tau_shift: Values = 0.0,
    v50_shift_v: Values = 0.0,
    field_t: Values = 0.0,
    p_k: Values | None = None,
    ap_k: Values | None = None,
) -> Rates:
    """Rates of junctions whose voltage follows their state, as behind a series resistor.

    Args:
        parameters: the typical junction.
        v_p: voltage across the junction while it is in P, V.
        v_ap: the same in AP, V.
        ln_tau_shift: added to ln tau of both states; one value per device.
        v50_shift_v: the device's whole voltage axis is moved by this, V.
        field_t: mu0 H at the junction, T.
        p_k: temperature of the junction while it is in P, K, > 0; None: at the reference.
        ap_k: the same in AP.
    """
    r = parameters
    h_t = field_t - r.field_ref_t
    ln_tau_p = ln_tau_shift + (
        math.log(r.tau_p_s)
        + _bend(v_p - v50_shift_v - r.v_ref_v, r.slope_p_per_v, r.curvature_p_per_v2)
        + _bend(h_t, r.field_slope_p_per_t, r.field_curvature_p_per_t2)
        + _warmth(p_k, r.activation_p_k, r.temperature_ref_k)
    )
    ln_tau_ap = ln_tau_shift + (
        math.log(r.tau_ap_s)
        + _bend(v_ap - v50_shift_v - r.v_ref_v, r.slope_ap_per_v, r.curvature_ap_per_v2)
        + _bend(h_t, r.field_slope_ap_per_t, r.field_curvature_ap_per_t2)
        + _warmth(ap_k, r.activation_ap_k, r.temperature_ref_k)
    )
    total_hz = _exp(-ln_tau_p) + _exp(-ln_tau_ap)
    return Rates(total_hz, 1.0 / (1.0 + _exp(ln_tau_p - ln_tau_ap)))


def _bend(x: Values, slope: float, curvature: float) -> NDArray[np.float64]:
    x = np.asarray(x, dtype=np.float64)
    return np.asarray((slope + curvature * x) * x)


def _warmth(temperature_k: Values | None, activation_k: float, reference_k: float) -> Values:
    if temperature_k is None or activation_k == 0.0:
        return 0.0
    return activation_k * (1.0 / temperature_k - 1.0 / reference_k)


def _exp(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.exp(np.minimum(x, _LARGEST_EXPONENT)))
