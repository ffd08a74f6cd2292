"""The junctions of one chip: copies of the typical one with their spread and faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.physics.rates import Rates, rates

SHORT_OHM = 100.0  # a dead barrier: leads and electrodes remain


@dataclass(frozen=True)
class Devices:
    """m junctions, as arrays of shape (m,).

    Attributes:
        parameters: what they have in common.
        g_p_s: conductance in P, S; 0 is an open junction.
        tmr: TMR ratio at zero voltage; 0 where both states have one resistance.
        ln_tau_shift: ln(tau / typical tau).
        v50_shift_v: shift of the voltage axis, V.
        frozen: never switches.
        frozen_ap: where `frozen`, whether it sits in AP.
    """

    parameters: JunctionParameters
    g_p_s: NDArray[np.float64]
    tmr: NDArray[np.float64]
    ln_tau_shift: NDArray[np.float64]
    v50_shift_v: NDArray[np.float64]
    frozen: NDArray[np.bool_]
    frozen_ap: NDArray[np.bool_]

    @classmethod
    def draw(
        cls,
        parameters: JunctionParameters,
        spread: Spread,
        faults: Sequence[Fault],
        n: int,
        chip_seed: int,
    ) -> Self:
        """The chip with this seed.

        Four normal numbers per device, in the order of devices: a chip with more junctions has
        the same first ones, and the size of a spread changes no other.

        Raises:
            ValueError: a fault of a junction that is not there.
        """
        z = np.random.default_rng(chip_seed).standard_normal((n, 4))
        g_p_s = np.exp(-spread.r_sigma * z[:, 0]) / parameters.r_p_ohm
        # 1 + TMR > 0 whatever the draw: the resistance of AP cannot vanish.
        tmr = np.maximum(parameters.tmr * (1.0 + spread.tmr_sigma * z[:, 1]), -0.99)
        ln_tau_shift = spread.tau_sigma * z[:, 2]
        v50_shift_v = spread.v50_v * z[:, 3]
        frozen = np.zeros(n, dtype=np.bool_)
        frozen_ap = np.zeros(n, dtype=np.bool_)
        for fault in faults:
            at = fault.index
            if not 0 <= at < n:
                raise ValueError(f"fault {fault.kind} of junction {at}: there are 0 .. {n - 1}")
            match fault.kind:
                case "short":
                    g_p_s[at], tmr[at] = 1.0 / SHORT_OHM, 0.0
                case "open":
                    g_p_s[at], tmr[at] = 0.0, 0.0
                case "stuck_p":
                    frozen[at], frozen_ap[at] = True, False
                case "stuck_ap":
                    frozen[at], frozen_ap[at] = True, True
                case "slow":
                    ln_tau_shift[at] += np.log(fault.factor)
        return cls(parameters, g_p_s, tmr, ln_tau_shift, v50_shift_v, frozen, frozen_ap)

    def __len__(self) -> int:
        return len(self.g_p_s)

    def conductance_ap_s(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Conductance in AP with `v` (..., m) across the junction, S.

        TMR(V) = TMR(0) / (1 + (V / V_half)^2); P is taken as ohmic.
        """
        return self.g_p_s / (1.0 + self.tmr / (1.0 + (v / self.parameters.tmr_half_v) ** 2))

    def rates(self, v_p: NDArray[np.float64], v_ap: NDArray[np.float64]) -> Rates:
        """Rates with these voltages in the two states, each (..., m), V."""
        found = rates(
            self.parameters,
            v_p,
            v_ap,
            ln_tau_shift=self.ln_tau_shift,
            v50_shift_v=self.v50_shift_v,
        )
        return Rates(
            np.where(self.frozen, 0.0, found.total_hz),
            np.where(self.frozen, self.frozen_ap, found.occupancy),
        )

    def take(self, index: NDArray[np.intp]) -> "Devices":
        """Some of them, in the order of `index`."""
        return Devices(
            self.parameters,
            self.g_p_s[index],
            self.tmr[index],
            self.ln_tau_shift[index],
            self.v50_shift_v[index],
            self.frozen[index],
            self.frozen_ap[index],
        )
