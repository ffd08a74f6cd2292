"""How a source-meter's output meets the world: regulation, limits, off-states."""

import math

from sim_backend.twins.source_model import SourceModel
from sim_backend.world.world import World

# The V-source of a 2400 has recovered from a load step after 250 us (user's manual, 3-4);
# a loop that is limiting, or sourcing current, follows the load no faster than that.
_LOOP_S = 250e-6
# A junction may change its conductance by this factor between two looks.
_FAR_FROM_LIMIT = 4.0
_MOST_ITERATIONS = 20


class SourceOutput:
    """The output terminal of one channel.

    The load is purely resistive and passive. A source that limits, or sources current, holds its
    voltage between commands and readings; during a reading it is regulated every 250 us, on the
    mean conductance of the 250 us before.

    Attributes:
        terminal: in the world, such as `smu`.
        tripped: the load of a V-source is shorted, that of an I-source open: compliance holds the
            output back, and nothing is left for the junctions.
    """

    def __init__(self, world: World, terminal: str, model: SourceModel) -> None:
        self._world = world
        self.terminal = terminal
        self._model = model
        self._volts: float | None = None
        self.tripped = False

    def trip(self, tripped: bool) -> None:
        """A short or a break at the terminal comes or goes."""
        self.tripped = tripped
        self.apply()

    def apply(self) -> bool:
        """Drive the terminal as the model says; returns whether the output limits."""
        model = self._model
        if not model.on:
            # NORMAL and ZERO are V-sources at 0 V; GUARD is an I-source at 0 A, which a passive
            # load cannot tell from an open relay.
            off = 0.0 if model.off_state in ("normal", "zero") else None
            self._drive(off)
            return False
        if self.tripped:
            self._drive(0.0 if model.function == "voltage" else None)
            return self._target() != 0
        if model.function == "voltage":
            self._drive(self._target())
        limiting = False
        for _ in range(_MOST_ITERATIONS):
            # The load depends on its own voltage, hence the iteration.
            volts, limiting = self._regulated(self._conductance())
            if math.isclose(volts, self.volts, rel_tol=1e-6, abs_tol=1e-12):
                break
            self._drive(volts)
        return limiting

    def integrate(self, duration_s: float, *, amperes: bool = True) -> tuple[float, float, bool]:
        """Mean voltage (V) and current (A) over `duration_s`, which passes; did it limit?

        Without `amperes` the current need not be found out, and may be given as 0.
        """
        model = self._model
        limit, _ = model.limit()
        if self.tripped:
            self._world.clock.sleep(duration_s)
            held = math.copysign(limit, self._target()) if self.apply() else 0.0
            voltage = model.function == "voltage"
            return (0.0, held, held != 0) if voltage else (held, 0.0, held != 0)
        conductance_s = self._conductance()
        if model.function == "voltage":
            target = self._target()
            if abs(target) * conductance_s * _FAR_FROM_LIMIT < limit:
                self._drive(target)
                if not amperes:
                    self._world.clock.sleep(duration_s)
                    return target, 0.0, False
                mean_s = self._world.mean_conductance_s(self.terminal, duration_s)
                return target, target * mean_s, False
        limiting = False
        pieces = max(1, math.ceil(duration_s / _LOOP_S))
        volts = amps = 0.0
        for _ in range(pieces):
            level, limits = self._regulated(conductance_s)
            self._drive(level)
            limiting |= limits
            conductance_s = self._world.mean_conductance_s(self.terminal, duration_s / pieces)
            volts += level / pieces
            amps += level * conductance_s / pieces
        return volts, amps, limiting

    def restore(self, volts: float | None) -> None:
        """What `state()` gave; the world restores its own drives."""
        self._volts = volts

    def state(self) -> float | None:
        """What the terminal was last driven with, V; None if with nothing."""
        return self._volts

    @property
    def volts(self) -> float:
        """Voltage at the terminal; 0 while nothing drives it."""
        return self._volts or 0.0

    def _regulated(self, conductance_s: float) -> tuple[float, bool]:
        model = self._model
        limit, _ = model.limit()
        target = self._target()
        if target == 0:
            return 0.0, False
        if model.function == "voltage":
            if abs(target) * conductance_s <= limit:
                return target, False
            return math.copysign(limit / conductance_s, target), True
        if abs(target) <= limit * conductance_s:
            return target / conductance_s, False
        return math.copysign(limit, target), True

    def _target(self) -> float:
        sourced = self._model.sourced
        step = sourced.ladder.step(sourced.source_range)
        target = float(f"{round(sourced.level / step) * step:.12g}")
        if self._model.function == "voltage":
            ceiling = self._model.ceiling_v
            return max(-ceiling, min(ceiling, target))
        return target

    def _conductance(self) -> float:
        load_ohm = self._world.load_ohm(self.terminal)
        return 1.0 / load_ohm if load_ohm > 0 else math.inf

    def _drive(self, volts: float | None) -> None:
        if volts is None or volts != self._volts:
            self._volts = volts
            self._world.drive(self.terminal, volts)
