"""Weight matrices of all layers as heat maps about zero."""

import re

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.heat_map import HeatMap

MOST_LAYERS = 4
_LAYER = re.compile(r"weights_(\d+)\Z")
NEWEST, START, CHANGE = "newest", "at the start", "change since the start"


def layers_of(run: Collected) -> list[str]:
    """Names of the streams with weights, by layer."""
    found = [(int(m.group(1)), name) for name in run.tables if (m := _LAYER.match(name))]
    return [name for _, name in sorted(found)]


class WeightMaps(QtWidgets.QWidget):
    """A map for each layer.

    Attributes:
        maps: by layer.
        which: newest, at the start, or the change.
    """

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """As many layers as fit; the others are in the tab of all streams."""
        super().__init__(parent)
        self._run = run
        self._drawn: tuple[object, ...] = ()
        every = layers_of(run)
        self._names = every[:MOST_LAYERS]
        self.which = QtWidgets.QComboBox()
        self.which.setAccessibleName("Which weights")
        self.which.addItems([NEWEST, START, CHANGE])
        self.which.currentIndexChanged.connect(lambda _index: self.update_rows())
        label = QtWidgets.QLabel("&Weights")
        label.setBuddy(self.which)
        self._when = QtWidgets.QLabel("")
        self._when.setProperty("role", "quiet")
        top = QtWidgets.QHBoxLayout()
        for part in (label, self.which, self._when):
            top.addWidget(part)
        top.addStretch(1)
        if len(every) > MOST_LAYERS:
            more = f"{len(every) - MOST_LAYERS} more layers: see Streams"
            top.addWidget(QtWidgets.QLabel(more))
        self.maps = [HeatMap(theme, diverging=True) for _ in self._names]
        row = QtWidgets.QHBoxLayout()
        for one, name in zip(self.maps, self._names, strict=True):
            nodes, inputs = run.tables[name].stream.shape
            one.title = f"layer {name.removeprefix('weights_')}: {nodes} x {inputs}"
            one.getPlotItem().setTitle(one.title, color=theme.ink, size="9pt")
            one.set_axes(("input", ""), ("node", ""))
            row.addWidget(one)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addLayout(row, 1)

    def update_rows(self) -> None:
        """Only matrices that have changed."""
        now = (
            self.which.currentText(),
            self._run.status,
            *(self._run.tables[n].version for n in self._names),
        )
        if now == self._drawn:
            return
        self._drawn = now
        going_on = self._run.status in ("running", "waiting")
        words = "waiting for the first weights" if going_on else "no weights were recorded"
        for one, name in zip(self.maps, self._names, strict=True):
            rows = self._run.tables[name].rows
            shown = self._matrix(rows)
            one.empty("" if shown is not None else words)
            if shown is not None:
                one.show_values(shown, name="weight")
        count = max((len(self._run.tables[n].rows) for n in self._names), default=0)
        self._when.setText(self._words(count))

    def _words(self, rows: int) -> str:
        if rows < 2:
            return ("", "as at the start")[rows]
        return "as at the end" if self._run.status == "finished" else "as last kept in the run file"

    def _matrix(self, rows: NDArray[np.generic]) -> NDArray[np.float64] | None:
        if not len(rows):
            return None
        which = self.which.currentText()
        newest: NDArray[np.float64] = rows[-1].astype(np.float64)
        first: NDArray[np.float64] = rows[0].astype(np.float64)
        return {NEWEST: newest, START: first, CHANGE: newest - first}[which]
