"""What a source-meter is set to: function, levels, ranges, compliance. No words, no wires.

Shared by every source-meter: an instrument's twin gives its ranges and its way of saying no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mtjlab.core.interfaces import Function, OffState

Reason = Literal[
    "out of range", "settings conflict", "too small", "above compliance", "power", "follows source"
]


class Refusal(Exception):
    """A setting that the instrument does not take; nothing has changed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Ladder:
    """Ranges of one quantity.

    Attributes:
        nominal: largest |value| of each by name, ascending.
        overrange: full scale over nominal range.
        start: range after a reset.
        source_step, measure_step: resolution as a fraction of the nominal range.
        least_limit: smallest compliance as a fraction of the present measuring range.
    """

    nominal: tuple[float, ...]
    overrange: float
    start: float
    source_step: float
    measure_step: float
    # The 2400 manual, 18-68; a nanoampere is 0.1 % of its lowest range.
    least_limit: float = 0.001

    def full_scale(self, range_: float) -> float:
        """Largest |value| on a range; 105 % of 20 must be exactly what a user writes as 21."""
        return _rounded(range_ * self.overrange)

    def step(self, range_: float) -> float:
        """Resolution of the source on a range."""
        return self.source_step * range_

    @property
    def largest(self) -> float:
        """Full scale of the highest range."""
        return self.full_scale(self.nominal[-1])

    def holding(self, value: float) -> float:
        """The most sensitive range on which |value| fits.

        Raises:
            Refusal: none.
        """
        for range_ in self.nominal:
            if abs(value) <= self.full_scale(range_):
                return range_
        raise Refusal("out of range")


@lru_cache(maxsize=256)
def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


class Quantity:
    """Voltage or current of a source-meter, as source, as limit and as measurement.

    Attributes:
        level: of the source, V or A.
        source_range, source_auto: range of the source, and whether it follows the level.
        compliance: limit while the other quantity is sourced.
        sense_range, sense_auto: range of the measurement, and whether it follows the reading.
        sense_floor: automatic ranging goes no lower.
    """

    def __init__(self, ladder: Ladder) -> None:
        self.ladder = ladder
        self.sense_floor = ladder.nominal[0]
        self.reset()

    def reset(self) -> None:
        """The state after *RST."""
        self.level = 0.0
        self.source_range, self.source_auto = self.ladder.start, True
        self.sense_floor = self.ladder.nominal[0]
        self.reset_measurement()

    def reset_measurement(self) -> None:
        """Compliance and measuring range after *RST; the source stays."""
        self.compliance = self.ladder.full_scale(self.ladder.start)
        self.sense_range, self.sense_auto = self.ladder.start, True

    @property
    def compliance_range(self) -> float:
        """The range on which the compliance lies; measuring ranges go no higher."""
        return self.ladder.holding(self.compliance)

    def state(self) -> dict[str, float | bool]:
        """All settings, for `restore`."""
        return {name: value for name, value in vars(self).items() if name != "ladder"}

    def restore(self, state: Mapping[str, float | bool]) -> None:
        """Put back what `state()` gave."""
        for name, value in state.items():
            setattr(self, name, value)


