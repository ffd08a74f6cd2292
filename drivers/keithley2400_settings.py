"""What a Keithley 2400 is set to, in which order, and what must be read back.

Figures are those of the instrument's data sheet: 5 1/2 digits, ranges with 5 % over-range.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.scpi_source_meter import ScpiSourceMeterOptions
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.interfaces import SourceAbilities

ABILITIES = SourceAbilities(
    voltage_ranges_v=(0.2, 2.0, 20.0, 200.0),
    current_ranges_a=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    overrange=1.05,
)
# The output stage gives 22 W: above 21 V no more than 105 mA.
STAGE = OutputStage(ABILITIES, large_v=21.0, small_a=0.105, steps=40_000, nplc=(0.01, 10.0))
# PyMeasure's words for the output-off states.
_OFF_STATES = {
    "normal": "normal",
    "zero": "zero",
    "high_impedance": "disconnected",
    "guard": "guard",
}


class Keithley2400Options(ScpiSourceMeterOptions):
    """`[instruments.NAME.options]`; see the base."""


@dataclass(frozen=True)
class Change:
    """One property of PyMeasure's `Keithley2400`, its value, and what may come back.

    Attributes:
        attribute: name of the property.
        value: what it is set to.
        low, high: bounds of a number read back; None: the very value.
    """

    attribute: str
    value: float | str | bool
    low: float | None = None
    high: float | None = None

    def agrees(self, got: object) -> bool:
        """Whether `got` is what was meant."""
        if self.low is None or self.high is None:
            return got == self.value
        return isinstance(got, int | float) and self.low <= got <= self.high


def changes(fitted: Fitted, present_sense_range: float) -> Iterator[Change]:
    """What to set while the output is off, in this order; the level is 0 before and after.

    Args:
        fitted: the settings wanted.
        present_sense_range: measuring range of the quantity whose compliance will be set, read
            back just before. The instrument refuses a range above its compliance, and a
            compliance below a thousandth of its range, at every moment in between.
    """
    settings = fitted.settings
    other = "current" if settings.function == "voltage" else "voltage"
    sense = _ranged(f"{other}_range", fitted.sense_range)
    compliance = Change(
        f"compliance_{other}",
        settings.compliance,
        settings.compliance * (1 - 1e-3),
        settings.compliance * (1 + 1e-3),
    )
    # A resistance function in automatic mode would take the source over.
    yield Change("resistance_mode_auto_enabled", False)
    yield Change("auto_output_off_enabled", False)
    yield _ranged(f"source_{settings.function}_range", fitted.source_range)
    if fitted.sense_range < present_sense_range:
        yield sense
        yield compliance
    else:
        yield compliance
        yield sense
    yield Change(
        f"{other}_nplc", settings.nplc, settings.nplc * (1 - 1e-5), settings.nplc * (1 + 1e-5)
    )
    # A moving average would smear one junction state over the next readings.
    yield Change("filter_enabled", False)
    yield Change("arm_count", 1, 1, 1)
    yield Change("trigger_count", 1, 1, 1)
    yield Change("wires", 4 if settings.four_wire else 2)
    yield Change("output_off_state", _OFF_STATES[settings.off_state])


def _ranged(attribute: str, nominal: float) -> Change:
    """A range reads back as its nominal value or as its full scale."""
    return Change(
        attribute, nominal, nominal * (1 - 1e-3), nominal * ABILITIES.overrange * (1 + 1e-3)
    )
