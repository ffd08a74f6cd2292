"""Colours of the window and of every plot, light and dark.

The cycle is Okabe and Ito's palette, told apart with every common kind of colour vision; maps are
cividis (one way) and a blue to vermillion scale about zero.
"""

from dataclasses import dataclass
from typing import Literal

import pyqtgraph as pg
from PyQt5 import QtCore, QtGui, QtWidgets

Name = Literal["light", "dark"]
DASHES = (
    QtCore.Qt.PenStyle.SolidLine,
    QtCore.Qt.PenStyle.DashLine,
    QtCore.Qt.PenStyle.DotLine,
    QtCore.Qt.PenStyle.DashDotLine,
)


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`.

    Attributes:
        name: light or dark.
        ink, grey, faint: text, secondary text, grid and frames.
        paper: behind plots and tables; panel: behind controls.
        accent: what is selected.
        danger, warn, ok: never alone, always beside a word or a symbol.
        cycle: of curves, in this order.
        middle: of the map about zero.
    """

    name: Name
    ink: str
    grey: str
    faint: str
    paper: str
    panel: str
    accent: str
    danger: str
    warn: str
    ok: str
    cycle: tuple[str, ...]
    middle: str

    def pen(
        self,
        index: int = 0,
        width: float = 1.5,
        dash: QtCore.Qt.PenStyle = QtCore.Qt.PenStyle.SolidLine,
    ) -> QtGui.QPen:
        """Of the curve number `index`; after the last colour it begins again, dashed."""
        rounds, place = divmod(index, len(self.cycle))
        style = DASHES[rounds % len(DASHES)] if rounds else dash
        made: QtGui.QPen = pg.mkPen(self.cycle[place], width=width, style=style)
        return made

    @property
    def colour_map(self) -> pg.ColorMap:
        """For values with one direction."""
        return pg.colormap.get("cividis")

    @property
    def diverging(self) -> pg.ColorMap:
        """For values about zero."""
        return pg.ColorMap([0.0, 0.5, 1.0], [self.cycle[0], self.middle, self.danger])


LIGHT = Theme(
    name="light",
    ink="#1b1f24",
    grey="#5c6670",
    faint="#d0d5da",
    paper="#ffffff",
    panel="#f2f4f6",
    accent="#0072b2",
    danger="#c43c00",
    warn="#9a6700",
    ok="#00734f",
    cycle=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07800", "#3a9fd6"),
    middle="#ffffff",
)
DARK = Theme(
    name="dark",
    ink="#e6e8ea",
    grey="#a0a8b0",
    faint="#3d444c",
    paper="#15181c",
    panel="#1f2429",
    accent="#56b4e9",
    danger="#ff7a45",
    warn="#e69f00",
    ok="#35c997",
    cycle=("#56b4e9", "#ff8c42", "#35c997", "#e29ac4", "#f0c44c", "#9fb7ff"),
    middle="#15181c",
)
THEMES: dict[Name, Theme] = {"light": LIGHT, "dark": DARK}


def apply(app: QtWidgets.QApplication, theme: Theme) -> None:
    """Colour the whole application; views that are open are made anew by the window."""
    # The style keeps pictures of controls in the colours of before.
    QtGui.QPixmapCache.clear()
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(_sheet(theme))
    # Antialiasing costs a live trace most of its frame rate.
    pg.setConfigOptions(
        background=theme.paper, foreground=theme.ink, antialias=False, imageAxisOrder="row-major"
    )


def _palette(theme: Theme) -> QtGui.QPalette:
    roles = QtGui.QPalette.ColorRole
    colours = {
        roles.Window: theme.panel,
        roles.WindowText: theme.ink,
        roles.Base: theme.paper,
        roles.AlternateBase: theme.panel,
        roles.ToolTipBase: theme.paper,
        roles.ToolTipText: theme.ink,
        roles.PlaceholderText: theme.grey,
        roles.Text: theme.ink,
        roles.Button: theme.panel,
        roles.ButtonText: theme.ink,
        roles.BrightText: theme.danger,
        roles.Link: theme.accent,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.paper,
        roles.Mid: theme.faint,
    }
    palette = QtGui.QPalette()
    for role, colour in colours.items():
        palette.setColor(role, QtGui.QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, role, QtGui.QColor(theme.grey))
    return palette


def _sheet(theme: Theme) -> str:
    return f"""
QToolTip {{ color: {theme.ink}; background: {theme.paper}; border: 1px solid {theme.grey}; }}
QDockWidget::title {{ background: {theme.faint}; padding: 3px 6px; text-align: left; }}
QLabel[role="danger"] {{ color: {theme.danger}; font-weight: bold; }}
QLabel[role="warn"] {{ color: {theme.warn}; }}
QLabel[role="ok"] {{ color: {theme.ok}; }}
QLabel[role="quiet"] {{ color: {theme.grey}; }}
QLineEdit[wrong="true"] {{ border: 2px solid {theme.danger}; border-radius: 2px; }}
QToolBar#bar {{ spacing: 10px; padding: 4px 6px; border: none; }}
QProgressBar {{
    border: 1px solid {theme.grey}; border-radius: 4px; background: {theme.paper};
    color: {theme.ink}; text-align: center; min-height: 18px;
}}
QProgressBar::chunk {{ background: {theme.faint}; border-radius: 3px; }}
QPushButton#stop {{
    background: {STOP_RED}; color: white; font-weight: bold; font-size: 17px;
    padding: 7px 26px; border: 3px solid {theme.panel}; border-radius: 6px;
}}
QPushButton#stop:focus {{ border: 3px solid {theme.ink}; }}
QPushButton#stop:pressed {{ background: #7d0000; }}
QLabel#sim {{
    background: {theme.accent}; color: {theme.paper}; font-weight: bold; font-size: 17px;
    padding: 5px 14px; border-radius: 6px;
}}
QLabel#real {{
    background: {theme.ink}; color: {theme.paper}; font-weight: bold; font-size: 17px;
    padding: 5px 14px; border-radius: 6px;
}}
QLabel#outputs[on="true"] {{
    background: {STOP_RED}; color: white; font-weight: bold; padding: 5px 12px;
    border-radius: 6px;
}}
QLabel#outputs[on="false"] {{ color: {theme.grey}; padding: 5px 12px; }}
QTableView::indicator:unchecked, QCheckBox::indicator:unchecked {{
    border: 1px solid {theme.grey}; background: {theme.paper}; width: 12px; height: 12px;
}}
QFrame#strip {{ border: 1px solid {theme.faint}; background: {theme.paper}; }}
"""


# As on every bench: emergency buttons are red in both themes.
STOP_RED = "#b3001b"
