"""The transimpedance amplifiers at the columns of one array, with what they remember."""

import numpy as np

from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from sim_backend.physics.electronics.amplifier import correlated, johnson_v, time_constant_s
from sim_backend.physics.electronics.lag import follow, kept
from sim_backend.world.instants import Instants, Volts
from sim_backend.world.surroundings import Amplifier

# Of a chip whose temperature nobody gives, for the noise of resistors beside it.
_ROOM_K = 300.0


class Amplifiers:
    """Column currents in, output voltages out: offset - R_f I, through one pole.

    Attributes:
        lag: whether their bandwidth is finite.
    """

    def __init__(
        self,
        kind: Amplifier,
        feedback_ohm: float,
        columns: int,
        ambient_k: float | None,
        t_s: float,
        generators: Generators,
    ) -> None:
        self._kind = kind
        self._feedback_ohm = feedback_ohm
        self._generators = generators
        self._tau_s = time_constant_s(kind.bandwidth_hz)
        self.lag = self._tau_s > 0
        self._noise_v = 0.0
        if kind.johnson_noise:
            self._noise_v = johnson_v(feedback_ohm, kind.bandwidth_hz, ambient_k or _ROOM_K)
        self._output_v = np.full(columns, kind.offset_v)
        self._normal = np.zeros(columns)
        self._time_s = np.full(columns, t_s)

    def ideal_v(self, column_a: Volts) -> Volts:
        """What they settle at."""
        return self._kind.offset_v - self._feedback_ohm * column_a

    def outputs_v(self, column_a: Volts, at: Instants, skew_s: Volts) -> Volts:
        """Outputs at the instants, (n, columns), V.

        Args:
            column_a: (n, columns): without a lag the currents from each instant on, with one
                those that flowed until it.
            at: the instants.
            skew_s: (columns,), by which each column is seen later.
        """
        target = self.ideal_v(column_a)
        if not self.lag:
            return target
        step_s = np.full(target.shape, at.dt_s)
        step_s[0] = np.maximum(at.t0_s + skew_s - self._time_s, 0.0)
        left = kept(step_s, self._tau_s)
        output_v = follow(self._output_v, target, left)
        self._output_v = output_v[-1].copy()
        self._time_s = at.t0_s + (at.n - 1) * at.dt_s + skew_s
        if self._noise_v:
            rng = self._generators["instruments"]
            normal = correlated(self._normal, rng.standard_normal(target.shape), left)
            self._normal = normal[-1].copy()
            output_v = output_v + self._noise_v * normal
        return output_v

    def state(self) -> dict[str, StateValue]:
        """Flat; empty without a lag."""
        if not self.lag:
            return {}
        return {
            "output_v": self._output_v.copy(),
            "normal": self._normal.copy(),
            "output_time_s": self._time_s.copy(),
        }

    def restore(self, state: State) -> None:
        """What `state()` gave."""
        if self.lag:
            self._output_v = np.array(state["output_v"], dtype=np.float64)
            self._normal = np.array(state["normal"], dtype=np.float64)
            self._time_s = np.array(state["output_time_s"], dtype=np.float64)
