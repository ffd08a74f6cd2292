"""Which junctions a protocol is about: `cells = [[0, 3], [0, 4]]`, or all of them."""

from collections.abc import Iterable

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell, SingleJunction

# As a parameter: (row, column) of each junction; None is all that the bench has.
Cells = list[tuple[int, int]] | None


def wanted(rig: Rig, cells: Cells) -> tuple[Cell, ...]:
    """The junctions asked for, in the order of the parameter; all in the order of the bench file.

    Raises:
        ParameterError: none, or one twice.
        BenchError: one that is not wired on this bench.
    """
    known = rig.wiring.cells
    if cells is None:
        return known
    found = tuple(Cell(row, column) for row, column in cells)
    if not found:
        raise ParameterError("cells = []: name at least one junction, or leave it out for all")
    for cell in found:
        if found.count(cell) > 1:
            raise ParameterError(f"cells: junction {cell} is named twice")
        if cell not in known:
            raise BenchError(
                f"cells: junction {cell} is not wired on bench {rig.bench!r}, which has "
                f"{_listed(known)}"
            )
    return found


def wanted_singles(rig: Rig, cells: Cells, what: str) -> tuple[SingleJunction, ...]:
    """Single junctions that an input reads: those asked for, or all there are.

    Args:
        rig: the bench.
        cells: the parameter.
        what: name of the protocol, for messages.

    Raises:
        ParameterError: see `wanted`.
        BenchError: one is in an array, or unread; or the bench has none.
    """
    singles = {junction.cell: junction for junction in rig.wiring.singles}
    if cells is None:
        readable = tuple(j for j in rig.wiring.singles if j.read is not None)
        if not readable:
            raise BenchError(
                f"{what} needs single junctions behind series resistors with an input across "
                f"each; bench {rig.bench!r} has none. Give [[wiring.singles]] a `read`"
            )
        return readable
    asked = wanted(rig, cells)
    for cell in asked:
        if cell not in singles:
            raise BenchError(
                f"{what} needs single junctions; {cell} is in an array, where other junctions "
                f"share its lines. Single ones here: {_listed(singles)}"
            )
        if singles[cell].read is None:
            raise BenchError(
                f"{what}: nothing reads junction {cell}; wire an input across it and give its "
                "[[wiring.singles]] a `read`"
            )
    return tuple(singles[cell] for cell in asked)


def _listed(cells: Iterable[Cell]) -> str:
    """The first and the last few."""
    texts = [str(cell) for cell in cells]
    if len(texts) > 6:
        texts = [*texts[:3], "...", *texts[-2:]]
    return ", ".join(texts) or "none"
