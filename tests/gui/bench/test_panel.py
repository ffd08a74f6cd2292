"""The bench dock: connect, look, check, safe; and an instrument that dies in the middle."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5 import QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.bench.panel import BenchPanel
from mtjlab.gui.theme import DARK, LIGHT
from mtjlab.runner.attended import Attended
from mtjlab.runner.bench_state import NO_ANSWER, BenchChecked, BenchState, InstrumentState


class Told:
    """Events of the bench, handed to the panel in the thread of the test."""

    def __init__(self) -> None:
        self.events: list[BenchState | BenchChecked] = []

    def __call__(self, event: BenchState | BenchChecked) -> None:
        self.events.append(event)

    def to(self, panel: BenchPanel) -> None:
        while self.events:
            event = self.events.pop(0)
            if isinstance(event, BenchState):
                panel.show_state(event)
            else:
                panel.show_checked(event)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def panel(qtbot: QtBot, told: Told) -> Iterator[BenchPanel]:
    attended = Attended(told, poll_every_s=60.0)
    made = BenchPanel(attended, LIGHT, bench="twin", recent=["/lab/rack.toml"])
    qtbot.addWidget(made)
    yield made
    assert attended.close(20)


def rows(panel: BenchPanel) -> list[list[str]]:
    found = []
    for index in range(panel.instruments.topLevelItemCount()):
        row = panel.instruments.topLevelItem(index)
        assert row is not None
        found.append([row.text(column) for column in range(4)])
    return found


def test_connect_look_and_disconnect(qtbot: QtBot, panel: BenchPanel, told: Told) -> None:
    chosen: list[str] = []
    panel.bench_chosen.connect(chosen.append)
    assert not panel.buttons["disconnect"].isEnabled()
    panel.buttons["connect"].click()
    assert chosen == ["twin"]

    def connected() -> bool:
        told.to(panel)
        return panel.state.connected and bool(panel.state.instruments)

    qtbot.waitUntil(connected, timeout=20_000)
    names = {row[0] for row in rows(panel)}
    assert {"smu", "daq"} <= names
    assert all("●" in row[1] for row in rows(panel))
    assert "KEITHLEY" in str(rows(panel))
    assert "500 mV" in panel.limits.toPlainText()
    assert "connected" in panel.words.text()
    panel.buttons["disconnect"].click()
    qtbot.waitUntil(lambda: told.to(panel) or panel.state.phase == "closed", timeout=10_000)
    assert rows(panel) == []


def test_check_shows_the_table_of_mtjlab_check(qtbot: QtBot, panel: BenchPanel, told: Told) -> None:
    panel.buttons["connect"].click()
    qtbot.waitUntil(lambda: told.to(panel) or panel.state.connected, timeout=20_000)
    panel.buttons["check"].click()
    qtbot.waitUntil(
        lambda: told.to(panel) or "nothing was energised" in panel.limits.toPlainText(),
        timeout=10_000,
    )
    assert "fences" in panel.limits.toPlainText()


def test_a_bench_file_with_mistakes_is_told_in_words(
    qtbot: QtBot, panel: BenchPanel, told: Told, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[bench]\nname = "x"\nnonsense = 1\n')
    panel.choose(str(wrong))
    panel.buttons["connect"].click()
    qtbot.waitUntil(lambda: told.to(panel) or panel.state.wrong, timeout=10_000)
    assert "nonsense" in panel.words.text()
    assert panel.words.property("role") == "danger"
    assert panel.buttons["connect"].isEnabled()


def state(**smu: object) -> BenchState:
    one = InstrumentState("smu", "keithley2400", "GPIB0::24", "KEITHLEY 2400", "off")
    return BenchState(
        "rack", "rack.toml", "connected", False, (InstrumentState(**(vars(one) | smu)),)
    )


def test_an_instrument_that_is_on_or_silent_is_marked_with_a_symbol_and_words(
    panel: BenchPanel,
) -> None:
    panel.show_state(state(state="on at 100 mV", output_on=True, level=0.1, unit="V"))
    assert "⚡ on at 100 mV" in rows(panel)[0][1]
    panel.show_state(state(state=NO_ANSWER, error="smu (GPIB0::24): no answer within 2 s"))
    assert "✖" in rows(panel)[0][1]
    row = panel.instruments.topLevelItem(0)
    assert row is not None
    below = row.child(0)
    assert below is not None
    label = panel.instruments.error_label(row)
    assert label is not None
    assert "within 2 s" in label.text()
    panel.resize(200, 500)
    assert label.heightForWidth(label.width()) <= label.height()
    panel.instruments.setCurrentItem(below)
    assert "GPIB0::24" in panel.instruments.selected_text()
    panel.set_theme(DARK)
    assert "✖" in rows(panel)[0][1]


def test_the_bench_of_a_run_cannot_be_touched(panel: BenchPanel) -> None:
    panel.show_state(BenchState("rack", "rack.toml", "in a run", words="a run has it"))
    for name in ("disconnect", "look", "check", "safe"):
        assert not panel.buttons[name].isEnabled()


def test_recent_benches_come_before_the_shipped_ones(panel: BenchPanel) -> None:
    box = panel.findChild(QtWidgets.QComboBox)
    assert [box.itemText(i) for i in range(2)] == ["twin", "/lab/rack.toml"]
    assert "array" in [box.itemText(i) for i in range(box.count())]
