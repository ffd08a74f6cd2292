"""The junctions of one chip: copies of the typical one with their spread and faults."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.junction import Fault, JunctionParameters, Own, Spread
from sim_backend.physics.rates import Rates, Values, rates

SHORT_OHM = 100.0  # a dead barrier: leads and electrodes remain

# Streams of the chip's seed beside the first one, which is as old as the chips.
_STRAY_FIELD = 1


@dataclass(frozen=True)
class Devices:
    """m junctions, as arrays of shape (m,).

    Attributes:
        parameters: what they have in common.
        g_p_s: conductance in P, S; 0 is an open junction.
        tmr: TMR ratio at zero voltage; 0 where both states have one resistance.
        ln_tau_shift: ln(tau / typical tau) at bench time 0.
        v50_shift_v: shift of the voltage axis at bench time 0, V.
        frozen: never switches.
        frozen_ap: where `frozen`, whether it sits in AP.
        field_shift_t: shift of the field axis, T.
        ln_tau_per_s: drift of `ln_tau_shift` with bench time, 1/s.
        v50_v_per_s: drift of `v50_shift_v`, V/s.
        third_factor: conductance of the third level over that of AP; 1 where there is none.
        third_dwell_s: mean time in and out of the third level, s; inf where there is none.
    """

    parameters: JunctionParameters
    g_p_s: NDArray[np.float64]
    tmr: NDArray[np.float64]
    ln_tau_shift: NDArray[np.float64]
    v50_shift_v: NDArray[np.float64]
    frozen: NDArray[np.bool_]
    frozen_ap: NDArray[np.bool_]
    field_shift_t: NDArray[np.float64]
    ln_tau_per_s: NDArray[np.float64]
    v50_v_per_s: NDArray[np.float64]
    third_factor: NDArray[np.float64]
    third_dwell_s: NDArray[np.float64]

    @classmethod
    def draw(
        cls,
        parameters: JunctionParameters,
        spread: Spread,
        faults: Sequence[Fault],
        n: int,
        chip_seed: int,
        own: Sequence[Own] = (),
    ) -> Self:
        """The chip with this seed.

        Four normal numbers per device, in the order of devices: a chip with more junctions has
        the same first ones, and the size of a spread changes no other. The stray field is drawn
        from a stream of its own. What `own` says replaces
        what was drawn, and faults come on top.

        Raises:
            ValueError: a fault of a junction that is not there, or that it cannot have.
        """
        z = np.random.default_rng(chip_seed).standard_normal((n, 4))
        rho = spread.r_tau_correlation
        stray = np.random.default_rng((chip_seed, _STRAY_FIELD)).standard_normal(n)
        devices = cls(
            parameters,
            g_p_s=np.exp(-spread.r_sigma * z[:, 0]) / parameters.r_p_ohm,
            # 1 + TMR > 0 whatever the draw: the resistance of AP cannot vanish.
            tmr=np.maximum(parameters.tmr * (1.0 + spread.tmr_sigma * z[:, 1]), -0.99),
            ln_tau_shift=spread.tau_sigma * (math.sqrt(1.0 - rho**2) * z[:, 2] + rho * z[:, 0]),
            v50_shift_v=spread.v50_v * z[:, 3],
            frozen=np.zeros(n, dtype=np.bool_),
            frozen_ap=np.zeros(n, dtype=np.bool_),
            field_shift_t=spread.field_t * stray,
            ln_tau_per_s=np.zeros(n),
            v50_v_per_s=np.zeros(n),
            third_factor=np.ones(n),
            third_dwell_s=np.full(n, np.inf),
        )
        for one in own:
            devices._know(one)
        for fault in faults:
            if not 0 <= fault.index < n:
                raise ValueError(
                    f"fault {fault.kind} of junction {fault.index}: there are 0 .. {n - 1}"
                )
            devices._break(fault)
        return devices

    def _know(self, own: Own) -> None:
        at = own.index
        if own.r_p_ohm is not None:
            self.g_p_s[at] = 1.0 / own.r_p_ohm
        for name in ("tmr", "ln_tau_shift", "v50_shift_v"):
            value = getattr(own, name)
            if value is not None:
                getattr(self, name)[at] = value

    def _break(self, fault: Fault) -> None:
        at = fault.index
        match fault.kind:
            case "short":
                self.g_p_s[at], self.tmr[at] = 1.0 / SHORT_OHM, 0.0
            case "open":
                self.g_p_s[at], self.tmr[at] = 0.0, 0.0
            case "stuck_p":
                self.frozen[at], self.frozen_ap[at] = True, False
            case "stuck_ap":
                self.frozen[at], self.frozen_ap[at] = True, True
            case "slow":
                self.ln_tau_shift[at] += np.log(fault.factor)
            case "three_level":
                tmr = float(self.tmr[at])
                if not 1.0 + fault.level * tmr > 0:
                    raise ValueError(
                        f"fault three_level of junction {at}: with a TMR of {tmr:.3g} the level "
                        f"{fault.level} has no positive resistance"
                    )
                self.third_factor[at] = (1.0 + tmr) / (1.0 + fault.level * tmr)
                self.third_dwell_s[at] = fault.dwell_s
            case "drifting":
                self.ln_tau_per_s[at] = fault.ln_tau_per_s
                self.v50_v_per_s[at] = fault.v50_v_per_s

    def __len__(self) -> int:
        return len(self.g_p_s)

    @property
    def drifting(self) -> bool:
        """Whether the rates of any of them depend on bench time."""
        return bool(self.ln_tau_per_s.any() or self.v50_v_per_s.any())

    def conductance_p_s(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Conductance in P with `v` (..., m) across the junction, S: P is taken as ohmic."""
        return np.broadcast_to(self.g_p_s, np.broadcast_shapes(np.shape(v), self.g_p_s.shape))

    def conductance_ap_s(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Conductance in AP with `v` (..., m) across the junction, S.

        TMR(V) = TMR(0) / (1 + (V / V_half)^2); P is taken as ohmic.
        """
        return self.g_p_s / (1.0 + self.tmr / (1.0 + (v / self.parameters.tmr_half_v) ** 2))

    def rates(
        self,
        v_p: NDArray[np.float64],
        v_ap: NDArray[np.float64],
        *,
        field_t: Values = 0.0,
        ambient_k: Values | None = None,
        t_s: Values = 0.0,
    ) -> Rates:
        """Rates with these voltages in the two states.

        The resistance does not depend on the temperature, so that the voltages settle first and
        the heat of each state follows from them. A junction warms up within nanoseconds: it has
        the temperature of the state it is in.

        Args:
            v_p: voltage across the junctions while in P, (..., m), V.
            v_ap: the same in AP.
            field_t: mu0 H, one value or (..., m), T.
            ambient_k: temperature of the chip, one value or (..., m), K, > 0; None is the
                reference temperature of the junction.
            t_s: bench time, one value or (..., m), s; only drifting junctions depend on it.

        Raises:
            ValueError: a temperature that is not above zero.
        """
        r = self.parameters
        ambient = r.temperature_ref_k if ambient_k is None else ambient_k
        if not np.all(np.asarray(ambient) > 0):
            raise ValueError(f"ambient_k = {ambient_k!r} must be above 0 K")
        found = rates(
            r,
            v_p,
            v_ap,
            ln_tau_shift=self.ln_tau_shift + self.ln_tau_per_s * t_s,
            v50_shift_v=self.v50_shift_v + self.v50_v_per_s * t_s,
            field_t=field_t - self.field_shift_t,
            p_k=ambient + r.heating_k_per_w * v_p**2 * self.conductance_p_s(v_p),
            ap_k=ambient + r.heating_k_per_w * v_ap**2 * self.conductance_ap_s(v_ap),
        )
        return Rates(
            np.where(self.frozen, 0.0, found.total_hz),
            np.where(self.frozen, self.frozen_ap, found.occupancy),
        )

    def in_p(self) -> "Devices":
        """The same with every junction in P whatever its bias."""
        every = np.ones(len(self), dtype=np.bool_)
        return replace(self, frozen=every, frozen_ap=~every)

    def take(self, index: NDArray[np.intp]) -> "Devices":
        """Some of them, in the order of `index`."""
        arrays = [field.name for field in fields(self) if field.name != "parameters"]
        return replace(self, **{name: getattr(self, name)[index] for name in arrays})
