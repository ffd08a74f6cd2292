"""One kind of junction, how its copies spread, and what can be wrong with one of them.

Plain values in SI units; the equations that use them are in `rates` and `singles`.
"""

import math
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["short", "open", "stuck_p", "stuck_ap", "slow"]


@dataclass(frozen=True)
class JunctionParameters:
    """The typical junction: dwell times at a reference voltage and their slopes.

    ln tau_s(V) = ln tau_s + slope_s (V - v_ref) + curvature_s (V - v_ref)^2,  s in {P, AP}

    tau_s is the mean time spent in s before leaving it. V is the voltage across the junction *in
    that state*. Dwell at a reference and slopes, never attempt time and barrier: the attempt time
    was measured anywhere between 1e-18 and 1e-9 s (arXiv 2402.03452), the dwell time is what a
    bench sees.

    The defaults are the in-plane 60 nm device of Koenders et al., Phys. Rev. Applied 23, 054035:
    36.16 and 48.02 mV on 10 kohm at 0.1 V, 8.09 % of samples flipped after 5 us. The slopes are
    those of occupancy = 1 / (1 + exp(-(V - V50) / w)) with w = 10 mV, split evenly.

    Raises:
        ValueError: physically impossible, with the reason.
    """

    r_p_ohm: float = 5664.3
    tmr: float = 0.63119
    tmr_half_v: float = math.inf
    v_ref_v: float = 42.092e-3
    tau_p_s: float = 42.12e-6
    tau_ap_s: float = 42.12e-6
    slope_p_per_v: float = -50.0
    slope_ap_per_v: float = 50.0
    curvature_p_per_v2: float = 0.0
    curvature_ap_per_v2: float = 0.0

    def __post_init__(self) -> None:
        positive = ("r_p_ohm", "tau_p_s", "tau_ap_s", "tmr_half_v")
        for name in positive:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be positive")
        if not self.tmr > -1:
            raise ValueError(f"tmr = {self.tmr!r} must be above -1: the resistance would vanish")


@dataclass(frozen=True)
class Spread:
    """Device-to-device spread, one standard deviation.

    Attributes:
        r_sigma: of ln R.
        tmr_sigma: of the TMR ratio, relative.
        tau_sigma: of ln tau, common to both states.
        v50_v: of the voltage at which both states are equally likely, V.
    """

    r_sigma: float = 0.0
    tmr_sigma: float = 0.0
    tau_sigma: float = 0.0
    v50_v: float = 0.0

    def __post_init__(self) -> None:
        for name in ("r_sigma", "tmr_sigma", "tau_sigma", "v50_v"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"spread {name} = {getattr(self, name)!r} must not be negative")


@dataclass(frozen=True)
class Fault:
    """What is wrong with junction `index`. `slow` multiplies both dwell times by `factor`."""

    index: int
    kind: FaultKind
    factor: float = 1000.0
