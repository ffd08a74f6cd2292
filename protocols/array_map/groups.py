"""Which junctions can be looked at together, and what the wiring lets them tell.

Single junctions of one board are read at once. An array whose rows have sources of their own is
read row by row: the row at its level, all others at 0 V, so that every column current is that of
one junction. Behind a selector it is junction by junction. Rows on one source without a selector
are always driven together, and a column then carries the current of several junctions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import (
    ArrayWiring,
    Cell,
    InputWire,
    SingleJunction,
    largest_level_v,
)
from protocols.array_map.parameters import ArrayMapParameters

Kind = Literal["single", "array", "meter", "unseen"]
SINGLE_BIAS_V = 0.1
ARRAY_BIAS_V = (0.01, 0.03, 0.1)


@dataclass(frozen=True)
class Seen:
    """One junction, and what its reading goes through.

    Attributes:
        cell: the junction.
        read: the input that shows it; None: a meter, or nothing.
        series_ohm: in front of it, ohm; in an array the current of the whole row passes it.
        behind_ohm: between it and virtual ground, ohm; 0 for single ones.
        tia_ohm: of the amplifier, V/A; 0 for single ones.
        leak: largest share of its current that other junctions of its column may carry away.
        members: junctions in parallel behind the reading; 1 is this one alone.
        bias_v: its own operating bias; None: not said.
    """

    cell: Cell
    read: InputWire | None
    series_ohm: float
    behind_ohm: float = 0.0
    tia_ohm: float = 0.0
    leak: float = 0.0
    members: int = 1
    bias_v: float | None = None


@dataclass(frozen=True)
class Group:
    """Junctions that are looked at together.

    Attributes:
        kind: how they are read.
        board: that reads them, or the terminal that measures; "" for `unseen`.
        seen: the junctions.
        dividers: terminal -> divider, of all that are driven.
        levels_v: tried one after another, V behind the divider; None: the bias of each.
        selector: that must connect them first.
        crowded: their readings hold other paths than the junction alone; why, in words.
        others: amplifiers of the same row, which show what else it carries.
        meter: the source-meter that shows the current of the whole row; "" if none.
    """

    kind: Kind
    board: str
    seen: tuple[Seen, ...]
    dividers: dict[str, float]
    levels_v: tuple[float | None, ...]
    selector: str | None = None
    crowded: str = ""
    others: tuple[InputWire, ...] = ()
    meter: str = ""


def groups_of(rig: Rig, params: ArrayMapParameters, cells: Sequence[Cell]) -> tuple[Group, ...]:
    """All groups that hold one of these junctions, in the order of the bench file.

    Raises:
        BenchError: not one of them can be looked at.
    """
    asked = set(cells)
    singles = [j for j in rig.wiring.singles if j.cell in asked]
    found = [*_singles(rig, params, singles), *_meters(rig, params, singles)]
    for array in rig.wiring.arrays:
        if asked & set(array.cells):
            found += _array(rig, params, array, asked)
    if all(group.kind == "unseen" for group in found):
        raise BenchError(
            f"array_map: nothing reads any of the {len(asked)} junctions asked for on bench "
            f"{rig.bench!r}; wire inputs (`read`) or a source-meter to them"
        )
    return tuple(found)


def _singles(
    rig: Rig, params: ArrayMapParameters, singles: Sequence[SingleJunction]
) -> Iterable[Group]:
    read = [j for j in singles if j.read is not None]
    for board in dict.fromkeys(j.read.instrument for j in read if j.read is not None):
        mine = [j for j in read if j.read is not None and j.read.instrument == board]
        yield Group(
            "single",
            board,
            tuple(Seen(j.cell, j.read, j.series_ohm, bias_v=j.bias_v) for j in mine),
            {j.source: j.divider for j in mine},
            (None,) if params.bias_v is None else tuple(params.bias_v),
        )


def _meters(
    rig: Rig, params: ArrayMapParameters, singles: Sequence[SingleJunction]
) -> Iterable[Group]:
    """Junctions without an input: the meter that drives them shows a mean current."""
    unread = [j for j in singles if j.read is None]
    for terminal in dict.fromkeys(j.source for j in unread):
        mine = [j for j in unread if j.source == terminal]
        driven = rig.wiring.driven_by(terminal)
        # Behind a divider the meter sees the divider, not the junction.
        unseen = terminal not in rig.sources or any(wire.divider != 1.0 for wire in driven)
        seen = tuple(
            Seen(j.cell, None, j.series_ohm, members=len(driven), bias_v=j.bias_v) for j in mine
        )
        if unseen:
            yield Group("unseen", "", seen, {}, ())
            continue
        levels_v = (None,) if params.bias_v is None else tuple(params.bias_v)
        crowded = f"{len(driven)} junctions in parallel on {terminal}" if len(driven) > 1 else ""
        yield Group("meter", terminal, seen, {terminal: 1.0}, levels_v, crowded=crowded)


def _array(
    rig: Rig, params: ArrayMapParameters, array: ArrayWiring, asked: set[Cell]
) -> Iterable[Group]:
    boards = {read.instrument for read in array.reads if read is not None}
    unread = [c for c in array.cells if c in asked and _read(array, c) is None]
    if unread:
        yield Group("unseen", "", tuple(Seen(c, None, array.series_ohm) for c in unread), {}, ())
    levels_v = _array_levels(rig, params, array)
    for board in sorted(boards):
        for sources, rows in _together(array):
            mine = [
                cell
                for cell in array.cells
                if cell in asked and cell.row in rows and _on(array, cell, board)
            ]
            if array.selector is not None:
                for cell in mine:
                    source = array.sources[array.rows.index(cell.row)]
                    metered = source in rig.sources and array.divider == 1.0
                    yield Group(
                        "array",
                        board,
                        (_seen(array, cell, rig, members=1),),
                        {source: array.divider},
                        levels_v,
                        array.selector,
                        _crowded(array, params, metered),
                        meter=source if metered else "",
                    )
            elif mine:
                several = len(rows) > 1
                yield Group(
                    "array",
                    board,
                    tuple(_seen(array, cell, rig, members=len(rows)) for cell in mine),
                    dict.fromkeys(sources, array.divider),
                    levels_v,
                    crowded=f"{len(rows)} rows on one source, no selector" if several else "",
                    others=tuple(
                        read
                        for read in array.reads
                        if read is not None
                        and read.instrument == board
                        and read not in [_read(array, cell) for cell in mine]
                    ),
                )


def _crowded(array: ArrayWiring, params: ArrayMapParameters, metered: bool) -> str:
    """Why a junction behind a selector is not seen alone; "" if it is."""
    if len(array.cells) == 1:
        return ""
    if params.unselected == "float":
        return "sneak paths: the other lines float"
    if params.unselected == "bias_half":
        return "the other lines carry half the bias"
    if not metered and len(array.columns) > 1:
        return "no meter shows the current of the whole row"
    return ""


def _together(array: ArrayWiring) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Sources, and the rows that each of them drives."""
    return [
        ((source,), tuple(r for r, s in zip(array.rows, array.sources, strict=True) if s == source))
        for source in dict.fromkeys(array.sources)
    ]


