"""What a channel of a Keysight B2900A is set to, in which order, and what must be read back.

Ranges are those that all four models have (data sheet 5990-7009). The 10 nA range of a B2911A and
B2912A, and those above 1 A, are not used.
"""

from collections.abc import Iterator, Mapping

from drivers.scpi_replies import NODE, OTHER
from drivers.scpi_setting import Setting, flag, word
from drivers.scpi_source_meter import ScpiSourceMeterOptions
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import Function, OffState, SourceAbilities, SourceSettings
from mtjlab.core.units import si

# Model -> its channels.
MODELS: Mapping[str, tuple[int, ...]] = {
    "B2901A": (1,),
    "B2902A": (1, 2),
    "B2911A": (1,),
    "B2912A": (1, 2),
}
# Agilent until 2014.
MAKERS = ("Keysight", "Agilent")

ABILITIES = SourceAbilities(
    voltage_ranges_v=(0.2, 2.0, 20.0, 200.0),
    current_ranges_a=(1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    overrange=1.05,
)
# Above 21 V no more than 105 mA; 5 1/2 digits of a B2901A. Below 1/2000 of a mains cycle the last
# digits are noise.
STAGE = OutputStage(ABILITIES, large_v=21.0, small_a=0.105, steps=100_000, nplc=(5e-4, 100.0))
_OFF_STATES: Mapping[OffState, str] = {"normal": "NORM", "zero": "ZERO", "high_impedance": "HIZ"}
# The least limit of the other quantity: 1 % of 100 nA, and 20 mV (user's guide, page 6-3).
_LEAST: Mapping[Function, tuple[float, str]] = {"voltage": (1e-9, "A"), "current": (0.02, "V")}
ELEMENTS = "VOLT,CURR,TIME,STAT"


class KeysightB2900Options(ScpiSourceMeterOptions):
    """`[instruments.NAME.options]`; see the base."""


def limit_question(channel: int, function: Function) -> str:
    """Asks for the limit that holds while `function` is sourced."""
    return f":SENSE{channel}:{NODE[OTHER[function]]}:PROTECTION?"


def demand_possible(settings: SourceSettings, where: str) -> None:
    """Refuse an off-state or a limit that a B2900A does not have.

    Raises:
        LimitError: with those that it has.
    """
    if settings.off_state not in _OFF_STATES:
        raise LimitError(
            f"{where}: off-state {settings.off_state!r}; a B2900A has "
            f"{', '.join(_OFF_STATES)}; nothing was sent"
        )
    least, unit = _LEAST[settings.function]
    if settings.compliance < least:
        raise LimitError(
            f"{where}: compliance {si(settings.compliance, unit)}; the least is {si(least, unit)}; "
            "nothing was sent"
        )


def settings(channel: int, fitted: Fitted) -> Iterator[Setting]:
    """What to send while the output is off, in this order; the level is 0 before and after.

    First of all a reading is kept from switching the output on, which it does after *RST.
    """
    wanted = fitted.settings
    function, other = NODE[wanted.function], NODE[OTHER[wanted.function]]
    source, sense, output = f":SOURCE{channel}", f":SENSE{channel}", f":OUTPUT{channel}"
    limit = f"{sense}:{other}:PROTECTION"
    yield flag(f"{output}:ON:AUTO", False)
    yield flag(f"{output}:OFF:AUTO", False)
    # Compliance holds the output back and is reported; it does not switch it off.
    yield flag(f"{output}:PROTECTION", False)
    yield word(f"{output}:OFF:MODE", _OFF_STATES[wanted.off_state])
    yield word(f"{source}:FUNCTION:SHAPE", "DC")
    yield word(f"{source}:FUNCTION:MODE", function[:4])
    # After a list the output goes back to the level that was set.
    yield flag(f"{source}:FUNCTION:TRIGGERED:CONTINUOUS", False)
    yield word(f"{source}:{function}:MODE", "FIX")
    yield _range(f"{source}:{function}", fitted.source_range)
    yield Setting(f"{limit} {wanted.compliance!r}", f"{limit}?", wanted.compliance)
    for measured in ("CURR", "VOLT"):
        yield Setting(
            f'{sense}:FUNCTION:ON "{measured}"', f'{sense}:FUNCTION:STATE? "{measured}"', "1"
        )
    yield Setting(f'{sense}:FUNCTION:OFF "RES"', f'{sense}:FUNCTION:STATE? "RES"', "0")
    yield _range(f"{sense}:{other}", fitted.sense_range)
    yield Setting("", f"{limit}?", wanted.compliance)
    for node in NODE.values():
        nplc = f"{sense}:{node}:NPLCYCLES"
        yield Setting(f"{nplc} {wanted.nplc!r}", f"{nplc}?", wanted.nplc)
    yield flag(f"{sense}:REMOTE", wanted.four_wire)
    yield from triggers(channel, 1, 0.0)
    yield word(":FORMAT:DATA", "ASC")
    yield word(":FORMAT:ELEMENTS:SENSE", ELEMENTS)


def triggers(channel: int, count: int, delay_s: float) -> Iterator[Setting]:
    """Source and measure `count` times, each as soon as the instrument can."""
    for action in ("ACQUIRE", "TRANSIENT"):
        arm, trigger = f":ARM{channel}:{action}", f":TRIGGER{channel}:{action}"
        yield Setting(f"{arm}:COUNT 1", f"{arm}:COUNT?", 1.0)
        yield Setting(f"{trigger}:COUNT {count}", f"{trigger}:COUNT?", float(count))
        yield word(f"{trigger}:SOURCE", "AINT")
    delay = f":TRIGGER{channel}:ACQUIRE:DELAY"
    yield Setting(f"{delay} {delay_s!r}", f"{delay}?", delay_s)


def _range(root: str, nominal: float) -> Setting:
    """A range reads back as its nominal value or as its full scale; automatic ranging ends."""
    return Setting(
        f"{root}:RANGE:AUTO 0;{root}:RANGE {nominal!r}",
        f"{root}:RANGE?",
        nominal,
        nominal * ABILITIES.overrange,
    )
