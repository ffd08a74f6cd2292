"""What one channel of a Keithley 2602B is set to: as any source-meter, with limits of its own."""

from collections.abc import Mapping

from mtjlab.core.interfaces import OffState
from sim_backend.tsp import TspError, too_big, too_small
from sim_backend.twins.keithley2600_ranges import (
    AMPERES,
    CORNERS,
    LIMIT_A,
    LIMIT_V,
    OFF_LIMIT_A,
    OFF_LIMIT_V,
    SMALLEST_LIMIT_A,
    SMALLEST_LIMIT_V,
    VOLTS,
)
from sim_backend.twins.source_model import Quantity, Reason, Refusal, SourceModel

NORMAL, ZERO, HIGH_Z = 0, 1, 2
DC_AMPS, DC_VOLTS = 0, 1


class Keithley2600Model(SourceModel):
    """Settings of one channel.

    That the full scale of a fixed measuring range also limits, as on a 2400, is not verified.

    Attributes:
        off_mode: NORMAL, ZERO or HIGH_Z.
        off_function: what NORMAL is: 0 V or 0 A.
        off_limit_a, off_limit_v: limits of NORMAL.
        opened: the relay was opened by `source.output = OUTPUT_HIGH_Z`.
    """

    def __init__(self) -> None:
        super().__init__(VOLTS, AMPERES, CORNERS)

    def reset(self) -> None:
        """0 V on the lowest range, everything automatic, output off."""
        super().reset()
        self.voltage.compliance, self.current.compliance = LIMIT_V, LIMIT_A
        self.off_mode, self.off_function = NORMAL, DC_VOLTS
        self.off_limit_v, self.off_limit_a = OFF_LIMIT_V, OFF_LIMIT_A
        self.opened = False
        self.set_off()

    def set_off(self) -> None:
        """Find out what the terminals are while the output is off."""
        state: OffState = "normal" if self.off_function == DC_VOLTS else "guard"
        if self.off_mode == ZERO:
            state = "zero"
        if self.opened or self.off_mode == HIGH_Z:
            state = "high_impedance"
        self.off_state = state

    def set_compliance(self, quantity: Quantity, value: float) -> None:
        """Limit of `quantity` while the other one is sourced; it has a range of its own.

        Raises:
            Refusal: above or below all limits, or more than the output stage gives.
        """
        limit = abs(value)
        smallest = SMALLEST_LIMIT_V if quantity is self.voltage else SMALLEST_LIMIT_A
        if limit < smallest * (1 - 1e-9):
            raise Refusal("too small")
        quantity.ladder.holding(limit)
        self._allow(self._other(quantity), compliance=limit)
        quantity.compliance = limit

    def set_sense_range(self, quantity: Quantity, value: float) -> None:
        """Fix the measuring range; that of the sourced quantity counts when it is not.

        Raises:
            Refusal: no range holds it.
        """
        quantity.sense_range, quantity.sense_auto = quantity.ladder.holding(value), False

    def _other(self, quantity: Quantity) -> Quantity:
        return self.current if quantity is self.voltage else self.voltage

    def state(self) -> dict[str, object]:
        """All settings, for `restore`."""
        return super().state() | {
            "off": [self.off_mode, self.off_function, self.off_limit_v, self.off_limit_a],
            "opened": self.opened,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        rest = dict(state)
        off = rest.pop("off")
        assert isinstance(off, list)
        super().restore(rest)
        self.off_mode, self.off_function, self.off_limit_v, self.off_limit_a = off


def refused(reason: Reason) -> TspError:
    """What a 2600 says when its model refuses.

    Which number it has for a level beyond a fixed range, for more power than there is, and for a
    range below the level, is not verified.
    """
    if reason == "too small":
        return too_small()
    if reason == "settings conflict":
        return TspError(-221, "Settings conflict")
    return too_big()
