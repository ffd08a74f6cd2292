"""One kind of junction, how its copies spread, and what can be wrong with one of them.

Plain values in SI units; the equations that use them are in `rates`, `singles` and
`fluctuations`.
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

FaultKind = Literal["short", "open", "stuck_p", "stuck_ap", "slow", "three_level", "drifting"]

_POSITIVE = (
    "r_p_ohm",
    "tau_p_s",
    "tau_ap_s",
    "tmr_half_v",
    "temperature_ref_k",
    "trap_empty_s",
    "trap_filled_s",
    "flicker_lowest_hz",
    "flicker_highest_hz",
)
# Beyond this the flicker would no longer be a small fluctuation of a conductance.
_LARGEST_FLICKER = 0.3


@dataclass(frozen=True)
class JunctionParameters:
    """The typical junction: dwell times at a reference point and their slopes.

    ln tau_s = ln tau_s(ref) + slope_s (V - v_ref) + curvature_s (V - v_ref)^2
               + field_slope_s (H - field_ref) + field_curvature_s (H - field_ref)^2
               + activation_s (1 / T - 1 / temperature_ref),                      s in {P, AP}

    tau_s is the mean time spent in s before leaving it. V is the voltage across the junction, and
    T its temperature, *in that state*: T = ambient + heating V^2 G_s. H is mu0 H in tesla. Dwell at
    a reference and slopes, never attempt time and barrier: the attempt time was measured anywhere
    between 1e-18 and 1e-9 s (arXiv 2402.03452), the dwell time is what a bench sees.

    The resistance may fluctuate beside the telegraph, by nothing unless asked for: a charge trap
    in the barrier takes `trap_depth` of the conductance while it is filled, and flicker noise has
    S_G(f) / G^2 = flicker / f between the two frequencies (see `flicker`).

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
    field_ref_t: float = 0.0
    field_slope_p_per_t: float = 0.0
    field_slope_ap_per_t: float = 0.0
    field_curvature_p_per_t2: float = 0.0
    field_curvature_ap_per_t2: float = 0.0
    temperature_ref_k: float = 300.0
    activation_p_k: float = 0.0
    activation_ap_k: float = 0.0
    heating_k_per_w: float = 0.0
    trap_depth: float = 0.0
    trap_empty_s: float = 0.1
    trap_filled_s: float = 0.1
    flicker: float = 0.0
    flicker_lowest_hz: float = 1e-3
    flicker_highest_hz: float = 1e5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) and not (field.name == "tmr_half_v" and value > 0):
                raise ValueError(f"{field.name} = {value!r} must be finite")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be positive")
        if not self.tmr > -1:
            raise ValueError(f"tmr = {self.tmr!r} must be above -1: the resistance would vanish")
        for name in ("heating_k_per_w", "flicker"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)!r} must not be negative")
        if not 0 <= self.trap_depth < 1:
            raise ValueError(
                f"trap_depth = {self.trap_depth!r} must lie in 0 .. 1, without 1: "
                "it is the share of the conductance that a filled trap takes"
            )
        self._check_flicker()

    def _check_flicker(self) -> None:
        if not self.flicker_lowest_hz < self.flicker_highest_hz:
            raise ValueError(
                f"flicker_lowest_hz = {self.flicker_lowest_hz!r} must lie below "
                f"flicker_highest_hz = {self.flicker_highest_hz!r}"
            )
        band = math.log(self.flicker_highest_hz / self.flicker_lowest_hz)
        sigma = math.sqrt(self.flicker * band)
        if sigma > _LARGEST_FLICKER:
            raise ValueError(
                f"flicker = {self.flicker!r} makes the conductance fluctuate by {sigma:.2g} of "
                f"itself in its band; at most {_LARGEST_FLICKER} is a small fluctuation"
            )


