"""First use as a person goes through it: by keyboard, from nothing to a checked bench file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.bench.file import load, parse
from mtjlab.bench.search import Search
from mtjlab.core.found import Findings, Found
from mtjlab.gui.first_use.checking import Checking
from mtjlab.gui.first_use.first_use import FirstUse
from mtjlab.gui.first_use.group_table import GroupTable
from mtjlab.gui.theme import LIGHT

KEY = QtCore.Qt.Key
ALT = QtCore.Qt.KeyboardModifier.AltModifier
SINGLES = ("0", "0:7", "smu", "10 kohm", "", "daq/ai0:7", "1 V", "")


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path) -> Iterator[FirstUse]:
    """On the simulated bench `twin` alone, so that no test looks at this computer."""
    shown = FirstUse(LIGHT, tmp_path / "runs", searches=(Search(load("twin")),))
    qtbot.addWidget(shown)
    shown.show()
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)
    yield shown
    for work in (shown.instruments.work, shown.checking.work):
        work.stop()


def focused() -> QtWidgets.QWidget:
    widget = QtWidgets.QApplication.focusWidget()
    assert widget is not None
    return widget


def press(qtbot: QtBot, key: Any, modifier: Any = QtCore.Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(focused(), key, modifier)


def press_button(qtbot: QtBot, button: QtWidgets.QPushButton, key: Any) -> None:
    """By its mnemonic; Qt shows the press for a moment before it counts."""
    with qtbot.waitSignal(button.clicked):
        press(qtbot, key, ALT)


def type_text(qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(focused(), text)


def settled(qtbot: QtBot, dialog: FirstUse) -> None:
    works = (dialog.instruments.work, dialog.checking.work)
    qtbot.waitUntil(lambda: not any(work.on for work in works), timeout=10_000)


def find_and_tick(qtbot: QtBot, dialog: FirstUse) -> None:
    """Describe my bench; look; tick everything; ask."""
    assert focused() is dialog.welcome.describe
    press(qtbot, KEY.Key_Space)
    settled(qtbot, dialog)
    assert focused() is dialog.instruments.table
    for _ in dialog.instruments.table.found:
        press(qtbot, KEY.Key_Space)
        press(qtbot, KEY.Key_Down)
    press_button(qtbot, dialog.instruments.ask, KEY.Key_A)
    settled(qtbot, dialog)


def type_group(qtbot: QtBot, texts: tuple[str, ...]) -> None:
    """One line of the table that has the focus, from its current cell on."""
    for text in texts:
        if text:
            type_text(qtbot, text)
        press(qtbot, KEY.Key_Tab)


def type_limits(qtbot: QtBot, dialog: FirstUse) -> None:
    for text in ("rack", "w7-d12", "0.5 V", "50u", "0.3"):
        type_text(qtbot, text)
        press(qtbot, KEY.Key_Tab)


def fill_in(dialog: FirstUse, *, path: Path | None = None) -> None:
    """The same as by keyboard, at once."""
    for row in range(len(dialog.instruments.table.found)):
        dialog.instruments.table.tick(row)
    table = dialog.wiring.tables["singles"]
    for key, text in zip(table.keys, SINGLES, strict=True):
        table.put(0, key, text)
    for key, text in {
        "name": "rack",
        "id": "w7-d12",
        "junction_v": "0.5",
        "junction_a": "50 uA",
        "soft_v": "300 mV",
    }.items():
        dialog.limits.fields[key].setText(text)
    if path is not None:
        dialog.review.path.setText(str(path))


def to_page(qtbot: QtBot, dialog: FirstUse, number: int) -> None:
    if dialog.page is dialog.welcome:
        dialog.welcome.describe.click()
        settled(qtbot, dialog)
        fill_in(dialog)
        # Names come with the driver.
        dialog.instruments.ask.click()
        settled(qtbot, dialog)
    while dialog.pages.index(dialog.page) < number:
        before = dialog.page
        dialog.next.click()
        assert dialog.page is not before, before.told.text()
        settled(qtbot, dialog)


def test_all_the_way_with_the_keyboard(qtbot: QtBot, dialog: FirstUse, tmp_path: Path) -> None:
    made: list[str] = []
    dialog.bench_made.connect(made.append)
    find_and_tick(qtbot, dialog)
    assert [one.name for one in dialog.instruments.answers()] == ["smu", "daq"]
    press_button(qtbot, dialog.next, KEY.Key_N)
    assert dialog.page is dialog.wiring
    type_group(qtbot, SINGLES)
    press_button(qtbot, dialog.next, KEY.Key_N)
    assert dialog.page is dialog.limits
    type_limits(qtbot, dialog)
    press_button(qtbot, dialog.next, KEY.Key_N)
    assert dialog.page is dialog.review
    press(qtbot, KEY.Key_Return)
    assert dialog.page is dialog.checking
    settled(qtbot, dialog)
    assert "Nothing was energised" in dialog.checking.state.text()
    assert dialog.checking.state.text().startswith("✔")
    press_button(qtbot, dialog.next, KEY.Key_U)
    assert made == [str(tmp_path / "rack.toml")]
    file = load(made[0]).file
    assert (file.name, file.chip.id, file.limits.junction_a) == ("rack", "w7-d12", 50e-6)
    assert file.twin is not None
    assert not dialog.isVisible()


def test_the_first_page_offers_the_twin_and_files(
    qtbot: QtBot, dialog: FirstUse, tmp_path: Path
) -> None:
    made: list[str] = []
    dialog.bench_made.connect(made.append)
    press(qtbot, KEY.Key_F, ALT)
    assert focused() is dialog.welcome.path
    type_text(qtbot, "nowhere.toml")
    press(qtbot, KEY.Key_Return)
    assert "does not exist" in dialog.welcome.told.text()
    bad = tmp_path / "bad.toml"
    bad.write_text("[bench]\n")
    dialog.welcome.path.setText(str(bad))
    dialog.welcome.open.click()
    assert "bench.name: missing" in dialog.welcome.told.text()
    assert (made, dialog.isVisible()) == ([], True)
    dialog.welcome.path.setText("array")
    dialog.welcome.open.click()
    assert (made, dialog.isVisible()) == (["array"], False)
    dialog.show()
    with qtbot.waitSignal(dialog.twin_chosen):
        dialog.welcome.twin.click()


def test_who_does_not_answer_is_told_and_goes_no_further(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = load("twin").text
    dead = '[[twin.scenario]]\ninstrument = "smu"\nkind = "timeout"\nmessage = 1\ntimes = "always"'
    search = Search(parse(f"{text}\n{dead}\n", source="dead"))
    shown = FirstUse(LIGHT, tmp_path / "runs", searches=(search,))
    qtbot.addWidget(shown)
    to_page(qtbot, shown, 1)
    answered = shown.instruments.table.found[0]
    assert "no answer to *IDN?" in answered.silent
    shown.next.click()
    assert shown.page is shown.instruments
    assert "driver: missing" in shown.instruments.told.text()


def test_what_an_open_bench_talks_to_is_not_asked(qtbot: QtBot, tmp_path: Path) -> None:
    busy = "gpib0::24::instr"
    searches = (Search(load("twin")),)
    shown = FirstUse(LIGHT, tmp_path / "runs", searches=searches, in_use=lambda: {busy})
    qtbot.addWidget(shown)
    to_page(qtbot, shown, 1)
    assert "the bench that is open talks to it" in shown.instruments.table.found[0].silent


class Slow(Search):
    """An instrument that takes its time, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        import threading

        self.asked, self.let_go = threading.Event(), threading.Event()

    def find(self) -> Findings:
        return Findings((Found("VISA", "A::1::INSTR"), Found("VISA", "A::2::INSTR")))

    def ask(self, found: Found) -> Found:
        self.asked.set()
        assert self.let_go.wait(20)
        return Found("VISA", found.resource, answer="late", drivers=("keithley2400",))


