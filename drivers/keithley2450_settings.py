"""What a Keithley 2450 is set to, in which order, and what must be read back.

Figures are those of the instrument's data sheet: 6 1/2 digits, ranges with 5 % over-range.
PyMeasure's properties clip ranges and limits silently, so every word here is our own.
"""

from collections.abc import Iterator

from drivers.scpi_replies import NODE, OTHER
from drivers.scpi_setting import Setting, flag, word
from drivers.scpi_source_meter import ScpiSourceMeterOptions
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.interfaces import Function, SourceAbilities

ABILITIES = SourceAbilities(
    voltage_ranges_v=(0.02, 0.2, 2.0, 20.0, 200.0),
    current_ranges_a=(1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    overrange=1.05,
)
# The output stage gives 20 W and 5 % over: above 21 V no more than 105 mA.
STAGE = OutputStage(ABILITIES, large_v=21.0, small_a=0.105, steps=20_000, nplc=(0.01, 10.0))
_LIMIT = {"voltage": "ILIMIT", "current": "VLIMIT"}
_OFF_STATES = {
    "normal": "NORM",
    "zero": "ZERO",
    "high_impedance": "HIMP",
    "guard": "GUAR",
}


class Keithley2450Options(ScpiSourceMeterOptions):
    """`[instruments.NAME.options]`; see the base."""


def limit_question(function: Function) -> str:
    """Asks for the limit that holds while `function` is sourced."""
    return f":SOURCE:{NODE[function]}:{_LIMIT[function]}?"


def settings(fitted: Fitted) -> Iterator[Setting]:
    """What to send while the output is off, in this order; the level is 0 before and after.

    A 2450 changes a limit by itself when a range comes that it does not suit, and only warns. So
    the limit comes after the source range, while the measuring range is still automatic, and is
    asked for once more when all ranges stand.
    """
    wanted = fitted.settings
    function, other = wanted.function, OTHER[wanted.function]
    source, sense = f":SOURCE:{NODE[function]}", f":SENSE:{NODE[other]}"
    limit = Setting(
        f"{source}:{_LIMIT[function]} {wanted.compliance!r}",
        limit_question(function),
        wanted.compliance,
    )
    yield word(":SOURCE:FUNCTION", NODE[function][:4])
    yield Setting(f":SENSE:FUNCTION '{NODE[other]}'", ":SENSE:FUNCTION?", f"{NODE[other][:4]}:DC")
    yield _range(source, fitted.source_range)
    yield flag(f"{sense}:RANGE:AUTO", True)
    yield limit
    yield _range(sense, fitted.sense_range)
    yield Setting("", limit.question, wanted.compliance)
    yield Setting(f"{sense}:NPLCYCLES {wanted.nplc!r}", f"{sense}:NPLCYCLES?", wanted.nplc)
    # A moving average would smear one junction state over the next readings.
    yield flag(f"{sense}:AVERAGE", False)
    yield Setting(":SENSE:COUNT 1", ":SENSE:COUNT?", 1.0)
    yield flag(f"{sense}:RSENSE", wanted.four_wire)
    # Both quantities in one reading: what is sourced is measured just before the other one.
    yield flag(f"{source}:READ:BACK", True)
    yield flag(f"{source}:DELAY:AUTO", True)
    yield word(f":OUTPUT:{NODE[function]}:SMODE", _OFF_STATES[wanted.off_state])
    yield word(":FORMAT:DATA", "ASC")
    yield Setting(":FORMAT:ASCII:PRECISION 0", ":FORMAT:ASCII:PRECISION?", 0.0)


def _range(root: str, nominal: float) -> Setting:
    """A range reads back as its nominal value or as its full scale."""
    return Setting(
        f"{root}:RANGE {nominal!r}", f"{root}:RANGE?", nominal, nominal * ABILITIES.overrange
    )
