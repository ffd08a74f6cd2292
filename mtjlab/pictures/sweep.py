"""The figure of a sweep: each result over each parameter, a dot for each run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.core.errors import StoreError
from mtjlab.pictures.heading import MARGIN, roomy
from mtjlab.pictures.picture import DOTS_PER_INCH
from mtjlab.pictures.style import CYCLE, GREY, INK, LABEL, TITLE, dress, empty, legend

Row = Mapping[str, Any]

MOST_ROWS, MOST_COLUMNS = 4, 4
PANEL_INCH = (4.2, 2.9)
# Dots of one place stand a little apart, as a share of the distance to the next place.
SPREAD = 0.16
DECADE = 10.0


def sweep_picture(
    rows: Sequence[Row], swept: Sequence[str], show: Sequence[str], out: Path, *, title: str
) -> Path:
    """Draw finished runs and write a PNG or SVG.

    Args:
        rows: of the table, one for each run.
        swept: what was varied; one column of panels for each.
        show: results; one row of panels for each.
        out: where it goes.
        title: of the figure.

    Raises:
        StoreError: it cannot be written.
    """
    figure = draw(rows, swept, show, title=title)
    try:
        figure.savefig(out, dpi=DOTS_PER_INCH, facecolor="white")
    except OSError as error:
        raise StoreError(f"figure {out} cannot be written: {error.strerror or error}") from error
    return out


def draw(rows: Sequence[Row], swept: Sequence[str], show: Sequence[str], *, title: str) -> Figure:
    """Medians are joined where they are over numbers; colours are the values of a word."""
    names, results = list(swept)[:MOST_COLUMNS], list(show)[:MOST_ROWS]
    finished = [row for row in rows if row["status"] == "finished"]
    wide, high = max(1, len(names)), max(1, len(results))
    size = (max(7.0, wide * PANEL_INCH[0] + 0.4), high * PANEL_INCH[1] + 1.1)
    figure = Figure(figsize=size, layout=roomy())
    figure.suptitle(
        f"{title}\n{len(finished)} of {len(rows)} runs finished",
        x=MARGIN,
        ha="left",
        fontsize=TITLE,
        fontweight="bold",
        color=INK,
    )
    panels = figure.subplots(high, wide, squeeze=False)
    if not finished or not results:
        for axes in panels.flat:
            empty(axes, "no finished run with a number to show")
        return figure
    coloured = _coloured(finished, swept)
    for line, result in enumerate(results):
        for column, name in enumerate(names):
            axes = panels[line, column]
            _panel(axes, finished, name, result, coloured)
            # Where the colours are the places they need no key.
            first = column == int(coloured == names[0])
            if line == 0 and first and coloured not in (None, name):
                legend(axes)
    return figure


def _coloured(rows: Sequence[Row], swept: Sequence[str]) -> str | None:
    """The parameter with few values, words first, that tells the runs apart by colour."""
    few = [name for name in swept if 2 <= len(_values(rows, name)) <= len(CYCLE)]
    words = [name for name in few if not _numeric(rows, name)]
    return next(iter((*words, *few)), None) if len(swept) > 1 else None


def _panel(axes: Axes, rows: Sequence[Row], name: str, result: str, coloured: str | None) -> None:
    values = _values(rows, name)
    numeric = _numeric(rows, name)
    places = {_text(value): float(value) if numeric else at for at, value in enumerate(values)}
    groups = _values(rows, coloured) if coloured else [None]
    for index, group in enumerate(groups):
        of = [row for row in rows if coloured is None or _same(row[coloured], group)]
        colour = CYCLE[index % len(CYCLE)]
        known = [row for row in of if _finite(row.get(result))]
        apart = not numeric and name != coloured
        shift = (index - (len(groups) - 1) / 2) * SPREAD if apart else 0.0
        at = np.array([places[_text(row[name])] + shift for row in known])
        y = np.array([float(row[result]) for row in known])
        label = f"{coloured} = {_text(group)}" if coloured else None
        axes.plot(at, y, "o", color=colour, markersize=4.5, alpha=0.55, label=label)
        _medians(axes, at, y, colour, joined=numeric)
    if (
        numeric
        and min(places.values()) > 0
        and max(places.values()) > DECADE * min(places.values())
    ):
        axes.set_xscale("log")
    if not numeric:
        axes.set_xticks(range(len(values)), [_text(value)[:18] for value in values])
        axes.set_xlim(-0.6, len(values) - 0.4)
    lost = sum(not _finite(row.get(result)) for row in rows)
    if lost:
        axes.annotate(
            f"{lost} runs without",
            (1.0, 1.02),
            xycoords="axes fraction",
            ha="right",
            va="bottom",
            fontsize=LABEL - 2,
            color=GREY,
        )
    dress(axes, x=name, y=result.replace("_", " "))


def _medians(axes: Axes, at: Any, y: Any, colour: str, *, joined: bool) -> None:
    """A line through medians of repeated places; nothing where each has been visited once."""
    places, counts = np.unique(at, return_counts=True)
    if not len(places) or counts.max() < 2:
        return
    medians = [float(np.median(y[at == place])) for place in places]
    if joined and len(places) > 1:
        axes.plot(places, medians, "-", color=colour, linewidth=1.8)
    else:
        axes.plot(places, medians, "_", color=colour, markersize=22, markeredgewidth=2.4)


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    found = {_text(row[name]): row[name] for row in rows}
    ordered = list(found.values())
    return sorted(ordered) if _numeric(rows, name) else ordered


def _numeric(rows: Sequence[Row], name: str) -> bool:
    return all(
        isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows
    )


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))


def _same(one: Any, two: Any) -> bool:
    return _text(one) == _text(two)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
