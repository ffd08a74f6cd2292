"""Junctions that can be seen at one moment: single ones of a board, a row, a cell and its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Unselected
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire
from mtjlab.fabric.bias import CommonBias
from protocols.crosstalk.parameters import CrosstalkParameters


@dataclass(frozen=True)
class Group:
    """Recorded together.

    Attributes:
        kind: single junctions; one row of an array with all its columns; one cell behind a
            selector with the other lines grounded, then floating.
        board: that reads them.
        cells, reads: the junctions and the input of each.
        levels_v: terminal -> V at the source.
        bias_v: behind the divider, V.
        array: of a row or cell.
        selector, unselected: of a cell.
    """

    kind: Literal["single", "row", "cell"]
    board: str
    cells: tuple[Cell, ...]
    reads: tuple[InputWire, ...]
    levels_v: dict[str, float]
    bias_v: float
    array: ArrayWiring | None = None
    selector: str = ""
    unselected: Unselected = "ground"


def groups_of(
    rig: Rig, params: CrosstalkParameters, cells: Sequence[Cell]
) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """All groups with one of these junctions, and what is left out and why.

    Raises:
        BenchError: nothing is left: crosstalk needs two junctions at once, or a selector.
    """
    asked = set(cells)
    found: list[Group] = []
    left_out: list[str] = []
    _singles(rig, params, asked, found, left_out)
    for array in rig.wiring.arrays:
        if not asked & set(array.cells):
            continue
        if array.selector is not None:
            found += _selected(params, array, asked)
        elif len(set(array.sources)) < len(array.sources):
            left_out.append(
                f"the array at {array.cells[0]}: its rows share a source, so that no row is seen "
                "alone"
            )
        else:
            found += _rows(params, array, asked)
    if not found:
        raise BenchError(
            "crosstalk needs two single junctions on inputs of one board, an array whose rows have "
            f"sources of their own, or one behind a selector; on bench {rig.bench!r}: "
            + ("; ".join(left_out) or "nothing of the kind among the cells asked for")
        )
    return tuple(found), tuple(left_out)


def _singles(
    rig: Rig,
    params: CrosstalkParameters,
    asked: set[Cell],
    found: list[Group],
    left_out: list[str],
) -> None:
    read = [j for j in rig.wiring.singles if j.cell in asked and j.read is not None]
    for board in dict.fromkeys(j.read.instrument for j in read if j.read is not None):
        mine = [j for j in read if j.read is not None and j.read.instrument == board]
        if len(mine) < 2:
            left_out.append(f"junction {mine[0].cell}: alone on {board}")
            continue
        bias = CommonBias(rig, mine, params.bias_v)
        wires = tuple(j.read for j in mine if j.read is not None)
        cells = tuple(j.cell for j in mine)
        volts = bias.behind_divider_v[0]
        found.append(Group("single", board, cells, wires, bias.levels_v, volts))
    unread = [j.cell for j in rig.wiring.singles if j.cell in asked and j.read is None]
    if unread:
        left_out.append(f"{len(unread)} junctions from {unread[0]} on: no input reads them")


def _rows(params: CrosstalkParameters, array: ArrayWiring, asked: set[Cell]) -> list[Group]:
    found = []
    reads = {c: read for c, read in zip(array.columns, array.reads, strict=True) if read}
    for row, source in zip(array.rows, array.sources, strict=True):
        if not any(cell.row == row for cell in asked & set(array.cells)):
            continue
        levels_v = {source: params.array_bias_v / array.divider}
        for board in sorted({read.instrument for read in reads.values()}):
            columns = [c for c, read in reads.items() if read.instrument == board]
            found.append(
                Group(
                    "row",
                    board,
                    tuple(Cell(row, column) for column in columns),
                    tuple(reads[column] for column in columns),
                    levels_v,
                    params.array_bias_v,
                    array,
                )
            )
    return found


def _selected(params: CrosstalkParameters, array: ArrayWiring, asked: set[Cell]) -> list[Group]:
    found = []
    for cell in array.cells:
        read = array.reads[array.columns.index(cell.column)]
        if cell not in asked or read is None:
            continue
        source = array.sources[array.rows.index(cell.row)]
        for unselected in ("ground", "float"):
            found.append(
                Group(
                    "cell",
                    read.instrument,
                    (cell,),
                    (read,),
                    {source: params.array_bias_v / array.divider},
                    params.array_bias_v,
                    array,
                    array.selector or "",
                    "ground" if unselected == "ground" else "float",
                )
            )
    return found
