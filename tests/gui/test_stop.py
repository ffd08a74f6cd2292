"""STOP by mouse and by keys, whatever has the focus."""

import pytest
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.stop import TWICE_WITHIN_S, StopButton, StopKeys

Key = QtCore.Qt.Key


class Watched:
    keys: StopKeys

    def __init__(self) -> None:
        self.stops = 0
        self.now_s = 100.0
        self.widgets: list[QtWidgets.QWidget] = []

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def watched(qtbot: QtBot, qapp: QtWidgets.QApplication) -> Watched:
    seen = Watched()
    seen.keys = StopKeys(qapp, seen.stop, lambda: seen.now_s)
    return seen


def shown(qtbot: QtBot, watched: Watched, widget: QtWidgets.QWidget) -> QtGui.QWindow:
    """The window of a widget, as the keyboard reaches it."""
    qtbot.addWidget(widget)
    watched.widgets.append(widget)
    widget.show()
    widget.setFocus()
    window = widget.window().windowHandle()
    assert window is not None
    watched.keys.watch(window)
    return window


def press(
    window: QtGui.QWindow,
    key: QtCore.Qt.Key,
    modifier: QtCore.Qt.KeyboardModifier = QtCore.Qt.KeyboardModifier.NoModifier,
) -> None:
    QtTest.QTest.keyClick(window, key, modifier)


def test_the_button_stops_on_the_way_down(qtbot: QtBot) -> None:
    seen = Watched()
    button = StopButton(seen.stop)
    qtbot.addWidget(button)
    qtbot.mousePress(button, QtCore.Qt.MouseButton.LeftButton)
    assert seen.stops == 1


def test_escape_twice_stops_also_while_somebody_types(qtbot: QtBot, watched: Watched) -> None:
    window = shown(qtbot, watched, QtWidgets.QLineEdit())
    press(window, Key.Key_Escape)
    assert watched.stops == 0
    watched.now_s += 0.3
    press(window, Key.Key_Escape)
    assert watched.stops == 1


def test_escape_twice_stops_with_a_dialog_open(qtbot: QtBot, watched: Watched) -> None:
    dialog = QtWidgets.QDialog()
    dialog.setModal(True)
    window = shown(qtbot, watched, dialog)
    for _ in range(2):
        press(window, Key.Key_Escape)
        watched.now_s += 0.2
    assert watched.stops == 1


def test_a_window_that_gets_the_focus_is_watched(qtbot: QtBot, watched: Watched) -> None:
    field = QtWidgets.QLineEdit()
    qtbot.addWidget(field)
    with qtbot.waitActive(field):
        field.show()
        field.activateWindow()
    window = field.windowHandle()
    assert window is not None
    press(window, Key.Key_Pause)
    assert watched.stops == 1


def test_two_slow_escapes_do_not_stop(qtbot: QtBot, watched: Watched) -> None:
    window = shown(qtbot, watched, QtWidgets.QLineEdit())
    for _ in range(3):
        press(window, Key.Key_Escape)
        watched.now_s += TWICE_WITHIN_S + 0.1
    assert watched.stops == 0


def test_one_escape_counts_once_and_still_closes_a_dialog(qtbot: QtBot, watched: Watched) -> None:
    dialog = QtWidgets.QDialog()
    window = shown(qtbot, watched, dialog)
    press(window, Key.Key_Escape)
    assert watched.stops == 0
    assert not dialog.isVisible()


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
    press(shown(qtbot, watched, field), key, modifier)
    assert watched.stops == 1
    assert field.toPlainText() == ""


def test_other_keys_do_not_stop(qtbot: QtBot, watched: Watched) -> None:
    field = QtWidgets.QLineEdit()
    window = shown(qtbot, watched, field)
    for key in (Key.Key_5, Key.Key_U, Key.Key_Period):
        press(window, key)
    assert watched.stops == 0
