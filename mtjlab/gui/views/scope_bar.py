"""What is set on a scope: the window, whether it follows, which junctions."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.live.scope_window import SPANS_S

MOST_SHOWN = 8


class ScopeBar(QtWidgets.QWidget):
    """A row of controls.

    Attributes:
        span_chosen: s.
        follow_asked, analysis_toggled: by the buttons.
        zoomed: a factor of the window's length.
        channels_chosen: places of the channels to show.
    """

    span_chosen = QtCore.pyqtSignal(float)
    follow_asked = QtCore.pyqtSignal()
    zoomed = QtCore.pyqtSignal(float)
    channels_chosen = QtCore.pyqtSignal(list)
    analysis_toggled = QtCore.pyqtSignal(bool)

    def __init__(self, names: Sequence[str], *, live: bool) -> None:
        super().__init__()
        self._names = tuple(names)
        self._spans = QtWidgets.QComboBox()
        self._spans.setAccessibleName("length of the window")
        self._spans.setToolTip("Length of the window of time; + and - on the keyboard")
        for span_s in SPANS_S:
            self._spans.addItem(_span_words(span_s), span_s)
        self._spans.activated.connect(
            lambda index: self.span_chosen.emit(float(self._spans.itemData(index)))
        )
        label = QtWidgets.QLabel("&Window")
        label.setBuddy(self._spans)
        self.follow = QtWidgets.QToolButton()
        self.follow.setText("&Follow" if live else "&Whole trace")
        self.follow.setCheckable(live)
        self.follow.setToolTip(
            "Keep the newest sample in sight (End)" if live else "Everything in sight (Home)"
        )
        self.follow.clicked.connect(lambda _checked: self.follow_asked.emit())
        self._menu = QtWidgets.QMenu(self)
        self._actions: list[QtWidgets.QAction] = []
        for name in self._names:
            action = self._menu.addAction(name)
            assert action is not None
            action.setCheckable(True)
            action.toggled.connect(lambda _on: self._choose())
            self._actions.append(action)
        self._junctions = QtWidgets.QToolButton()
        self._junctions.setMenu(self._menu)
        self._junctions.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._junctions.setToolTip(f"Which traces are shown, {MOST_SHOWN} at most")
        self.analysis = QtWidgets.QToolButton()
        self.analysis.setText("&Analysis")
        self.analysis.setCheckable(True)
        self.analysis.setChecked(True)
        self.analysis.setToolTip("Histogram, dwell times, correlation and spectrum of one junction")
        self.analysis.toggled.connect(self.analysis_toggled)
        self.words = QtWidgets.QLabel()
        self.words.setProperty("role", "quiet")
        self.words.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred
        )
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(4, 2, 4, 2)
        row.addWidget(label)
        row.addWidget(self._spans)
        for text, factor, tip in (("-", 2.0, "Longer window (-)"), ("+", 0.5, "Shorter (+)")):
            button = QtWidgets.QToolButton()
            button.setText(text)
            button.setAccessibleName(tip)
            button.setToolTip(tip)
            button.clicked.connect(lambda _checked, factor=factor: self.zoomed.emit(factor))
            row.addWidget(button)
        row.addWidget(self.follow)
        row.addWidget(self._junctions)
        row.addWidget(self.words, 1)
        row.addWidget(self.analysis)

    def show_channels(self, places: Sequence[int]) -> None:
        """Tick these."""
        for place, action in enumerate(self._actions):
            action.blockSignals(True)
            action.setChecked(place in places)
            action.blockSignals(False)
        self._tell(len(places))

    def show_window(self, span_s: float, *, following: bool) -> None:
        """Say how long the window is, and whether it follows."""
        index = next((i for i, s in enumerate(SPANS_S) if abs(s / span_s - 1.0) < 1e-6), -1)
        text = _span_words(span_s)
        if index < 0:
            # An entry for what the mouse has made, in the place after the last one.
            index = len(SPANS_S)
            if self._spans.count() == index:
                self._spans.addItem(text, span_s)
        if index == len(SPANS_S):
            self._spans.setItemText(index, text)
            self._spans.setItemData(index, span_s)
        self._spans.setCurrentIndex(index)
        if self.follow.isCheckable():
            self.follow.setChecked(following)

    def _choose(self) -> None:
        places = [place for place, action in enumerate(self._actions) if action.isChecked()]
        if len(places) > MOST_SHOWN:
            sender = self.sender()
            keep = self._actions.index(sender) if sender in self._actions else places[-1]
            places = sorted([*[p for p in places if p != keep][: MOST_SHOWN - 1], keep])
            self.show_channels(places)
        if places:
            self._tell(len(places))
            self.channels_chosen.emit(places)
        else:
            self.show_channels([0])
            self.channels_chosen.emit([0])

    def _tell(self, shown: int) -> None:
        self._junctions.setText(f"&Junctions: {shown} of {len(self._names)} ")


def _span_words(span_s: float) -> str:
    """As people say it: minutes and hours where they are whole."""
    if span_s >= 3600.0:
        return f"{span_s / 3600.0:.3g} h"
    return f"{span_s / 60.0:.3g} min" if span_s >= 60.0 else si(span_s, "s", 3)