def _seen(array: ArrayWiring, cell: Cell, rig: Rig, *, members: int) -> Seen:
    row, column = array.rows.index(cell.row), array.columns.index(cell.column)
    along = array.row_wire_ohm * (column + 1)
    down = array.column_wire_ohm * (len(array.rows) - row)
    others = 0 if array.selector is not None else len(array.rows) - members
    least_ohm = max(rig.limits.r_min_ohm, 1e3)
    behind = array.tia_input_ohm + down
    return Seen(
        cell,
        _read(array, cell),
        array.series_ohm + along,
        behind,
        array.tia_ohm,
        min(0.5, others * behind / least_ohm),
        members,
    )


def _read(array: ArrayWiring, cell: Cell) -> InputWire | None:
    return array.reads[array.columns.index(cell.column)]


def _on(array: ArrayWiring, cell: Cell, board: str) -> bool:
    read = _read(array, cell)
    return read is not None and read.instrument == board


def _array_levels(
    rig: Rig, params: ArrayMapParameters, array: ArrayWiring
) -> tuple[float | None, ...]:
    if params.bias_v is not None:
        return tuple(params.bias_v)
    reach_v = [
        array.divider * reach for source in array.sources for reach in [_reach_v(rig, source)]
    ]
    reachable = [volts for volts in ARRAY_BIAS_V if volts <= min(reach_v)]
    return tuple(reachable) or (min(reach_v),)


def _reach_v(rig: Rig, terminal: str) -> float:
    reach_v = largest_level_v(rig.wiring.driven_by(terminal), rig.limits)
    board = terminal.partition("/")[0]
    if board in rig.daqs:
        return min(reach_v, max(rig.daqs[board].abilities.output_ranges_v))
    return reach_v
