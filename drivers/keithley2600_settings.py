"""What a channel of a Keithley 2600 is set to, in which order, and what must be read back.

Figures are those of the data sheet (SPEC-2602B Rev. B) and its ranges with 1 % over-range. Numbers
go out with all their digits: PyMeasure's `%f` makes 0 of 100 nA.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from drivers import source_fitting
from drivers.scpi_source_meter import ScpiSourceMeterOptions
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import Function, SourceAbilities, SourceSettings
from mtjlab.core.units import si

ABILITIES = SourceAbilities(
    voltage_ranges_v=(0.1, 1.0, 6.0, 40.0),
    current_ranges_a=(1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0),
    overrange=1.01,
)
# The output stage gives 6.06 V with 3.03 A, or 40.4 V with 1.01 A.
STAGE = OutputStage(ABILITIES, large_v=6.06, small_a=1.01, steps=20_000, nplc=(0.001, 25.0))
# Limits that go with every range of the source.
_ALWAYS: dict[Function, float] = {"voltage": 1.01, "current": 6.06}
# source.offmode and source.offfunc: 0 V or 0 A, 0 V with a larger limit, relay open.
_OFF_STATES = {"normal": (0, 1), "guard": (0, 0), "zero": (1, 1), "high_impedance": (2, 1)}
LETTER: dict[Function, str] = {"voltage": "v", "current": "i"}
OTHER: dict[Function, Function] = {"voltage": "current", "current": "voltage"}
# The least limit of the other quantity, A and V.
_LEAST: dict[Function, tuple[float, str]] = {"voltage": (10e-9, "A"), "current": (10e-3, "V")}
# Digits of every number in a reply.
_DIGITS = 10


class Keithley2600Options(ScpiSourceMeterOptions):
    """`[instruments.NAME.options]`; see the base."""


@dataclass(frozen=True)
class Setting:
    """One attribute.

    Attributes:
        name: such as `smua.source.func`.
        value: what it becomes and must read back.
        high: it may read up to this, such as full scale for a range.
    """

    name: str
    value: float
    high: float | None = None

    @property
    def message(self) -> str:
        """What is sent."""
        return f"{self.name}={self.value!r}"

    @property
    def question(self) -> str:
        """What is asked afterwards."""
        return f"print({self.name})"

    def agrees(self, got: float) -> bool:
        """Whether it reads back as meant, to five digits."""
        high = self.value if self.high is None else self.high
        slack = 1e-5 * abs(self.value)
        return self.value - slack <= got <= high + slack


def fit(wanted: SourceSettings, where: str) -> Fitted:
    """Choose the smallest ranges; sends nothing.

    Raises:
        LimitError: the instrument has no such range, power, limit or integration time.
    """
    fitted = source_fitting.fit(wanted, STAGE, where)
    least, unit = _LEAST[wanted.function]
    if wanted.compliance < least:
        raise LimitError(
            f"{where}: compliance {si(wanted.compliance, unit)}; the least is {si(least, unit)}; "
            "nothing was sent"
        )
    return fitted


def settings(smu: str, fitted: Fitted) -> Iterator[Setting]:
    """What to send while the output is off, in this order; the levels are 0 before and after."""
    wanted = fitted.settings
    sourced, limited = LETTER[wanted.function], LETTER[OTHER[wanted.function]]
    source, measure = f"{smu}.source", f"{smu}.measure"
    # So that the replies to all that follows have their digits.
    yield Setting("format.data", 1)
    yield Setting("format.asciiprecision", _DIGITS)
    yield Setting(f"{source}.func", 1 if wanted.function == "voltage" else 0)
    # A limit in watts would change the limit below.
    yield Setting(f"{source}.limitp", 0.0)
    yield from _range_and_limit(source, sourced, limited, fitted)
    yield _range(f"{measure}.range{limited}", fitted.sense_range)
    yield Setting(f"{source}.limit{limited}", wanted.compliance)
    yield Setting(f"{measure}.nplc", wanted.nplc)
    yield Setting(f"{measure}.count", 1)
    # A moving average would smear one junction state over the next readings.
    yield Setting(f"{measure}.filter.enable", 0)
    yield Setting(f"{measure}.rel.enablei", 0)
    yield Setting(f"{measure}.rel.enablev", 0)
    yield Setting(f"{measure}.autozero", 2)
    yield Setting(f"{measure}.delay", 0.0)
    yield Setting(f"{source}.delay", 0.0)
    yield Setting(f"{smu}.sense", int(wanted.four_wire))
    mode, function = _OFF_STATES[wanted.off_state]
    yield Setting(f"{source}.offfunc", function)
    yield Setting(f"{source}.offmode", mode)


def _range_and_limit(source: str, sourced: str, limited: str, fitted: Fitted) -> Iterator[Setting]:
    """Never more power on the way than before or after."""
    wanted = fitted.settings
    both = (
        Setting(f"{source}.limit{limited}", wanted.compliance),
        _range(f"{source}.range{sourced}", fitted.source_range),
    )
    yield from both if wanted.compliance <= _ALWAYS[wanted.function] else both[::-1]


def _range(name: str, nominal: float) -> Setting:
    """A range reads back as its nominal value or as its full scale."""
    return Setting(name, nominal, nominal * ABILITIES.overrange)
