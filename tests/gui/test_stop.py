"""STOP by mouse and by keys, whatever has the focus."""

import pytest
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.stop import TWICE_WITHIN_S, StopButton, StopKeys

Key = QtCore.Qt.Key


class Watched:
    def __init__(self) -> None:
        self.stops = 0
        self.now_s = 100.0

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def watched(qtbot: QtBot, qapp: QtWidgets.QApplication):
    seen = Watched()
    keys = StopKeys(seen.stop, lambda: seen.now_s)
    qapp.installEventFilter(keys)
    yield seen
    qapp.removeEventFilter(keys)


def test_the_button_stops_on_the_way_down(qtbot: QtBot) -> None:
    seen = Watched()
    button = StopButton(seen.stop)
    qtbot.addWidget(button)
    qtbot.mousePress(button, QtCore.Qt.MouseButton.LeftButton)
    assert seen.stops == 1


def test_escape_twice_stops_also_while_somebody_types(qtbot: QtBot, watched: Watched) -> None:
    field = QtWidgets.QLineEdit()
    qtbot.addWidget(field)
    qtbot.keyClick(field, Key.Key_Escape)
    assert watched.stops == 0
    watched.now_s += 0.3
    qtbot.keyClick(field, Key.Key_Escape)
    assert watched.stops == 1


def test_escape_twice_stops_with_a_dialog_open(qtbot: QtBot, watched: Watched) -> None:
    dialog = QtWidgets.QDialog()
    qtbot.addWidget(dialog)
    dialog.setModal(True)
    dialog.show()
    for _ in range(2):
        qtbot.keyClick(dialog, Key.Key_Escape)
        watched.now_s += 0.2
    assert watched.stops == 1


def test_two_slow_escapes_do_not_stop(qtbot: QtBot, watched: Watched) -> None:
    field = QtWidgets.QLineEdit()
    qtbot.addWidget(field)
    for _ in range(3):
        qtbot.keyClick(field, Key.Key_Escape)
        watched.now_s += TWICE_WITHIN_S + 0.1
    assert watched.stops == 0


def test_one_escape_on_its_way_through_the_widgets_counts_once(
    qtbot: QtBot, watched: Watched
) -> None:
    outer = QtWidgets.QWidget()
    qtbot.addWidget(outer)
    inner = QtWidgets.QLabel("does not take keys", outer)
    qtbot.keyClick(inner, Key.Key_Escape)
    assert watched.stops == 0


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Key.Key_Period, QtCore.Qt.KeyboardModifier.ControlModifier),
        (Key.Key_Pause, QtCore.Qt.KeyboardModifier.NoModifier),
    ],
    ids=["ctrl-period", "pause"],
)
def test_one_stroke_of_a_stop_key_is_enough(
    qtbot: QtBot, watched: Watched, key: Key, modifier: QtCore.Qt.KeyboardModifier
) -> None:
    field = QtWidgets.QPlainTextEdit()
    qtbot.addWidget(field)
    qtbot.keyClick(field, key, modifier)
    assert watched.stops == 1
    assert field.toPlainText() == ""


def test_other_keys_do_not_stop(qtbot: QtBot, watched: Watched) -> None:
    field = QtWidgets.QLineEdit()
    qtbot.addWidget(field)
    qtbot.keyClicks(field, "5u. stop")
    assert watched.stops == 0
    assert field.text() == "5u. stop"