@dataclass(frozen=True)
class Spread:
    """Device-to-device spread, one standard deviation.

    R and tau are lognormal. Larger dots have a smaller R and a longer tau: `r_tau_correlation`
    of the two logarithms is then negative.

    Attributes:
        r_sigma: of ln R.
        tmr_sigma: of the TMR ratio, relative.
        tau_sigma: of ln tau, common to both states.
        v50_v: of the voltage at which both states are equally likely, V.
        r_tau_correlation: of ln R with ln tau, between -1 and 1.
        field_t: of the stray field that moves a device's field axis, T.

    Raises:
        ValueError: a negative one, or correlations that no set of devices can have.
    """

    r_sigma: float = 0.0
    tmr_sigma: float = 0.0
    tau_sigma: float = 0.0
    v50_v: float = 0.0
    r_tau_correlation: float = 0.0
    field_t: float = 0.0

    def __post_init__(self) -> None:
        for name in ("r_sigma", "tmr_sigma", "tau_sigma", "v50_v", "field_t"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"spread {name} = {getattr(self, name)!r} must not be negative")
        if not -1 < self.r_tau_correlation < 1:
            raise ValueError(
                f"spread r_tau_correlation = {self.r_tau_correlation!r} must lie between -1 and 1: "
                "the covariance of ln R and ln tau would not be positive definite"
            )


@dataclass(frozen=True)
class Fault:
    """What is wrong with junction `index`.

    Attributes:
        index: which junction.
        kind: `short` and `open` have one resistance; `stuck_p` and `stuck_ap` one state; a
            `slow` one is slower; a `three_level` one has a third resistance while it is in AP, as
            if its free layer had two domains; a `drifting` one moves with bench time.
        factor: of `slow`: multiplies both dwell times, > 0.
        level: of `three_level`: (R_third - R_P) / (R_AP - R_P), >= 0; between the two below 1.
        dwell_s: of `three_level`: mean time in the third level, and mean time out of it, s, > 0.
        v50_v_per_s: of `drifting`: V50 moves by this, V/s.
        ln_tau_per_s: of `drifting`: ln tau of both states moves by this, 1/s.

    Raises:
        ValueError: a value out of range, or a drift that goes nowhere.
    """

    index: int
    kind: FaultKind
    factor: float = 1000.0
    level: float = 0.5
    dwell_s: float = 1e-3
    v50_v_per_s: float = 0.0
    ln_tau_per_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("factor", "dwell_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"fault {name} = {getattr(self, name)!r} must be positive")
        if not 0 <= self.level < math.inf:
            raise ValueError(
                f"fault level = {self.level!r} must not be negative: "
                "0 is the resistance of P, 1 that of AP"
            )
        if not (math.isfinite(self.v50_v_per_s) and math.isfinite(self.ln_tau_per_s)):
            raise ValueError("fault drift: v50_v_per_s and ln_tau_per_s must be finite")
        if self.kind == "drifting" and not (self.v50_v_per_s or self.ln_tau_per_s):
            raise ValueError("a drifting junction needs v50_v_per_s or ln_tau_per_s, not 0")


@dataclass(frozen=True)
class Own:
    """What is known of junction `index` itself, in place of what is drawn; None is drawn.

    Attributes:
        index: which junction.
        r_p_ohm: its resistance in P, ohm, > 0.
        tmr: its TMR ratio at zero voltage, above -1.
        ln_tau_shift: ln(tau / typical tau).
        v50_shift_v: shift of its voltage axis, V.

    Raises:
        ValueError: a value out of range.
    """

    index: int
    r_p_ohm: float | None = None
    tmr: float | None = None
    ln_tau_shift: float | None = None
    v50_shift_v: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{field.name} = {value!r} must be finite")
        if self.r_p_ohm is not None and not self.r_p_ohm > 0:
            raise ValueError(f"r_p_ohm = {self.r_p_ohm!r} must be positive")
        if self.tmr is not None and not self.tmr > -1:
            raise ValueError(f"tmr = {self.tmr!r} must be above -1: the resistance would vanish")
