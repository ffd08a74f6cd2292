"""What somebody answers who describes a bench for the first time.

Every answer is text as it was typed, so that the tables of the bench file judge it in their own
words, and the file says `10 kohm` where that was said. "" is no answer. Attributes are called as
keys of the bench file, and mean the same.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from mtjlab.core import plugins
from mtjlab.core.found import Found


@dataclass(frozen=True)
class InstrumentAnswer:
    """`[instruments.NAME]`; `note` is who it said it is, for a comment."""

    name: str = ""
    driver: str = ""
    resource: str = ""
    note: str = ""


@dataclass(frozen=True)
class SinglesAnswer:
    """`[[wiring.singles]]`: junctions behind a series resistor each."""

    row: str = ""
    columns: str = ""
    source: str = ""
    series: str = ""
    divider: str = ""
    read: str = ""
    range: str = ""
    bias: str = ""


@dataclass(frozen=True)
class ArrayAnswer:
    """`[[wiring.arrays]]`: a passive crossbar with an amplifier at each column."""

    rows: str = ""
    columns: str = ""
    source: str = ""
    series: str = ""
    divider: str = ""
    row_wire: str = ""
    column_wire: str = ""
    tia: str = ""
    tia_input: str = ""
    read: str = ""
    range: str = ""


@dataclass(frozen=True)
class LimitAnswers:
    """`[limits]`: what one junction survives."""

    junction_v: str = ""
    junction_a: str = ""
    soft_v: str = ""
    r_min: str = ""
    r_max: str = ""


# An example, never a default: the reference device of 60 nm, docs/bench-file.md.
REFERENCE_LIMITS = LimitAnswers(junction_v="0.5 V", junction_a="50 uA", soft_v="0.3 V")


@dataclass(frozen=True)
class Answers:
    """A whole bench; `twin`: its instruments are simulated."""

    name: str = ""
    description: str = ""
    chip: str = ""
    instruments: tuple[InstrumentAnswer, ...] = ()
    singles: tuple[SinglesAnswer, ...] = ()
    arrays: tuple[ArrayAnswer, ...] = ()
    limits: LimitAnswers = field(default_factory=LimitAnswers)
    twin: bool = False


def instruments_of(found: Iterable[Found], taken: Collection[str] = ()) -> list[InstrumentAnswer]:
    """Found instruments under short names: `smu`, `smu2`, `daq`; without a driver where none fits.

    Args:
        found: as a search gave them.
        taken: names that are used already.
    """
    named: list[InstrumentAnswer] = []
    for one in found:
        driver = one.drivers[0] if one.drivers else ""
        used = {*taken, *(other.name for other in named)}
        name = stem = _stem(driver)
        number = 1
        while name in used:
            number += 1
            name = f"{stem}{number}"
        named.append(InstrumentAnswer(name, driver, one.resource, one.answer or one.about))
    return named


def _stem(driver: str) -> str:
    kind = plugins.survey("drivers")[0].get(driver)
    if hasattr(kind, "largest_v"):
        return "smu"
    if hasattr(kind, "output_full_scale_v"):
        return "daq"
    return "switch" if driver else "instrument"


def terminals_of(answer: InstrumentAnswer) -> tuple[list[str], list[str]]:
    """Examples of how outputs, then inputs, of an instrument are spelt; both may be empty."""
    kind = plugins.survey("drivers")[0].get(answer.driver)
    if hasattr(kind, "output_full_scale_v"):
        return [f"{answer.name}/ao0"], [f"{answer.name}/ai0"]
    if not hasattr(kind, "largest_v"):
        return [], []
    channels = {"keithley2600": (".a", ".b"), "keysight_b2900": ("", ".1", ".2")}
    return [answer.name + suffix for suffix in channels.get(answer.driver, ("",))], []


def demanded_options(driver: str) -> list[str]:
    """Options that this driver has no default for, such as the cabling of a selector."""
    kind = plugins.survey("drivers")[0].get(driver)
    model = getattr(kind, "options_model", None)
    fields = {} if model is None else model.model_fields
    return [name for name, one in fields.items() if one.is_required()]
