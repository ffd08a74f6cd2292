"""What waits for the first paint begins once, whether the window is seen or not."""

from PyQt5 import QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.first_paint import AfterFirstPaint


class Painted(QtWidgets.QWidget):
    """Notes when it is painted."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.order = order

    def paintEvent(self, event: object) -> None:
        self.order.append("painted")


def test_it_begins_once_and_after_the_picture(qtbot: QtBot) -> None:
    order: list[str] = []
    widget = Painted(order)
    qtbot.addWidget(widget)
    AfterFirstPaint(widget, lambda: order.append("begun"), latest_ms=60_000)
    widget.show()
    qtbot.waitUntil(lambda: "begun" in order)
    assert order[0] == "painted"
    widget.repaint()
    qtbot.wait(1)
    assert order.count("begun") == 1


def test_it_begins_without_a_picture_too(qtbot: QtBot) -> None:
    order: list[str] = []
    widget = Painted(order)
    qtbot.addWidget(widget)
    AfterFirstPaint(widget, lambda: order.append("begun"), latest_ms=1)
    qtbot.waitUntil(lambda: bool(order))
    assert order == ["begun"]
    widget.show()
    qtbot.waitUntil(lambda: "painted" in order)
    qtbot.wait(1)
    assert order.count("begun") == 1


def test_it_never_begins_for_a_widget_that_is_gone(qtbot: QtBot) -> None:
    order: list[str] = []
    parent = QtWidgets.QWidget()
    qtbot.addWidget(parent)
    widget = QtWidgets.QWidget(parent)
    AfterFirstPaint(widget, lambda: order.append("begun"), latest_ms=0)
    widget.setParent(None)
    del widget
    qtbot.wait(5)
    assert order == []
