"""Results, notes and parameters as a tree of words: no Qt here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtjlab.core.quantity_names import value_words, words_of
from mtjlab.core.result_words import LABELS
from mtjlab.gui.live.collected import Collected

_INTERVAL = {"value", "low", "high"}
_LONGEST = 12


@dataclass(frozen=True)
class Row:
    """A line of the tree: what, how much, and what is below it."""

    name: str
    words: str = ""
    below: tuple["Row", ...] = ()


def rows_of(run: Collected) -> tuple[Row, ...]:
    """Sections: results, notes, which run it was and how it ended, parameters."""
    results = {name: value for name, value in run.results.items() if name != "notes"}
    ordered = [name for name in LABELS if name in results]
    ordered += [name for name in results if name not in LABELS]
    sections = [
        Row(
            "Results",
            "" if results else "none yet" if run.status in ("running", "waiting") else "none",
            tuple(_labelled(name, results[name]) for name in ordered),
        ),
    ]
    notes = run.results.get("notes") or ()
    if notes:
        said = tuple(Row(str(n), str(note)) for n, note in enumerate(notes, start=1))
        sections.append(Row("Notes", f"{len(said)}", said))
    sections.append(Row("Run", "", _facts(run)))
    given = tuple(row_of(name, value) for name, value in run.parameters.items())
    sections.append(Row("Parameters", "", given))
    return tuple(sections)


def _facts(run: Collected) -> tuple[Row, ...]:
    twin = " (simulated twin)" if run.twin else ""
    facts = [
        ("status", run.status + (f": {run.error}" if run.error else "")),
        ("protocol", run.protocol),
        ("bench", run.bench + twin),
        ("seed", str(run.seed)),
        ("run", run.run_id[:8]),
        ("run file", str(run.run_file or "none: a dry run")),
        ("bench time", value_words("bench_time_s", float(run.bench_time_s))),
        *((f"rows of {name}", str(table.first + len(table))) for name, table in run.tables.items()),
    ]
    return tuple(Row(name, words) for name, words in facts)


def _labelled(name: str, value: Any) -> Row:
    if name in LABELS:
        label, words = LABELS[name]
        if value is None:
            return Row(label, "none (see notes)")
        if isinstance(value, int | float):
            return Row(label, words(value))
    return row_of(name, value)


def row_of(name: str, value: Any) -> Row:
    """One result or parameter, with what it is made of below it."""
    if isinstance(value, Mapping):
        if set(value) >= _INTERVAL:
            return Row(words_of(name), _interval(name, value))
        return Row(
            words_of(name), f"{len(value)} values", tuple(row_of(k, v) for k, v in value.items())
        )
    if isinstance(value, list | tuple):
        return _listed(name, list(value))
    return Row(words_of(name), value_words(name, value))


def _interval(name: str, value: Mapping[str, Any]) -> str:
    ends = [float("nan") if value[e] is None else float(value[e]) for e in ("low", "high")]
    known = value["value"] is not None
    words = value_words(name, float(value["value"]) if known else float("nan"), *ends)
    reason = value.get("reason")
    return f"{words}; {reason}" if reason else words


def _listed(name: str, values: list[Any]) -> Row:
    plain = [v for v in values if not isinstance(v, Mapping | list | tuple)]
    if len(plain) == len(values) <= _LONGEST:
        return Row(words_of(name), ", ".join(value_words(name, v) for v in values) or "none")
    below = tuple(_element(name, index, one) for index, one in enumerate(values))
    return Row(words_of(name), f"{len(values)} entries", below)


def _element(name: str, index: int, one: Any) -> Row:
    if isinstance(one, Mapping):
        made = row_of(name, one)
        cell = one.get("cell")
        place = f"({cell[0]}, {cell[1]})" if cell else str(one.get("test", index))
        return Row(place, made.words, made.below)
    if isinstance(one, list | tuple) and len(one) > 2 and all(isinstance(i, int) for i in one[:2]):
        said = ", ".join(value_words(name, v) for v in one[2:])
        return Row(f"({one[0]}, {one[1]})", said)
    said = str(one) if isinstance(one, list | tuple) else value_words(name, one)
    return Row(str(index), said)
