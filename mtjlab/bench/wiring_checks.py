"""What `[wiring]`, `[limits]` and `[instruments]` must agree on: counts, names and single uses."""

from collections.abc import Collection, Hashable, Iterable

from mtjlab.bench.channels import shorten
from mtjlab.bench.mistakes import Key, Mistakes, spell
from mtjlab.bench.tables import LimitsTable, SinglesTable, WiringTables
from mtjlab.core.errors import nearest
from mtjlab.core.units import si


def check_counts(wiring: WiringTables, mistakes: Mistakes) -> None:
    """Columns, outputs and inputs of each group must be as many; inputs need a range."""
    for index, singles in enumerate(wiring.singles):
        at: Key = ("wiring", "singles", index)
        count = len(singles.columns)
        if len(singles.source) not in (1, count):
            mistakes.add((*at, "source"), _count_sentence(singles, singles.source, "outputs"))
        if singles.read is not None and len(singles.read) != count:
            mistakes.add((*at, "read"), _count_sentence(singles, singles.read, "inputs"))
        if singles.read is not None and singles.range is None:
            mistakes.add(
                (*at, "range"), 'missing; expected the input range in V for `read`, such as "1 V"'
            )
        if singles.read is None and singles.range is not None:
            mistakes.add((*at, "range"), "nothing is read here; give `read` too, or leave it out")


def _count_sentence(singles: SinglesTable, given: tuple[str, ...], what: str) -> str:
    one = "one, or " if what == "outputs" else ""
    columns = f"columns {shorten(singles.columns)}"
    return (
        f"{len(given)} {what} for {len(singles.columns)} junctions ({columns}); "
        f"expected {one}{len(singles.columns)}"
    )


def check_names(wiring: WiringTables, instruments: Collection[str], mistakes: Mistakes) -> None:
    """Every source and every input must belong to an instrument of the file."""
    for index, singles in enumerate(wiring.singles):
        for field, terminals in (("source", singles.source), ("read", singles.read or ())):
            at = ("wiring", "singles", index, field)
            for name in dict.fromkeys(instrument_of(terminal) for terminal in terminals):
                if name not in instruments:
                    mistakes.add(at, f"no instrument {name!r}; {nearest(name, instruments)}")
        for terminal in singles.read or ():
            if "/" not in terminal:
                mistakes.add(
                    ("wiring", "singles", index, "read"),
                    f"{terminal!r} names no input; expected one such as '{terminal}/ai0'",
                )
                break


def instrument_of(terminal: str) -> str:
    """`smu` of `smu.a`, `daq` of `daq/ai3`."""
    return terminal.partition("/")[0].partition(".")[0]


def check_uses(wiring: WiringTables, mistakes: Mistakes) -> None:
    """A cell is wired once and an input reads one junction; an output may feed several."""
    cells: list[tuple[Hashable, Key]] = []
    inputs: list[tuple[Hashable, Key]] = []
    for index, singles in enumerate(wiring.singles):
        at: Key = ("wiring", "singles", index)
        cells += [(f"({singles.row}, {column})", (*at, "columns")) for column in singles.columns]
        inputs += [(terminal, (*at, "read")) for terminal in singles.read or ()]
    for what, used in (("junction", cells), ("input", inputs)):
        for value, first, again in _repeats(used):
            mistakes.add(again, f"{what} {value} is already used by {spell(first)}")


def _repeats(used: Iterable[tuple[Hashable, Key]]) -> Iterable[tuple[Hashable, Key, Key]]:
    seen: dict[Hashable, Key] = {}
    for value, key in used:
        if value in seen:
            yield value, seen[value], key
        else:
            seen[value] = key


def check_limits(limits: LimitsTable, mistakes: Mistakes) -> None:
    """The operating range lies below the hard limit, R_min below R_max."""
    if limits.soft_v > limits.junction_v:
        mistakes.add(
            ("limits", "soft_v"),
            f"above limits.junction_v = {si(limits.junction_v, 'V')}; expected at most that",
        )
    if limits.r_min > limits.r_max:
        mistakes.add(
            ("limits", "r_min"),
            f"above limits.r_max = {si(limits.r_max, 'ohm')}; expected at most that",
        )
