"""What must not be overlooked, and what was said."""

from datetime import datetime
from pathlib import Path

import pytest
from PyQt5 import QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.badges import OutputsBadge, RedBorder, TwinBadge
from mtjlab.gui.log_panel import LogPanel
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.theme import DARK, LIGHT

NOON = datetime(2026, 11, 25, 12, 0, 0)


@pytest.mark.parametrize(("twin", "word"), [(True, "SIM"), (False, "REAL"), (None, "")])
def test_the_badge_says_what_the_bench_is(qtbot: QtBot, twin: bool | None, word: str) -> None:
    badge = TwinBadge()
    qtbot.addWidget(badge)
    badge.show_bench("twin", twin)
    assert badge.text() == word


def test_outputs_are_named_with_their_levels(qtbot: QtBot) -> None:
    badge = OutputsBadge()
    qtbot.addWidget(badge)
    assert "off" in badge.text()
    badge.show_outputs(True, {"smu": 0.1, "daq.ao0": -0.05, "daq.ao1": 0.0, "daq.ao2": 0.2})
    assert "ON" in badge.text()
    assert "smu 100 mV" in badge.text()
    assert "1 more" in badge.text()
    assert "daq.ao2" in badge.toolTip()
    badge.show_outputs(False, {})
    assert "off" in badge.text()


def test_what_is_not_known_to_be_off_is_not_called_off(qtbot: QtBot) -> None:
    badge = OutputsBadge()
    qtbot.addWidget(badge)
    badge.show_outputs(False, {}, silent=["smu", "daq"])
    assert badge.text().endswith("outputs unknown: no answer from smu, daq")
    assert badge.property("on") is False
    badge.show_outputs(False, {}, unproved={"rack": "smu: go to the rack"}, silent=["smu"])
    assert "NOT PROVED OFF" in badge.text()
    assert badge.toolTip() == "smu: go to the rack"
    assert badge.property("on") is True
    badge.show_outputs(True, {"smu": 0.1}, unproved={"rack": "smu: go to the rack"})
    assert "ON: smu" in badge.text()


def test_the_border_follows_the_window(qtbot: QtBot) -> None:
    window = QtWidgets.QMainWindow()
    qtbot.addWidget(window)
    border = RedBorder(window, "#b3001b")
    window.resize(400, 300)
    window.show()
    border.show_on(True)
    window.resize(640, 480)
    bars = window.findChildren(QtWidgets.QFrame)
    visible = [bar.geometry() for bar in bars if bar.isVisible()]
    assert len(visible) == 4
    assert max(place.right() for place in visible) == 639
    assert max(place.bottom() for place in visible) == 479
    border.show_on(False)
    assert not any(bar.isVisible() for bar in bars)


def test_the_log_keeps_all_and_shows_what_is_asked_for(qtbot: QtBot) -> None:
    log = LogPanel(LIGHT)
    qtbot.addWidget(log)
    log.say("info", "bench opened", NOON)
    log.say("warning", "smu was found on", NOON)
    log.say("error", "daq does not answer", NOON)
    assert log.text().splitlines()[0] == "12:00:00 · bench opened"
    log.findChild(QtWidgets.QComboBox).setCurrentIndex(2)
    assert log.text() == "12:00:00 ✖ error: daq does not answer"
    log.findChild(QtWidgets.QComboBox).setCurrentIndex(0)
    log.findChild(QtWidgets.QLineEdit).setText("SMU found")
    assert log.text() == "12:00:00 ▲ warning: smu was found on"
    log.findChild(QtWidgets.QLineEdit).setText("")
    log.set_theme(DARK)
    assert len(log.text().splitlines()) == 3


def test_layout_colours_and_benches_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    window = QtWidgets.QMainWindow()
    qtbot.addWidget(window)
    kept = Remembered(tmp_path / "settings.ini")
    assert not kept.restore_layout(window)
    assert kept.theme == "light"
    window.resize(700, 500)
    kept.keep_layout(window)
    kept.theme = "dark"
    for bench in ("twin", "array", "twin"):
        kept.add_bench(bench)
    again = Remembered(tmp_path / "settings.ini")
    other = QtWidgets.QMainWindow()
    qtbot.addWidget(other)
    assert again.restore_layout(other)
    assert (other.width(), other.height()) == (700, 500)
    assert again.theme == "dark"
    assert again.benches == ["twin", "array"]
