"""What the sources of a bench file that is being written could do to a junction.

As far as the text is good already: each group of the wiring for itself, once there are limits.
The guard and `mtjlab check` compute the same from the finished file.
"""

import tomllib
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from mtjlab.bench.channels import shorten
from mtjlab.bench.fences import fence
from mtjlab.bench.instrument_checks import Known, check_instruments
from mtjlab.bench.mistakes import Key, Mistakes
from mtjlab.bench.tables import InstrumentTable, LimitsTable, TwinTable
from mtjlab.bench.wiring_checks import instrument_of
from mtjlab.bench.wiring_tables import ArrayTable, SinglesTable
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import array_swing


@dataclass(frozen=True)
class Worst:
    """One group of junctions and its sources.

    Attributes:
        key: of the group in the file.
        sources: its terminals.
        verdict: `bad`: nothing but software would stand between it and a broken junction.
        sentence: what full scale does, and what holds it back or would.
    """

    key: Key
    sources: str
    verdict: Literal["ok", "bad"]
    sentence: str


def worst_cases(text: str) -> list[Worst]:
    """One for each instrument of each group that is written down well enough to be judged."""
    try:
        raw = tomllib.loads(text)
        limits = LimitsTable.model_validate(raw.get("limits")).junction()
    except (tomllib.TOMLDecodeError, ValidationError):
        return []
    known = _known(raw)
    found: list[Worst] = []
    wiring = raw.get("wiring")
    for kind, table in (("singles", SinglesTable), ("arrays", ArrayTable)):
        groups = wiring.get(kind, []) if isinstance(wiring, dict) else []
        for index, entry in enumerate(groups if isinstance(groups, list) else []):
            try:
                group = table.model_validate(entry)
            except ValidationError:
                continue
            found += _of_group(("wiring", kind, index), group, limits, known)
    return found


def _known(raw: dict[str, Any]) -> dict[str, Known]:
    tables: dict[str, InstrumentTable] = {}
    named = raw.get("instruments")
    for name, entry in (named if isinstance(named, dict) else {}).items():
        try:
            tables[name] = InstrumentTable.model_validate(entry)
        except ValidationError:
            continue
    twin: TwinTable | None = None
    if "twin" in raw:
        try:
            twin = TwinTable.model_validate(raw["twin"])
        except ValidationError:
            twin = None
    return check_instruments(tables, twin, Mistakes("", raw))


def _of_group(
    key: Key,
    group: SinglesTable | ArrayTable,
    limits: JunctionLimits,
    known: dict[str, Known],
) -> list[Worst]:
    swing_v = swing_a = 1.0
    if isinstance(group, ArrayTable):
        swing_v, swing_a = array_swing(len(set(group.source)), group.selector is not None)
    found = []
    for name in dict.fromkeys(instrument_of(terminal) for terminal in group.source):
        terminals = [t for t in dict.fromkeys(group.source) if instrument_of(t) == name]
        facts = known.get(name, Known())
        if facts.kind == "source-meter":
            verdict, sentence = _held_back(group, limits, facts, swing_v, swing_a)
        elif facts.kind == "board":
            judged = fence(
                group.divider,
                group.series,
                facts.full_scale_v,
                limits,
                swing_v=swing_v,
                swing_a=swing_a,
            )
            verdict = "ok" if judged.holds else "bad"
            sentence = str(judged) + (
                ": divider and series resistor fence it"
                if judged.holds
                else ", and a board has no compliance: it needs a fence. "
                f"{judged.remedy[:1].upper()}{judged.remedy[1:]}"
            )
        else:
            continue
        found.append(Worst(key, shorten(terminals), verdict, sentence))
    return found


def _held_back(
    group: SinglesTable | ArrayTable,
    limits: JunctionLimits,
    facts: Known,
    swing_v: float,
    swing_a: float,
) -> tuple[Literal["ok", "bad"], str]:
    """A source-meter: its compliance, and the largest level that the guard lets through."""
    per_v, per_a = limits.worst_case(group.divider, group.series)
    per_v, per_a = per_v * swing_v, per_a * swing_a
    level_v = min(limits.hard_v / per_v, limits.hard_a / per_a)
    full_v = facts.largest_v or level_v
    return "ok", (
        f"full scale {si(full_v, 'V')} would put up to {si(full_v * per_v, 'V')} and "
        f"{si(full_v * per_a, 'A')} on a junction: compliance and guard hold it back, at "
        f"{si(level_v, 'V')} or less (worst case {si(level_v * per_v, 'V')}, "
        f"{si(level_v * per_a, 'A')})"
    )