class SourceModel:
    """Settings of one channel, with every refusal made before anything changes.

    Attributes:
        voltage, current: the two quantities.
        function: which of them is sourced.
        on: whether the output is on.
        off_state: what the terminals are while it is off.
        ceiling_v: the V-source goes no higher (overvoltage protection), V.
    """

    def __init__(
        self, voltage: Ladder, current: Ladder, corners: tuple[tuple[float, float], ...]
    ) -> None:
        """Everything as after a reset.

        Args:
            voltage: its ranges.
            current: its ranges.
            corners: (V, A) of full scale that can be had together; no point outside all of them.
        """
        self.voltage, self.current = Quantity(voltage), Quantity(current)
        self._corners = corners
        self.reset()

    def reset(self) -> None:
        """*RST: 0 V, 0 A, output off."""
        self.voltage.reset()
        self.current.reset()
        self.function: Function = "voltage"
        self.on = False
        self.off_state: OffState = "normal"
        self.ceiling_v = self.voltage.ladder.largest

    @property
    def sourced(self) -> Quantity:
        """The quantity that is set."""
        return self.voltage if self.function == "voltage" else self.current

    @property
    def limited(self) -> Quantity:
        """The quantity that compliance holds back."""
        return self.current if self.function == "voltage" else self.voltage

    def limit(self) -> tuple[float, bool]:
        """Largest |value| of the limited quantity, and whether a fixed measuring range sets it.

        The lower of compliance ("real") and full scale of a fixed measuring range ("range").
        """
        limited = self.limited
        full_scale = limited.ladder.full_scale(limited.sense_range)
        if not limited.sense_auto and full_scale < limited.compliance:
            return full_scale, True
        return limited.compliance, False

    def set_level(self, quantity: Quantity, value: float) -> None:
        """Level of the source.

        Raises:
            Refusal: above full scale, of the fixed range or at all.
        """
        range_ = quantity.ladder.holding(value)
        if quantity.source_auto:
            self._allow(quantity, source_range=range_)
            quantity.source_range = range_
        elif abs(value) > quantity.ladder.full_scale(quantity.source_range):
            raise Refusal("out of range")
        quantity.level = value

    def set_source_range(self, quantity: Quantity, value: float) -> None:
        """Fix the range of the source to the lowest that holds `value`.

        Raises:
            Refusal: there is none, or the present level lies outside it.
        """
        range_ = quantity.ladder.holding(value)
        if abs(quantity.level) > quantity.ladder.full_scale(range_):
            raise Refusal("settings conflict")
        self._allow(quantity, source_range=range_)
        quantity.source_range, quantity.source_auto = range_, False

    def set_source_auto(self, quantity: Quantity, auto: bool) -> None:
        """Let the range of the source follow its level; switched off, it stays where it is."""
        if auto:
            quantity.source_range = quantity.ladder.holding(quantity.level)
        quantity.source_auto = auto

    def set_compliance(self, quantity: Quantity, value: float) -> None:
        """Limit of `quantity` while the other one is sourced; the sign is dropped.

        Raises:
            Refusal: above all ranges, or too small for the present measuring range.
        """
        quantity.ladder.holding(value)
        if abs(value) < quantity.ladder.least_limit * quantity.sense_range * (1 - 1e-9):
            raise Refusal("too small")
        other = self.current if quantity is self.voltage else self.voltage
        self._allow(other, compliance=abs(value))
        quantity.compliance = abs(value)
        if quantity.sense_auto:
            quantity.sense_range = min(quantity.sense_range, quantity.compliance_range)

    def set_sense_range(self, quantity: Quantity, value: float) -> None:
        """Fix the measuring range to the lowest that holds `value`.

        Raises:
            Refusal: none does, it is above the compliance, or the quantity is sourced.
        """
        range_ = quantity.ladder.holding(value)
        if quantity is self.sourced:
            raise Refusal("follows source")
        if range_ > quantity.compliance_range:
            raise Refusal("above compliance")
        quantity.sense_range, quantity.sense_auto = range_, False

    def measuring_range(self, quantity: Quantity) -> float:
        """The range a reading is made on; of the sourced quantity it is the source's."""
        return quantity.source_range if quantity is self.sourced else quantity.sense_range

    def follow(self, quantity: Quantity, value: float) -> float:
        """The measuring range for a reading of about `value`, moved there if automatic."""
        if quantity is not self.sourced and quantity.sense_auto:
            top = quantity.ladder.full_scale(quantity.compliance_range)
            wanted = quantity.ladder.holding(min(abs(value), top))
            quantity.sense_range = max(wanted, quantity.sense_floor)
        return self.measuring_range(quantity)

    def _allow(
        self,
        sourced: Quantity,
        *,
        source_range: float | None = None,
        compliance: float | None = None,
    ) -> None:
        limited = self.current if sourced is self.voltage else self.voltage
        source = sourced.ladder.full_scale(source_range or sourced.source_range)
        limit = limited.compliance if compliance is None else compliance
        v, i = (source, limit) if sourced is self.voltage else (limit, source)
        if not any(v <= v_max and i <= i_max for v_max, i_max in self._corners):
            raise Refusal("power")

    def state(self) -> dict[str, object]:
        """All settings, for `restore`."""
        return {
            "voltage": self.voltage.state(),
            "current": self.current.state(),
            "function": self.function,
            "on": self.on,
            "off_state": self.off_state,
            "ceiling_v": self.ceiling_v,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        for name, value in state.items():
            if isinstance(value, Mapping):
                getattr(self, name).restore(value)
            else:
                setattr(self, name, value)
