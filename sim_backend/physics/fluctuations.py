"""What else the conductance of a junction does beside its telegraph: trap, third level, flicker.

Each is a process of its own that neither follows nor moves the magnetisation. They multiply the
conductance; the rates of switching are those of the undisturbed junction.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim_backend.physics.devices import Devices
from sim_backend.physics.flicker import bank, follow
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import Switching, propagate, switching

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Index = NDArray[np.intp]

# random() may return 0, whose normal quantile is infinite.
_SMALLEST_UNIFORM = 2.0**-54


class Fluctuations:
    """The processes of m junctions; most chips have none.

    Attributes:
        trap_filled: (m,), or (0,) on a chip without traps.
        third: (m,), whether the intermediate level holds while the junction is in AP; (0,) on a
            chip where no junction has three levels.
        flicker: (m, K), the processes of `flicker.bank`; K = 0 without.
    """

    def __init__(self, devices: Devices, rng: np.random.Generator) -> None:
        """Everything stationary; draws nothing from `rng` when there is nothing to draw."""
        r = devices.parameters
        m = len(devices)
        self._depth = r.trap_depth
        self._trap = Rates(
            np.asarray(1.0 / r.trap_empty_s + 1.0 / r.trap_filled_s),
            np.asarray(r.trap_filled_s / (r.trap_empty_s + r.trap_filled_s)),
        )
        self._has_third = np.isfinite(devices.third_dwell_s)
        self._third_factor = devices.third_factor
        self._third = Rates(2.0 / devices.third_dwell_s, np.full(m, 0.5))
        self._bank = bank(r)
        self.trap_filled = rng.random(m if self._depth else 0) < self._trap.occupancy
        self.third = rng.random(m if self._has_third.any() else 0) < 0.5
        self.flicker = self._bank.sigma * rng.standard_normal((m, len(self._bank.rates_hz)))

    def width(self, index: Index) -> int:
        """How many uniform numbers an instant of these junctions takes."""
        trap = len(index) if self._depth else 0
        return trap + int(self._has_third[index].sum()) + len(index) * len(self._bank.rates_hz)

    def factor(
        self, index: Index, ap: Bools, elapsed_s: Floats, dt_s: float, uniform: Floats
    ) -> Floats:
        """Move to n >= 1 instants and say by how much the conductance is multiplied there.

        Args:
            index: (k,), which junctions, none twice.
            ap: (n, k), their states.
            elapsed_s: (k,), from the last known instant to the first of these, s.
            dt_s: between instants, s.
            uniform: (n, width(index)), 0 <= u < 1.

        Returns:
            (n, k).
        """
        factor = np.ones(ap.shape)
        at = 0
        if self._depth:
            filled = _telegraph(
                self.trap_filled[index], self._trap, elapsed_s, dt_s, uniform[:, : len(index)]
            )
            self.trap_filled[index] = filled[-1]
            factor[filled] -= self._depth
            at = len(index)
        mine = self._has_third[index]
        if mine.any():
            which = index[mine]
            rates = Rates(self._third.total_hz[which], self._third.occupancy[which])
            drawn = uniform[:, at : at + len(which)]
            third = _telegraph(self.third[which], rates, elapsed_s[mine], dt_s, drawn)
            self.third[which] = third[-1]
            factor[:, mine] *= np.where(third & ap[:, mine], self._third_factor[which], 1.0)
            at += len(which)
        if len(self._bank.rates_hz):
            normal = ndtri(np.maximum(uniform[:, at:], _SMALLEST_UNIFORM))
            path = follow(
                self._bank,
                self.flicker[index],
                elapsed_s,
                dt_s,
                normal.reshape(*ap.shape, len(self._bank.rates_hz)),
            )
            self.flicker[index] = path[-1]
            # exp keeps a conductance positive; less half the variance its mean is 1.
            factor *= np.exp(path.sum(axis=2) - 0.5 * self._bank.variance)
        return factor

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that changes, flat; processes that this chip has not are left out."""
        return {name: found.copy() for name, found in self._arrays().items() if found.size}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state()` of the same devices.

        Raises:
            ValueError: it belongs to other devices; nothing was changed.
        """
        loaded = {}
        for name, mine in self._arrays().items():
            found = np.array(state[name] if mine.size else mine, dtype=mine.dtype)
            if found.shape != mine.shape:
                raise ValueError(f"the saved {name} has the shape {found.shape}, not {mine.shape}")
            loaded[name] = found
        self.trap_filled, self.third = loaded["trap_filled"], loaded["third"]
        self.flicker = loaded["flicker"]

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"trap_filled": self.trap_filled, "third": self.third, "flicker": self.flicker}


def _telegraph(
    state: Bools, rates: Rates, elapsed_s: Floats, dt_s: float, uniform: Floats
) -> Bools:
    """States at n instants, the first one after `elapsed_s`."""
    first = propagate(state, switching(rates, elapsed_s), uniform[:1])
    step = switching(rates, dt_s)
    shape = state.shape
    then = propagate(
        first[0],
        Switching(np.broadcast_to(step.to_ap, shape), np.broadcast_to(step.change, shape)),
        uniform[1:],
    )
    return np.concatenate([first, then])