def test_asking_can_be_stopped_and_never_blocks(qtbot: QtBot, tmp_path: Path) -> None:
    slow = Slow()
    shown = FirstUse(LIGHT, tmp_path / "runs", searches=(slow,))
    qtbot.addWidget(shown)
    shown.welcome.describe.click()
    settled(qtbot, shown)
    page = shown.instruments
    page.table.tick(0)
    page.table.tick(1)
    page.ask.click()
    qtbot.waitUntil(slow.asked.is_set)
    assert page.work.on
    assert not page.ask.isEnabled()
    page.stop.click()
    assert not page.work.on
    assert page.ask.isEnabled()
    assert "stopped" in page.status.text()
    slow.let_go.set()
    # The next question waits for the thread of the first one, whose late answer is dropped.
    page.look.click()
    settled(qtbot, shown)
    assert [one.answer for one in page.table.found] == ["", ""]
    shown.close()


def test_back_keeps_answers_and_cancel_leaves_no_file(
    qtbot: QtBot, dialog: FirstUse, tmp_path: Path
) -> None:
    to_page(qtbot, dialog, 4)
    for _ in range(3):
        dialog.back.click()
    assert dialog.page is dialog.instruments
    assert [one.name for one in dialog.instruments.answers()] == ["smu", "daq"]
    to_page(qtbot, dialog, 4)
    assert 'name = "rack"' in dialog.review.text
    qtbot.keyClick(dialog, KEY.Key_Escape)
    assert dialog.isVisible()
    dialog.cancel.click()
    assert not dialog.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_each_page_holds_until_its_answers_are_good(qtbot: QtBot, dialog: FirstUse) -> None:
    dialog.welcome.describe.click()
    settled(qtbot, dialog)
    dialog.next.click()
    assert "tick at least one" in dialog.instruments.told.text()
    fill_in(dialog)
    dialog.instruments.ask.click()
    settled(qtbot, dialog)
    to_page(qtbot, dialog, 2)
    table = dialog.wiring.tables["singles"]
    table.put(0, "series", "10 kV")
    dialog.next.click()
    assert dialog.page is dialog.wiring
    assert "line 1, series resistor: '10 kV' is in V" in dialog.wiring.told.text()
    assert table.wrong_at(0, table.keys.index("series"))
    table.put(0, "series", "10 kohm")
    dialog.limits.fields["junction_a"].clear()
    dialog.next.click()
    assert dialog.page is dialog.limits
    # Nothing is said of what has not been typed yet.
    assert not dialog.limits.told.isVisible()
    dialog.next.click()
    assert "Hard current: missing" in dialog.limits.told.text()
    dialog.limits.reference.click()
    assert dialog.limits.limits().junction_a == "50 uA"
    qtbot.waitUntil(lambda: not dialog.limits.told.isVisible())
    to_page(qtbot, dialog, 4)


