"""A constant bias common to several single junctions, from source-meters or board outputs."""

import math
from collections.abc import Sequence

from mtjlab.core.errors import BenchError, InstrumentError
from mtjlab.core.interfaces import Reading, SourceSettings
from mtjlab.core.limits import Limit
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction, largest_level_v

# Where neither the user nor the bench file says one.
DEFAULT_BIAS_V = 0.1


class CommonBias:
    """The source terminals behind `junctions`, moved together through the guard.

    Attributes:
        behind_divider_v: operating bias of each junction, open-circuit volts behind its divider.
        levels_v: terminal -> source level that makes it.
    """

    def __init__(
        self, rig: Rig, junctions: Sequence[SingleJunction], bias_v: float | None = None
    ) -> None:
        """Find the level of each terminal; touch nothing.

        Args:
            rig: the bench.
            junctions: all that shall stand at their operating bias.
            bias_v: for all of them, in place of what the bench file says of each.

        Raises:
            BenchError: nothing drives a terminal, or one would have to stand at two levels.
        """
        self._rig = rig
        self.behind_divider_v = tuple(
            bias_v if bias_v is not None else DEFAULT_BIAS_V if j.bias_v is None else j.bias_v
            for j in junctions
        )
        self.levels_v: dict[str, float] = {}
        first: dict[str, SingleJunction] = {}
        for junction, volts in zip(junctions, self.behind_divider_v, strict=True):
            terminal = junction.source
            board = terminal.partition("/")[0]
            if terminal not in rig.sources and board not in rig.daqs:
                raise BenchError(f"no instrument of this bench drives the terminal {terminal!r}")
            level_v = volts / junction.divider
            if not math.isclose(self.levels_v.setdefault(terminal, level_v), level_v):
                raise BenchError(
                    f"{terminal} would have to stand at {si(self.levels_v[terminal], 'V')} for "
                    f"junction {first[terminal].cell} and at {si(level_v, 'V')} for junction "
                    f"{junction.cell}: they share it, so that bias / divider must be the same. "
                    "Give them the same `bias` in [[wiring.singles]], or a terminal each"
                )
            first.setdefault(terminal, junction)

    def prepare(self) -> None:
        """Configure for the operating levels, at 0 V, and switch on.

        The compliance is the current with every junction shorted: what the series resistors
        already allow, so that it never limits a healthy bench.

        Raises:
            LimitError: a level would be refused later; no output has been switched on.
        """
        for terminal, level_v in self.levels_v.items():
            driven = self._rig.wiring.driven_by(terminal)
            Limit(0.0, largest_level_v(driven, self._rig.limits), "V").check(
                level_v,
                f"bias of {terminal}",
                advice=(
                    f"The limit is {si(self._rig.limits.hard_v, 'V')} and "
                    f"{si(self._rig.limits.hard_a, 'A')} at the worst junction"
                ),
            )
        for terminal, level_v in self.levels_v.items():
            source = self._rig.sources.get(terminal)
            if source is None:
                continue
            driven = self._rig.wiring.driven_by(terminal)
            shorted_a = sum(level_v * j.divider / j.series_ohm for j in driven)
            source.configure(
                SourceSettings(
                    "voltage",
                    range=level_v,
                    compliance=max(shorted_a, 1e-6),
                    off_state="normal",
                )
            )
            source.output(True)

    def set(self, share: float) -> None:
        """Move every terminal to `share` of its operating level: 1 is the bias, 0 is none."""
        boards: dict[str, dict[str, float]] = {}
        for terminal, level_v in self.levels_v.items():
            if terminal in self._rig.sources:
                self._rig.sources[terminal].set_level(share * level_v)
            else:
                board, _, channel = terminal.partition("/")
                boards.setdefault(board, {})[channel] = share * level_v
        for board, values_v in boards.items():
            self._rig.daqs[board].write(values_v)

    def measure(self) -> dict[str, Reading]:
        """One reading per source-meter; a board output has none.

        Raises:
            InstrumentError: a source is in compliance: something behind it draws too much.
        """
        readings = {
            terminal: self._rig.sources[terminal].measure()
            for terminal in self.levels_v
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
