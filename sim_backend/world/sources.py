"""What source terminals hold, and how far their outputs are from it: settling and noise."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from sim_backend.physics.electronics.lag import follow, kept
from sim_backend.world.surroundings import SourceFlaws

Volts = NDArray[np.float64]


class Sources:
    """The terminals that drive something.

    Attributes:
        held: terminal -> what it was told to hold, V; None drives nothing.
    """

    def __init__(self, flaws: Mapping[str, SourceFlaws], generators: Generators) -> None:
        self.held: dict[str, float | None] = {}
        self._flaws = flaws
        self._generators = generators
        # Of terminals that settle: the true voltage, and when it was that.
        self._true: dict[str, tuple[float, float]] = {}

    @property
    def flawed(self) -> bool:
        """Whether any terminal is not ideal."""
        return bool(self._flaws)

    def level_v(self, terminal: str) -> float:
        """What a terminal was told to hold; one that drives nothing counts as 0 V."""
        return self.held.get(terminal) or 0.0

    def set(self, terminal: str, volts: float | None, t_s: float) -> None:
        """From `t_s` on hold `volts`."""
        if self._settling_s(terminal):
            self._true[terminal] = (self._true_v(terminal, t_s), t_s)
        self.held[terminal] = volts

    def deviations(
        self,
        terminals: Sequence[str],
        played: Mapping[str, Volts],
        t0_s: float,
        dt_s: float,
        n: int,
    ) -> dict[str, Volts]:
        """Deviation of each imperfect terminal at n instants, (n,), V; changes what is played.

        A sample on the very edge of a step sees an output that has not begun to move.
        """
        found: dict[str, Volts] = {}
        for terminal in terminals:
            settling_s = self._settling_s(terminal)
            noise_v = self._flaws[terminal].noise_v if terminal in self._flaws else 0.0
            if not settling_s and not noise_v:
                continue
            level_v = self.level_v(terminal)
            target = played.get(terminal, np.full(n, level_v))
            deviation = np.zeros(n)
            if settling_s:
                start_v = self._true_v(terminal, t0_s)
                true = np.full((n, 1), start_v)
                if n > 1:
                    left = kept(np.full((n - 1, 1), dt_s), settling_s)
                    true[1:] = follow(true[0], target[:-1, np.newaxis], left)
                deviation = true[:, 0] - target
                self._true[terminal] = (float(true[-1, 0]), t0_s + (n - 1) * dt_s)
            if noise_v:
                rng = self._generators["instruments"]
                deviation = deviation + noise_v * rng.standard_normal(n)
            found[terminal] = deviation
        return found

    def _settling_s(self, terminal: str) -> float:
        return self._flaws[terminal].settling_s if terminal in self._flaws else 0.0

    def _true_v(self, terminal: str, t_s: float) -> float:
        level_v = self.level_v(terminal)
        volts, since_s = self._true.get(terminal, (level_v, t_s))
        left = math.exp(-max(0.0, t_s - since_s) / self._settling_s(terminal))
        return level_v + (volts - level_v) * left

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        state: dict[str, StateValue] = {f"drive/{name}": v for name, v in self.held.items()}
        for name, (volts, t_s) in self._true.items():
            state[f"settling/{name}"] = np.array([volts, t_s])
        return state

    def restore(self, state: State) -> None:
        """What `state()` gave."""
        self.held = {
            key.removeprefix("drive/"): None if volts is None else number(volts)
            for key, volts in state.items()
            if key.startswith("drive/")
        }
        self._true = {
            key.removeprefix("settling/"): (float(pair[0]), float(pair[1]))
            for key, value in state.items()
            if key.startswith("settling/")
            for pair in [np.asarray(value, dtype=np.float64)]
        }


def number(value: StateValue) -> float:
    """A saved number.

    Raises:
        BenchError: it is something else.
    """
    if isinstance(value, int | float):
        return float(value)
    raise BenchError(f"the saved world holds {value!r} where a number belongs")
