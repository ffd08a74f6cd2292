"""What `[instruments]` must agree on with the plug-ins that are installed.

Drivers and twins are only looked up here, never opened. What they say of themselves without an
instrument (class attributes, all optional) becomes `Known`:

    driver: largest_v, largest_a (a source-meter), output_full_scale_v, input_ranges_v (a board)
    twin options: inputs, outputs, input_ranges_v, output_range_v (a board; they win)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from mtjlab.bench.mistakes import Key, Mistakes, spell
from mtjlab.bench.tables import InstrumentTable, TwinTable
from mtjlab.core import plugins
from mtjlab.core.errors import BenchError

# Of the boards in use; a board that reaches further must say so.
USUAL_FULL_SCALE_V = 10.0

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True)
class Known:
    """What is known of an instrument before it is opened; None where nothing is.

    Attributes:
        kind: by what the driver declares.
        largest_v, largest_a: the most a source-meter sources, V and A.
        full_scale_v: of every output of a board, V.
        input_ranges_v: largest |V| of each input range of a board, ascending.
        inputs, outputs: how many channels; numbered from 0.
    """

    kind: Literal["source-meter", "board", "unknown"] = "unknown"
    largest_v: float | None = None
    largest_a: float | None = None
    full_scale_v: float = USUAL_FULL_SCALE_V
    input_ranges_v: tuple[float, ...] | None = None
    inputs: int | None = None
    outputs: int | None = None


def check_instruments(
    instruments: Mapping[str, InstrumentTable], twin: TwinTable | None, mistakes: Mistakes
) -> dict[str, Known]:
    """Names, drivers, options and resources; what is known of each instrument, by name."""
    known: dict[str, Known] = {}
    for name, entry in instruments.items():
        if _NAME.match(name) is None:
            mistakes.add(
                ("instruments", name),
                f"{name!r} is not a name; expected letters, digits, _ and -, a letter first",
            )
        known[name] = _of_driver(name, entry, mistakes)
        if twin is not None:
            known[name] = _of_twin(name, entry, twin, known[name], mistakes)
    _check_resources(instruments, mistakes)
    return known


def _of_driver(name: str, entry: InstrumentTable, mistakes: Mistakes) -> Known:
    if not _has_one_way(name, entry, mistakes):
        return Known()
    try:
        kind = plugins.load("drivers", entry.plugin, error=BenchError)
    except BenchError as error:
        mistakes.add(("instruments", name, "driver"), str(error))
        return Known()
    at: Key = ("instruments", name) if entry.recorded else ("instruments", name, "options")
    _options(kind, entry.plugin_options, at, mistakes)
    if hasattr(kind, "largest_v"):
        largest_a = getattr(kind, "largest_a", None)
        return Known(kind="source-meter", largest_v=float(kind.largest_v), largest_a=largest_a)
    ranges = getattr(kind, "input_ranges_v", None)
    if ranges is None and not hasattr(kind, "output_full_scale_v"):
        return Known()
    return Known(
        kind="board",
        full_scale_v=float(getattr(kind, "output_full_scale_v", USUAL_FULL_SCALE_V)),
        input_ranges_v=tuple(ranges) if ranges else None,
    )


def _has_one_way(name: str, entry: InstrumentTable, mistakes: Mistakes) -> bool:
    """Either a driver, or a class of PyMeasure with what is read of it."""
    at = ("instruments", name)
    if entry.driver and entry.pymeasure:
        mistakes.add((*at, "pymeasure"), "has a driver, too; expected one of the two")
    elif not entry.driver and not entry.pymeasure:
        mistakes.add(
            (*at, "driver"),
            "missing; expected text: name of a driver, or `pymeasure` for what is only recorded",
        )
    elif entry.driver and entry.read:
        mistakes.add((*at, "read"), "only an instrument with `pymeasure` has it")
    else:
        return True
    return False


def _of_twin(
    name: str, entry: InstrumentTable, twin: TwinTable, known: Known, mistakes: Mistakes
) -> Known:
    if entry.plugin not in plugins.names("drivers"):
        return known
    try:
        kind = plugins.load("twins", entry.plugin, error=BenchError)
    except BenchError as error:
        sentence = f"a bench with [twin] needs a twin of each instrument: {error}"
        mistakes.add(("instruments", name, "driver"), sentence)
        return known
    at = ("twin", "instruments", name)
    options = _options(kind, twin.instruments.get(name, {}), at, mistakes)
    ranges = getattr(options, "input_ranges_v", known.input_ranges_v)
    return replace(
        known,
        full_scale_v=getattr(options, "output_range_v", known.full_scale_v),
        input_ranges_v=tuple(ranges) if ranges else None,
        inputs=getattr(options, "inputs", None),
        outputs=getattr(options, "outputs", None),
    )


def _options(
    plugin: Any, given: Mapping[str, Any], at: Key, mistakes: Mistakes
) -> BaseModel | None:
    model: type[BaseModel] | None = getattr(plugin, "options_model", None)
    if model is None:
        mistakes.add(at, f"the plug-in {plugin!r} is broken: it has no options_model")
        return None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        mistakes.add_invalid(error, model, at=at)
        return None


def _check_resources(instruments: Mapping[str, InstrumentTable], mistakes: Mistakes) -> None:
    seen: dict[str, str] = {}
    for name, entry in instruments.items():
        first = seen.setdefault(_canonical(entry.resource), name)
        if first != name:
            mistakes.add(
                ("instruments", name, "resource"),
                f"is already used by {spell(('instruments', first, 'resource'))}; "
                "expected one instrument per resource",
            )


def _canonical(resource: str) -> str:
    """One spelling per instrument: VISA ignores case, and has 0 and INSTR as defaults."""
    text = resource.strip().upper()
    if "::" not in text:
        return text
    text = re.sub(r"^([A-Z]+)(?=::)", r"\g<1>0", text)
    return text if text.endswith(("::INSTR", "::SOCKET", "::RAW")) else f"{text}::INSTR"