def test_the_worst_case_is_shown_while_one_types(qtbot: QtBot, dialog: FirstUse) -> None:
    to_page(qtbot, dialog, 3)
    table = dialog.wiring.tables["singles"]
    own = ("1", "0:1", "daq/ao0:1", "10 kohm", "0.21", "daq/ai8:9", "1 V", "")
    for key, text in zip(table.keys, own, strict=True):
        table.put(1, key, text)
    worst = dialog.limits.worst
    qtbot.waitUntil(lambda: len(dialog.limits.worst) == 2)
    assert worst is not dialog.limits.worst
    held, bare = (label.text() for label in dialog.limits.worst)
    assert held.startswith("✔ smu: full scale 210 V")
    assert bare.startswith("✖ daq/ao0:1")
    assert "up to 2.1 V and 210 uA on a junction" in bare
    dialog.limits.fields["soft_v"].clear()
    qtbot.waitUntil(lambda: len(dialog.limits.worst) == 1)
    assert "computed as soon as" in dialog.limits.worst[0].text()


def test_the_text_can_be_edited_and_is_judged(
    qtbot: QtBot, dialog: FirstUse, tmp_path: Path
) -> None:
    to_page(qtbot, dialog, 4)
    page = dialog.review
    page.editor.setPlainText(page.text.replace('name = "rack"', "nam = 3"))
    qtbot.waitUntil(lambda: "2 mistakes" in page.state.text())
    assert "did you mean 'name'" in page.told.text()
    dialog.next.click()
    assert dialog.page is page
    page.editor.setPlainText(page.text.replace("nam = 3", 'name = "mine"'))
    # Edits stay, also when one goes back and on again.
    dialog.back.click()
    dialog.next.click()
    assert "You have edited the text" in page.state.text()
    assert 'name = "mine"' in page.text
    page.copy.click()
    clipboard = QtWidgets.QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == page.text
    page.again.click()
    assert 'name = "rack"' in page.text


