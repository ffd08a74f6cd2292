"""What a Keithley 2400 is set to, in which order, and what must be read back.

Figures are those of the instrument's data sheet: 5 1/2 digits, ranges with 5 % over-range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import SourceAbilities, SourceSettings
from mtjlab.core.parameters import Gt, Quantity
from mtjlab.core.units import si

ABILITIES = SourceAbilities(
    voltage_ranges_v=(0.2, 2.0, 20.0, 200.0),
    current_ranges_a=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    overrange=1.05,
)
# The output stage gives 22 W: above 21 V no more than 105 mA.
_LARGE_V, _SMALL_A = 21.0, 0.105
# Source values settle to steps of a 40 000th of the range.
_STEPS = 40_000
_NPLC = (0.01, 10.0)
# PyMeasure's words for the output-off states.
_OFF_STATES = {
    "normal": "normal",
    "zero": "zero",
    "high_impedance": "disconnected",
    "guard": "guard",
}


class Keithley2400Options(BaseModel):
    """`[instruments.NAME.options]`.

    Attributes:
        timeout_s: longest wait for a reply beyond the integration time, s.
        line_frequency_hz: of the mains; integration times are counted in its cycles.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: Annotated[float, Quantity("s"), Gt(0)] = 2.0
    line_frequency_hz: Literal[50, 60] = 50


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


@dataclass(frozen=True)
class Fitted:
    """Settings with the ranges that the instrument will use.

    Attributes:
        settings: as asked for.
        source_range: nominal range of the source, V or A.
        sense_range: nominal range on which the other quantity is measured, A or V.
    """

    settings: SourceSettings
    source_range: float
    sense_range: float


def level_tolerance(level: float, nominal: float) -> float:
    """How far a level read back may be from the one sent: one step, and six digits of text."""
    return nominal / _STEPS + 1e-6 * abs(level)


def fit(settings: SourceSettings, where: str) -> Fitted:
    """Choose the smallest ranges; sends nothing.

    Raises:
        LimitError: the instrument has no such range, power or integration time.
    """
    if settings.function == "voltage":
        source, sense = ABILITIES.voltage_ranges_v, ABILITIES.current_ranges_a
        units = ("V", "A")
    else:
        source, sense = ABILITIES.current_ranges_a, ABILITIES.voltage_ranges_v
        units = ("A", "V")
    if not settings.compliance > 0:
        raise LimitError(
            f"{where}: compliance {si(settings.compliance, units[1])}; expected more than 0; "
            "nothing was sent"
        )
    fitted = Fitted(
        settings,
        _smallest(settings.range, source, f"{where}: source range", units[0]),
        _smallest(settings.compliance, sense, f"{where}: compliance", units[1]),
    )
    large = (settings.range, settings.compliance)
    volts, amperes = large if settings.function == "voltage" else large[::-1]
    if abs(volts) > _LARGE_V and amperes > _SMALL_A:
        raise LimitError(
            f"{where}: {si(volts, 'V')} with {si(amperes, 'A')} is more than the output stage "
            f"gives: above {si(_LARGE_V, 'V')} at most {si(_SMALL_A, 'A')}; nothing was sent"
        )
    if not _NPLC[0] <= settings.nplc <= _NPLC[1]:
        raise LimitError(
            f"{where}: {settings.nplc:g} power-line cycles; expected {_NPLC[0]:g} to "
            f"{_NPLC[1]:g}; nothing was sent"
        )
    return fitted


def _smallest(value: float, ranges: tuple[float, ...], what: str, unit: str) -> float:
    for nominal in ranges:
        if abs(value) <= nominal * ABILITIES.overrange:
            return nominal
    raise LimitError(
        f"{what} {si(value, unit)}: the largest is "
        f"{si(ranges[-1] * ABILITIES.overrange, unit)}; nothing was sent"
    )


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
