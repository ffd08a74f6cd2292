"""What one plot of a sweep shows, as numbers: no Qt here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtjlab.gui.live.collected import Collected

Values = NDArray[np.float64]
Columns = Mapping[str, Values]
Line = Literal["none", "solid", "dash", "dot"]
# More junctions than these would be told apart by nobody.
MOST_NAMED = 6
_MOST_TICKS = 6
_FEW_DECADES = 30.0


@dataclass(frozen=True)
class Series:
    """Points, or a curve, in SI units.

    Attributes:
        name: in the legend; empty stays out of it.
        x, y: (n,).
        low, high: ends of the 95 % intervals; None: there are none.
        colour: place in the theme's cycle; -1 is grey.
        symbol: of the points, as pyqtgraph names them; empty: none.
        line: through them.
    """

    name: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    colour: int = 0
    symbol: str = "o"
    line: Line = "none"


@dataclass(frozen=True)
class Panel:
    """One plot.

    Attributes:
        title: above it.
        x, y: name and SI unit of each axis.
        series: what is drawn.
        log: whether x and y are logarithmic.
        ticks_x, ticks_y: places with words instead of numbers.
        y_range: fixed; None: as the values are.
        empty: words where there is nothing to draw yet.
        image: a matrix about zero, drawn instead of series.
        names: of its rows and columns.
    """

    title: str
    x: tuple[str, str] = ("", "")
    y: tuple[str, str] = ("", "")
    series: tuple[Series, ...] = ()
    log: tuple[bool, bool] = (False, False)
    ticks_x: tuple[tuple[float, str], ...] = ()
    ticks_y: tuple[tuple[float, str], ...] = ()
    y_range: tuple[float, float] | None = None
    empty: str = ""
    image: Values | None = None
    names: tuple[str, ...] = ()


def columns_of(run: Collected, stream: str) -> Columns:
    """Column name -> values of every row; empty if there is no row."""
    table = run.tables.get(stream)
    if table is None or not len(table):
        return {}
    rows = np.asarray(table.rows.reshape(len(table.rows), -1), dtype=np.float64)
    return {name: rows[:, index] for index, name in enumerate(table.columns)}


def words_in(run: Collected, stream: str) -> tuple[str, ...]:
    """The words whose numbers other streams hold, such as verdicts; empty without them."""
    table = run.tables.get(stream)
    return () if table is None else tuple(n.replace("_", " ") for n in table.columns)


def points(
    table: Columns,
    x: Values,
    name: str,
    *,
    label: str = "",
    colour: int = 0,
    symbol: str = "o",
    factor: float = 1.0,
    line: Line = "none",
) -> Series:
    """Of a column, with the interval of `NAME_low` and `NAME_high` where these are there.

    Points without a value are left out; an open interval ends at its point.
    """
    value = table[name]
    known = np.isfinite(value) & np.isfinite(x)
    ends: list[Values | None] = []
    for end in ("low", "high"):
        column = table.get(f"{name}_{end}")
        if column is None:
            ends.append(None)
        else:
            ends.append(factor * np.where(np.isfinite(column), column, value)[known])
    return Series(label, x[known], factor * value[known], ends[0], ends[1], colour, symbol, line)


def curve(label: str, x: Values, y: Values, *, colour: int = 0, line: Line = "solid") -> Series:
    """A line without points."""
    return Series(label, x, y, colour=colour, symbol="", line=line)


def level(label: str, x: Sequence[float], value: float, *, colour: int = -1) -> Series:
    """A dashed line across, from the first to the last `x`."""
    ends = np.array([min(x), max(x)], dtype=np.float64)
    return curve(label, ends, np.full(2, value), colour=colour, line="dash")


def cells_of(table: Columns) -> list[tuple[int, int]]:
    """Every junction of a table, in its order."""
    if not table:
        return []
    both = np.column_stack([table["row"], table["column"]]).astype(np.int64)
    _, first = np.unique(both, axis=0, return_index=True)
    return [(int(both[i, 0]), int(both[i, 1])) for i in np.sort(first)]


def only(table: Columns, cell: tuple[int, int]) -> Columns:
    """Rows of one junction; empty stays empty."""
    if not table:
        return {}
    mine = (table["row"] == cell[0]) & (table["column"] == cell[1])
    return {name: values[mine] for name, values in table.items()}


def where(table: Columns, mask: NDArray[np.bool_]) -> Columns:
    """Rows that fit."""
    return {name: values[mask] for name, values in table.items()}


def cell_words(cell: tuple[int, int]) -> str:
    """As everywhere: (row, column)."""
    return f"({cell[0]}, {cell[1]})"


def cell_ticks(table: Columns) -> tuple[tuple[float, str], ...]:
    """A few of the junctions of a table, evenly, at the number of their row."""
    count = len(table["row"])
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_TICKS)).round().astype(int))
    return tuple(
        (float(i), cell_words((int(table["row"][i]), int(table["column"][i])))) for i in shown
    )


def nothing(run: Collected, what: str) -> str:
    """Words in the place of what has not been measured yet, or never will be."""
    going_on = run.status in ("running", "waiting")
    return f"waiting for the first {what}" if going_on else f"no {what} was measured"


def per_junction(
    table: Columns,
    name: str,
    title: str,
    y: tuple[str, str],
    *,
    factor: float = 1.0,
    colour: int = 0,
) -> Panel:
    """A number of each junction with its interval; those without one are left out."""
    if not table or not np.isfinite(table[name]).any():
        return Panel(title, empty=f"{title}: not known of any junction")
    at = np.arange(len(table["row"]), dtype=np.float64)
    return Panel(
        title,
        ("junction (row, column)", ""),
        y,
        (points(table, at, name, colour=colour, factor=factor),),
        ticks_x=cell_ticks(table),
    )