def test_what_only_the_text_can_say_does_not_hold_a_page(qtbot: QtBot, tmp_path: Path) -> None:
    shown = FirstUse(LIGHT, tmp_path / "runs", searches=(Search(load("everything")),))
    qtbot.addWidget(shown)
    to_page(qtbot, shown, 1)
    table = shown.wiring.tables["singles"]
    board = next(i.name for i in shown.instruments.answers() if i.driver == "nidaqmx")
    for key, text in (("source", f"{board}/ao0"), ("columns", "0"), ("read", f"{board}/ai0")):
        table.put(0, key, text)
    # A switch has options without a default, and the output is not fenced.
    to_page(qtbot, shown, 4)
    assert "switch.options.row_lines: missing" in shown.review.told.text()
    assert "FILL IN [instruments.switch.options]: row_lines" in shown.review.text
    assert "unfenced output" in shown.review.told.text()
    shown.next.click()
    assert shown.page is shown.review
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_overwritten_but_ones_own(
    qtbot: QtBot, dialog: FirstUse, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text("mine")
    to_page(qtbot, dialog, 4)
    page = dialog.review
    for path, words in (
        (other, "is not overwritten"),
        (tmp_path / "nowhere" / "x.toml", "cannot be written"),
        (tmp_path, "give the path of a file"),
    ):
        page.path.setText(str(path))
        dialog.next.click()
        assert dialog.page is page
        assert words in page.told.text()
    assert other.read_text() == "mine"
    page.path.setText(str(tmp_path / "rack.toml"))
    to_page(qtbot, dialog, 5)
    dialog.back.click()
    page.editor.setPlainText(page.text + "# more\n")
    to_page(qtbot, dialog, 5)
    assert (tmp_path / "rack.toml").read_text().endswith("# more\n")
    dialog.back.click()
    (tmp_path / "rack.toml").write_text("somebody else's")
    dialog.next.click()
    assert "changed by somebody else" in page.told.text()


def test_what_is_bad_is_told_by_the_check(qtbot: QtBot, tmp_path: Path) -> None:
    dead = '[[twin.scenario]]\ninstrument = "smu"\nkind = "timeout"\nmessage = 1\ntimes = "always"'
    file = tmp_path / "dead.toml"
    file.write_text(f"{load('twin').text}\n{dead}\n")
    page = Checking(LIGHT)
    qtbot.addWidget(page)
    page.check(file)
    qtbot.waitUntil(lambda: not page.work.on, timeout=10_000)
    assert page.state.text().startswith("✖")
    assert "smu" in page.state.text()
    verdicts = {page.table.item(row, 3).text() for row in range(page.table.rowCount())}
    assert "✖ bad" in verdicts
    file.unlink()
    page.again.click()
    qtbot.waitUntil(lambda: not page.work.on, timeout=10_000)
    assert "does not exist" in page.state.text()


def test_lines_go_on_by_fill_down(qtbot: QtBot) -> None:
    columns = {key: (key, "") for key in ("row", "columns", "source", "series", "read")}
    table = GroupTable(columns, "groups")
    qtbot.addWidget(table)
    for key, text in zip(columns, ("0", "0:7", "smu", "10 kohm", "daq/ai0:7"), strict=True):
        table.put(0, key, text)
    table.setCurrentCell(0, 2)
    for _ in range(2):
        table.fill_down()
    assert [group["row"] for group in table.groups()] == ["0", "1", "2"]
    assert table.groups()[2] == {
        "row": "2",
        "columns": "0:7",
        "source": "smu",
        "series": "10 kohm",
        "read": "daq/ai16:23",
    }
    table.put(0, "series", "20 kohm")
    table.clearSelection()
    table.setRangeSelected(QtWidgets.QTableWidgetSelectionRange(0, 3, 2, 3), True)
    table.fill_down()
    assert {group["series"] for group in table.groups()} == {"20 kohm"}
