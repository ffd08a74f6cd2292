"""Widgets are destroyed in the window's thread, whichever thread makes the garbage full."""

import gc
import threading
import weakref

import pytest
from PyQt5 import QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.rubbish import Rubbish


class Round(QtWidgets.QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.me = self


@pytest.fixture
def rubbish(qtbot: QtBot) -> Rubbish:
    return Rubbish()


def test_a_busy_thread_destroys_no_widget_and_the_window_does(
    rubbish: Rubbish, qtbot: QtBot
) -> None:
    alive = weakref.ref(Round())
    kept: list[list[int]] = []
    busy = threading.Thread(target=lambda: kept.extend([i] for i in range(100_000)))
    busy.start()
    busy.join()
    assert alive() is not None
    qtbot.waitUntil(lambda: alive() is None)


def test_what_was_found_in_use_is_looked_at_less_and_less_but_is_freed(rubbish: Rubbish) -> None:
    kept = [Round()]
    alive = weakref.ref(kept[0])
    gc.collect(0)
    gc.collect(1)
    kept.clear()
    for _ in range(200):
        kept.extend([] for _ in range(1000))  # type: ignore[misc]
        rubbish.look()
    assert alive() is None
