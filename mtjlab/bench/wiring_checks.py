"""What `[wiring]`, `[limits]` and `[instruments]` must agree on: counts, names and single uses."""

import os
from collections.abc import Collection, Hashable, Iterable, Mapping

from mtjlab.bench.channels import shorten
from mtjlab.bench.mistakes import Key, Mistakes, spell
from mtjlab.bench.tables import LimitsTable
from mtjlab.bench.wiring_tables import ArrayTable, SinglesTable, WiringTables
from mtjlab.core.errors import nearest
from mtjlab.core.units import si

# What a simulated junction of an array needs: states, voltages and rates, several times over,
_BYTES_PER_JUNCTION = 2_000
# and what the exact solver keeps of each pair of rows in a column.
_BYTES_PER_PAIR = 8


def check_size(wiring: WiringTables, exact: bool, mistakes: Mistakes) -> bool:
    """Whether every array fits into this machine's memory; `exact` is the dense solver."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    fits = True
    for index, array in enumerate(wiring.arrays):
        rows, columns = len(array.rows), len(array.columns)
        needed = rows * columns * (_BYTES_PER_JUNCTION + (_BYTES_PER_PAIR * rows if exact else 0))
        if needed > memory:
            fits = False
            mistakes.add(
                ("wiring", "arrays", index, "rows"),
                f"{rows} x {columns} junctions need about {si(needed, 'B')} of memory"
                f"{' with the exact solver' if exact else ''}; this machine has "
                f"{si(memory, 'B')}",
            )
    return fits


def check_counts(wiring: WiringTables, mistakes: Mistakes) -> None:
    """Lines, outputs and inputs of each group must be as many; inputs need a range."""
    if not wiring.singles and not wiring.arrays:
        mistakes.add(
            ("wiring",), "nothing is wired; expected [[wiring.singles]] or [[wiring.arrays]]"
        )
    for at, group in wiring.groups():
        what, count = group.sourced
        if len(group.source) not in (1, count):
            lines = _lines(group, "source")
            mistakes.add(
                (*at, "source"),
                f"{len(group.source)} outputs for {count} {what} ({lines}); "
                f"expected one, or {count}",
            )
        if group.read is not None and len(group.read) != len(group.columns):
            per = "junctions" if isinstance(group, SinglesTable) else "columns"
            mistakes.add(
                (*at, "read"),
                f"{len(group.read)} inputs for {len(group.columns)} {per} "
                f"({_lines(group, 'read')}); expected {len(group.columns)}",
            )
        if group.read is not None and group.range is None:
            mistakes.add(
                (*at, "range"), 'missing; expected the input range in V for `read`, such as "1 V"'
            )
        if group.read is None and group.range is not None:
            mistakes.add((*at, "range"), "nothing is read here; give `read` too, or leave it out")


def _lines(group: SinglesTable | ArrayTable, field: str) -> str:
    if isinstance(group, ArrayTable) and field == "source":
        return f"rows {shorten(group.rows)}"
    return f"columns {shorten(group.columns)}"


def check_names(wiring: WiringTables, instruments: Collection[str], mistakes: Mistakes) -> None:
    """Every source, input and selector must belong to an instrument of the file."""
    for at, group in wiring.groups():
        for field, terminals in (("source", group.source), ("read", group.read or ())):
            for name in dict.fromkeys(instrument_of(terminal) for terminal in terminals):
                if name not in instruments:
                    mistakes.add(
                        (*at, field), f"no instrument {name!r}; {nearest(name, instruments)}"
                    )
        for terminal in group.read or ():
            if "/" not in terminal:
                mistakes.add(
                    (*at, "read"),
                    f"{terminal!r} names no input; expected one such as '{terminal}/ai0'",
                )
                break
        if isinstance(group, ArrayTable) and group.selector is not None:
            name = instrument_of(group.selector)
            if name not in instruments:
                mistakes.add(
                    (*at, "selector"), f"no instrument {name!r}; {nearest(name, instruments)}"
                )


def check_clocks(
    wiring: WiringTables,
    boards: Mapping[str, bool],
    cables: Mapping[str, object],
    mistakes: Mistakes,
) -> None:
    """A shared clock joins two boards of the file, once; those of a twin on one cable.

    Args:
        wiring: the tables.
        boards: instrument name -> whether it may be a board.
        cables: of a simulated bench, what `rtsi` says of an instrument.
        mistakes: takes what is wrong.
    """
    seen: dict[tuple[str, str], int] = {}
    for index, table in enumerate(wiring.clocks):
        at: Key = ("wiring", "clocks", index)
        for field, name in (("outputs", table.outputs), ("inputs", table.inputs)):
            if name not in boards:
                mistakes.add((*at, field), f"no instrument {name!r}; {nearest(name, boards)}")
            elif not boards[name]:
                mistakes.add((*at, field), f"{name!r} is no board; expected one with a clock")
        if table.outputs == table.inputs:
            mistakes.add((*at, "inputs"), "is the same board; its two halves share a clock anyway")
        first = seen.setdefault((table.outputs, table.inputs), index)
        if first != index:
            mistakes.add((*at, "inputs"), f"is already said by wiring.clocks[{first}]")
        if cables.get(table.outputs) != cables.get(table.inputs):
            mistakes.add(
                (*at, "inputs"),
                f"[twin.instruments] puts {table.outputs!r} and {table.inputs!r} on different "
                "cables; give both the same rtsi, or neither",
            )


def instrument_of(terminal: str) -> str:
    """`smu` of `smu.a`, `daq` of `daq/ai3`."""
    return terminal.partition("/")[0].partition(".")[0]


def check_uses(wiring: WiringTables, mistakes: Mistakes) -> None:
    """A cell is wired once and an input reads one node; an output may feed several."""
    cells: list[tuple[Hashable, Key]] = []
    inputs: list[tuple[Hashable, Key]] = []
    for at, group in wiring.groups():
        rows = group.rows if isinstance(group, ArrayTable) else (group.row,)
        cells += [
            (f"({row}, {column})", (*at, "columns")) for row in rows for column in group.columns
        ]
        inputs += [(terminal, (*at, "read")) for terminal in group.read or ()]
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
