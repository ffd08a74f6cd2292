"""What a Keithley 2450 is set to: as any source-meter, but limits give way to ranges.

Where a 2400 refuses a range that its limit does not suit, a 2450 changes the limit and says so
with a warning (page 6-71).
"""

from collections.abc import Mapping

from mtjlab.core.interfaces import Function, OffState
from sim_backend.twins.keithley2450_ranges import (
    AMPERES,
    CORNERS,
    INTERLOCKED_V,
    LIMIT_OF_RANGE,
    SMALLEST_LIMIT_A,
    SMALLEST_LIMIT_V,
    VOLTS,
)
from sim_backend.twins.source_model import Quantity, Refusal, SourceModel


class Keithley2450Model(SourceModel):
    """Settings of the one channel.

    Attributes:
        adjusted: the instrument has changed a limit by itself; who reports it clears this.
        off_states: per source function, what the terminals are while the output is off.
        protection_v: setting of the overvoltage protection, V.
        interlock: whether the interlock is closed, which high voltage needs.
    """

    def __init__(self, *, interlock: bool) -> None:
        self.adjusted = False
        self.interlock = interlock
        self.off_states: dict[Function, OffState] = {}
        super().__init__(VOLTS, AMPERES, CORNERS)

    def reset(self) -> None:
        """*RST: 0 V on the lowest range, output off."""
        super().reset()
        for quantity in (self.voltage, self.current):
            quantity.source_range = quantity.ladder.nominal[0]
        self.off_states = {"voltage": "normal", "current": "normal"}
        self.adjusted = False
        self.set_protection(self.voltage.ladder.largest)

    def select(self, function: Function) -> None:
        """Source voltage or current; each has its own off-state (page 2-84)."""
        self.function = function
        self.off_state = self.off_states[function]

    def set_off_state(self, state: OffState, *functions: Function) -> None:
        """What the terminals are while the output is off."""
        self.off_states |= dict.fromkeys(functions, state)
        self.off_state = self.off_states[self.function]

    def set_compliance(self, quantity: Quantity, value: float) -> None:
        """Limit of `quantity` while the other one is sourced; the sign is dropped.

        Raises:
            Refusal: above or below all limits, more than the output stage gives on the present
                source range, less than belongs to a fixed measuring range.
        """
        limit = abs(value)
        quantity.ladder.holding(limit)
        smallest = SMALLEST_LIMIT_V if quantity is self.voltage else SMALLEST_LIMIT_A
        if limit < smallest:
            raise Refusal("out of range")
        if not quantity.sense_auto and limit < LIMIT_OF_RANGE * quantity.sense_range * (1 - 1e-9):
            raise Refusal("too small")
        if limit > self._most(quantity, self._other(quantity).source_range):
            raise Refusal("power")
        if quantity is self.voltage and limit > self.protection_v:
            raise Refusal("settings conflict")
        quantity.compliance = limit
        if quantity.sense_auto:
            quantity.sense_range = min(quantity.sense_range, quantity.compliance_range)

    def set_sense_range(self, quantity: Quantity, value: float) -> None:
        """Fix the measuring range; that of the sourced quantity counts when it is not (6-54).

        Raises:
            Refusal: no range holds it.
        """
        range_ = quantity.ladder.holding(value)
        quantity.sense_range, quantity.sense_auto = range_, False
        if quantity.compliance < LIMIT_OF_RANGE * range_:
            quantity.compliance = LIMIT_OF_RANGE * range_
            self.adjusted = True

    def set_protection(self, volts: float) -> None:
        """Overvoltage protection; a limit above it comes down with it."""
        self.protection_v = volts
        self.ceiling_v = volts if self.interlock else min(volts, INTERLOCKED_V)
        if self.voltage.compliance > volts:
            self.voltage.compliance = volts
            self.adjusted = True

    def limit(self) -> tuple[float, bool]:
        """As the base's; what holds a voltage source down also bounds that of a current source."""
        limit, by_range = super().limit()
        if self.limited is self.voltage and self.ceiling_v < limit:
            return self.ceiling_v, False
        return limit, by_range

    def _other(self, quantity: Quantity) -> Quantity:
        return self.current if quantity is self.voltage else self.voltage

    def _most(self, limited: Quantity, source_range: float) -> float:
        """The largest limit that can be had with a source range."""
        source = self._other(limited).ladder.full_scale(source_range)
        if limited is self.current:
            return max(i for v, i in CORNERS if source <= v)
        return max(v for v, i in CORNERS if source <= i)

    def _allow(
        self,
        sourced: Quantity,
        *,
        source_range: float | None = None,
        compliance: float | None = None,
    ) -> None:
        limited = self._other(sourced)
        most = self._most(limited, source_range or sourced.source_range)
        if limited.compliance > most:
            limited.compliance = most
            self.adjusted = True

    def state(self) -> dict[str, object]:
        """All settings, for `restore`."""
        return super().state() | {"off_states": self.off_states, "protection_v": self.protection_v}

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        rest = dict(state)
        off_states = rest.pop("off_states")
        assert isinstance(off_states, dict)
        super().restore(rest)
        self.off_states = off_states
