"""How a network learns: loss, accuracy, weights, and the noise that it learns by."""

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.learning_curves import AccuracyPlot, LossPlot
from mtjlab.gui.views.learning_words import key_numbers
from mtjlab.gui.views.panel import Panel, Series, cell_ticks, columns_of, level
from mtjlab.gui.views.panel_plot import PanelPlot
from mtjlab.gui.views.view import View
from mtjlab.gui.views.weight_maps import WeightMaps, layers_of

_NO_RATIO = 0.5


class LearningView(View):
    """Of `noise_learning`, and of every protocol with its streams."""

    title = "Learning"

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """See `View`."""
        super().__init__(run, theme, parent)
        self.words = QtWidgets.QLabel("")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("Key numbers")
        self.log = QtWidgets.QCheckBox("&Logarithmic loss")
        self.loss = LossPlot(run, theme)
        self.accuracy = AccuracyPlot(run, theme)
        self.weights = WeightMaps(run, theme)
        self.noise = PanelPlot(theme)
        self.log.toggled.connect(self.loss.set_log)
        self.log.setChecked(True)
        self._drawn: tuple[object, ...] = ()
        top = QtWidgets.QHBoxLayout()
        top.setContentsMargins(6, 4, 6, 0)
        top.addWidget(self.words, 1)
        top.addWidget(self.log)
        grid = QtWidgets.QGridLayout()
        parts: list[QtWidgets.QWidget] = [self.loss, self.accuracy, self.weights, self.noise]
        for index, part in enumerate(parts):
            row, column = divmod(index, 2)
            grid.addWidget(part, row, column)
            # All four are of one size, whatever each would like.
            ignored = QtWidgets.QSizePolicy.Policy.Ignored
            part.setSizePolicy(ignored, ignored)
        for index in (0, 1):
            grid.setColumnStretch(index, 1)
            grid.setRowStretch(index, 1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addLayout(grid, 1)
        self.redraw()

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Runs that learn."""
        return {"step", "evaluation"} <= set(run.tables) and bool(layers_of(run))

    def redraw(self) -> None:
        """Only what has new rows."""
        tables = self.run.tables
        now = (self.run.status, *(tables[n].version for n in ("step", "evaluation", "junctions")))
        if now != self._drawn:
            self.words.setText(key_numbers(self.run))
            self.loss.update_rows()
            if now[0] != (self._drawn or ("",))[0] or now[2:] != self._drawn[2:]:
                self.accuracy.update_rows()
                self.noise.show_panel(self._noise())
            self._drawn = now
        self.weights.update_rows()

    def _noise(self) -> Panel:
        title = "Junction noise over instrument noise"
        table = columns_of(self.run, "junctions")
        if not table:
            running = self.run.status in ("running", "waiting")
            words = "waiting for the calibration" if running else "no junction was calibrated"
            fabric = self.run.parameters.get("fabric", "")
            simulated = fabric in ("gaussian", "bernoulli", "telegraph")
            return Panel(title, empty=f"{fabric}: no junctions" if simulated else words)
        at = np.arange(len(table["row"]), dtype=np.float64)
        ratio, used = table["noise_ratio"], table["node"] >= 0
        # Without a ratio a junction stands below the axis of the others.
        shown = np.where(ratio > 0.0, ratio, _NO_RATIO)
        drawn = [
            Series("in use", at[used], shown[used], colour=0, symbol="o"),
            Series("masked: not used", at[~used], shown[~used], colour=1, symbol="x"),
            level("as loud as the instrument", [0.0, max(1.0, len(at) - 1.0)], 1.0),
        ]
        if not (~used).any():
            del drawn[1]
        return Panel(
            title,
            ("junction (row, column)", ""),
            ("noise ratio", ""),
            tuple(drawn),
            log=(False, True),
            ticks_x=cell_ticks(table),
        )

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Every learning step."""
        table = self.run.tables["step"]
        return list(table.columns), np.asarray(table.rows, dtype=np.float64)
