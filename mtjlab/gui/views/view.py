"""What every live view is: a widget that is handed one run and redraws when asked."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.plot import Plot


class View(QtWidgets.QWidget):
    """Base of the views; the deck calls `redraw`, nobody else.

    Attributes:
        title: on its tab.
        share: part of one core that redrawing may take; frames are dropped to keep to it.
        junction_chosen: a row and a column that other views may follow.
        said: a sentence for the status line.
    """

    title: ClassVar[str] = ""
    share: ClassVar[float] = 0.03
    junction_chosen = QtCore.pyqtSignal(int, int)
    said = QtCore.pyqtSignal(str)

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """`run` may be waiting, running, or long ended."""
        super().__init__(parent)
        self.run = run
        self.theme = theme

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Whether there is something to show of this run, now or later."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show what `run` holds now. Quick; only called while visible and not paused."""
        raise NotImplementedError

    def plots(self) -> list[Plot]:
        """All plots, for export."""
        return self.findChildren(Plot)

    def export_table(self) -> tuple[list[str], NDArray[np.float64] | NDArray[np.str_]]:
        """What is shown as a table: header, and rows of shape (n, len(header))."""
        return [], np.empty((0, 0))

    def show_junction(self, row: int, column: int) -> None:
        """Another view has chosen a junction; a view that knows junctions follows."""
