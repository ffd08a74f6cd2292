"""The key of a plot as a line under its title, where it covers no point."""

import html
from collections.abc import Sequence

import pyqtgraph as pg

from mtjlab.gui.theme import Theme

SIGNS = {"o": "●", "s": "■", "t": "▼", "t1": "▲", "d": "◆", "+": "✚", "x": "✕", "star": "★"}
_LINES = {"solid": "━", "dash": "╍╍", "dot": "┅", "none": ""}

Entry = tuple[str, str, str, str]


def entry(name: str, colour: str, symbol: str = "", line: str = "none") -> Entry:
    """One curve: its name, colour as `#rrggbb`, symbol as pyqtgraph names it, and line."""
    return name, colour, symbol, line


def titled(item: pg.PlotItem, theme: Theme, title: str, entries: Sequence[Entry]) -> None:
    """Title of a plot, and below it what each sign means."""
    keys = [
        f'<span style="color:{colour}">{_LINES[line]}{SIGNS.get(symbol, "")}</span>'
        f"&nbsp;{html.escape(name).replace(' ', '&nbsp;')}"
        for name, colour, symbol, line in entries
    ]
    text = html.escape(title)
    if keys:
        text += f'<br><span style="font-size:8pt">{"&nbsp; ".join(keys)}</span>'
    item.setTitle(text, color=theme.ink, size="10pt")
    # One line more than the title alone; without it the second line is cut off.
    height = 44 if keys else 24
    item.titleLabel.setMaximumHeight(height)
    item.layout.setRowFixedHeight(0, height)
