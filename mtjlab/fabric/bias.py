"""A constant bias common to several single junctions, from a source-meter or board outputs."""

from collections.abc import Sequence

from mtjlab.core.errors import BenchError, InstrumentError
from mtjlab.core.interfaces import Reading, SourceSettings
from mtjlab.core.limits import Limit
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction, largest_level_v


class CommonBias:
    """The source terminals behind `junctions`, moved together through the guard."""

    def __init__(self, rig: Rig, junctions: Sequence[SingleJunction]) -> None:
        self._rig = rig
        self._terminals = tuple(dict.fromkeys(j.source for j in junctions))
        for terminal in self._terminals:
            board = terminal.partition("/")[0]
            if terminal not in rig.sources and board not in rig.daqs:
                raise BenchError(f"no instrument of this bench drives the terminal {terminal!r}")

    def prepare(self, largest_v: float) -> None:
        """Configure for up to `largest_v` (V), at 0 V, and switch on.

        The compliance is the current with every junction shorted: what the series resistors
        already allow, so that it never limits a healthy bench.

        Raises:
            LimitError: `largest_v` would be refused later; no output has been switched on.
        """
        for terminal in self._terminals:
            driven = self._rig.wiring.driven_by(terminal)
            Limit(0.0, largest_level_v(driven, self._rig.limits), "V").check(
                largest_v,
                f"bias of {terminal}",
                advice=(
                    f"The limit is {si(self._rig.limits.hard_v, 'V')} and "
                    f"{si(self._rig.limits.hard_a, 'A')} at the worst junction"
                ),
            )
        for terminal in self._terminals:
            source = self._rig.sources.get(terminal)
            if source is None:
                continue
            driven = self._rig.wiring.driven_by(terminal)
            shorted_a = sum(largest_v * j.divider / j.series_ohm for j in driven)
            source.configure(
                SourceSettings(
                    "voltage",
                    range=largest_v,
                    compliance=max(shorted_a, 1e-6),
                    off_state="normal",
                )
            )
            source.output(True)

    def set(self, volts: float) -> None:
        """Move every terminal to `volts`."""
        for terminal in self._terminals:
            if terminal in self._rig.sources:
                self._rig.sources[terminal].set_level(volts)
            else:
                board, _, channel = terminal.partition("/")
                self._rig.daqs[board].write({channel: volts})

    def measure(self) -> dict[str, Reading]:
        """One reading per source-meter; a board output has none.

        Raises:
            InstrumentError: a source is in compliance: something behind it draws too much.
        """
        readings = {
            terminal: self._rig.sources[terminal].measure()
            for terminal in self._terminals
            if terminal in self._rig.sources
        }
        for terminal, reading in readings.items():
            if reading.in_compliance:
                raise InstrumentError(
                    f"{terminal} is in compliance at {si(reading.voltage_v, 'V')} and "
                    f"{si(reading.current_a, 'A')}: the junctions draw more than their series "
                    "resistors allow. Check the wiring for a short before the resistors"
                )
        return readings
