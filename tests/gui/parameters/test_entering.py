"""Typing parameters: prefixes, bounds, defaults, what the unsaid comes to, and the keyboard."""

from collections.abc import Callable
from typing import Annotated

import pytest
from PyQt5 import QtCore, QtGui, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.core.parameter_sheet import ParameterSheet
from mtjlab.core.parameters import Gt, Le, Parameters, Quantity
from mtjlab.gui.parameters.row import Row
from mtjlab.gui.theme import DARK, LIGHT, apply

Key = QtCore.Qt.Key
Held = QtCore.Qt.KeyboardModifier


class Source(Parameters):
    """A current, and whether it is on."""

    current_a: Annotated[float, Quantity("A"), Gt(0), Le(1e-3)] = 1e-6
    armed: bool | None = None


def test_a_prefix_is_read_in_an_ampere_field(qtbot: QtBot) -> None:
    sheet = ParameterSheet(Source, of="source")
    row = Row(sheet, "current_a")
    qtbot.addWidget(row)
    row.show()
    assert (row.label.text(), row.editor.text(), row.changed) == ("current_a (A)", "1 uA", False)
    row.editor.selectAll()
    qtbot.keyClicks(row.editor, "5u")
    assert sheet.given == {"current_a": 5e-6}
    assert (row.mark.isVisible(), row.reset.isVisible(), row.label.font().bold()) == (True,) * 3
    qtbot.keyClicks(row.editor, "X")
    assert row.words.isVisible()
    assert "neither an SI prefix nor a unit" in row.words.text()
    row.reset.click()
    assert (row.editor.text(), sheet.given, row.reset.isVisible()) == ("1 uA", {}, False)


def test_none_can_be_chosen_again(qtbot: QtBot) -> None:
    sheet = ParameterSheet(Source, of="source")
    row = Row(sheet, "armed")
    qtbot.addWidget(row)
    row.show()
    for key, given in ((Key.Key_Down, {"armed": True}), (Key.Key_Up, {})):
        qtbot.keyClick(row.editor, key)
        assert sheet.given == given


def test_out_of_range_names_the_bounds_and_nothing_can_be_added(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.type("start_v", "20 V")
    assert desk.words("start_v") == "20 V is too large; expected -10 V to 10 V"
    assert desk.panel.form.rows["start_v"].editor.property("wrong") is True
    assert desk.strip() == "1 value is wrong: start_v"
    assert desk.command() == ""
    buttons = desk.panel.buttons
    assert not buttons.submit.isEnabled()
    assert not buttons.run.isEnabled()
    desk.press("start_v", Key.Key_Return)
    assert desk.added == []
    desk.type("start_v", "-20 mV")
    assert (desk.words("start_v"), desk.strip()) == ("", "")
    desk.press("start_v", Key.Key_Return)
    assert [draft.parameters for draft in desk.wait_added()] == [{"start_v": -0.02}]


def test_what_cannot_go_together_is_said_and_leads_to_the_field(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.type("start_v", "100 mV")
    desk.bot.waitUntil(lambda: desk.strip() == "start_v and stop_v are both 0.1 V")
    assert not desk.panel.buttons.submit.isEnabled()
    assert 'href="stop_v"' in desk.panel.strip.text()
    desk.panel.strip.linkActivated.emit("stop_v")
    assert desk.panel.form.rows["stop_v"].editor.hasFocus()
    desk.type("stop_v", "0.2")
    assert desk.panel.buttons.submit.isEnabled()
    desk.bot.waitUntil(lambda: desk.strip() == "")


def test_return_at_once_waits_for_what_the_protocol_says(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.type("stop_v", "-100 mV")
    desk.press("stop_v", Key.Key_Return)
    desk.bot.waitUntil(lambda: "are both -0.1 V" in desk.strip())
    desk.type("stop_v", "100 mV")
    desk.press("stop_v", Key.Key_Return)
    assert [draft.parameters for draft in desk.wait_added()] == [{}]


def test_the_unsaid_is_shown_in_grey_and_follows_the_task(at: Callable) -> None:
    desk = at("noise_learning")
    epochs = desk.panel.form.rows["epochs"].editor
    assert epochs.text() == ""
    desk.bot.waitUntil(lambda: epochs.placeholderText().startswith("30 \u2013 the best known"))
    desk.type("task", "xor")
    desk.bot.waitUntil(lambda: epochs.placeholderText().startswith("300 \u2013 "))
    desk.type("task", "xro")
    desk.bot.waitUntil(lambda: "no task 'xro': did you mean 'xor'?" in desk.strip())


def test_reset_all_is_the_default_again(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.type("points", "11")
    desk.type("run.seed", "7")
    assert desk.command() == "mtjlab run iv_sweep --bench twin --set points=11 --seed 7"
    desk.panel.head.reset.click()
    assert desk.command() == "mtjlab run iv_sweep --bench twin"
    assert desk.panel.form.rows["points"].editor.text() == "41"


def test_a_long_form_begins_with_what_matters_and_finds_the_rest(at: Callable) -> None:
    desk = at("noise_learning")
    assert desk.seen()[:3] == ["task", "hidden", "rule"]
    assert "survey_s" not in desk.seen()
    desk.bot.keyClicks(desk.panel.head.filter, "slower mask")
    assert desk.seen() == ["max_tau_c_s"]
    desk.bot.keyClick(desk.panel.head.filter, Key.Key_Return)
    assert desk.panel.form.rows["max_tau_c_s"].editor.hasFocus()
    assert desk.added == []
    desk.panel.head.filter.clear()
    assert "max_tau_c_s" not in desk.seen()
    more = desk.panel.form.sections[-1]
    desk.type("keep", "2")
    assert "keep" in desk.seen()
    assert more.heading.text() == f"More parameters ({len(more.rows)}, 1 changed)"


def test_rows_stay_where_they_are_while_somebody_types(at: Callable) -> None:
    desk = at("noise_learning")
    desk.panel.form.go_to("keep")
    below = desk.panel.form.rows["activation"]
    QtWidgets.QApplication.processEvents()
    before = (desk.panel.form.rows["keep"].y(), list(desk.panel.form.rows))
    for text in ("0", "2"):
        desk.type("keep", text)
    QtWidgets.QApplication.processEvents()
    there = below.y()
    desk.type("keep", "3")
    QtWidgets.QApplication.processEvents()
    assert (desk.panel.form.rows["keep"].y(), list(desk.panel.form.rows)) == before
    assert below.y() == there


def test_tab_goes_through_the_rows_and_control_return_adds(at: Callable) -> None:
    desk = at("iv_sweep", bench="array")
    desk.panel.head.filter.setFocus()
    visited = []
    for _ in range(30):
        focus = QtWidgets.QApplication.focusWidget()
        visited.append(focus.accessibleName())
        desk.bot.keyClick(focus, Key.Key_Tab)
    names = [name for name in visited if name.partition(" ")[0] in desk.panel.form.rows]
    wanted = ["cells", "start_v (V)", "stop_v (V)", "points", "both_ways", "repeats"]
    assert names[: len(wanted)] == wanted
    desk.press("both_ways", Key.Key_Space)
    desk.press("both_ways", Key.Key_Return, Held.ControlModifier)
    desk.wait_added()
    desk.press("both_ways", Key.Key_Return, Held.ControlModifier | Held.ShiftModifier)
    desk.bot.waitUntil(lambda: desk.added == desk.run)
    (draft,) = desk.run
    assert (draft.protocol, draft.bench, draft.seed) == ("iv_sweep", "array", None)
    assert draft.parameters == {"both_ways": False}


def test_up_and_down_go_from_row_to_row(at: Callable) -> None:
    desk = at("iv_sweep")
    rows = desk.panel.form.rows
    desk.panel.form.go_to("start_v")
    desk.press("start_v", Key.Key_Down)
    assert rows["stop_v"].editor.hasFocus()
    desk.press("stop_v", Key.Key_Up)
    desk.press("start_v", Key.Key_Up)
    desk.press("cells", Key.Key_Up)
    assert rows["cells"].editor.hasFocus()


@pytest.mark.parametrize("name", ["cells", "points"])
def test_help_names_range_and_meaning(at: Callable, name: str) -> None:
    desk = at("iv_sweep")
    desk.panel.form.go_to(name)
    said = desk.panel.help.text().replace("\u00a0", " ")
    assert {
        "cells": "None: whatever a source-meter drives" in said,
        "points": said == "points: levels, evenly spaced. Range: 3 to 1000. Default: 41",
    }[name]
    height = desk.panel.help.height()
    desk.panel.form.go_to("nplc")
    assert desk.panel.help.height() == height


def test_colours_that_turn_turn_every_row(at: Callable) -> None:
    desk = at("noise_learning")
    app = QtWidgets.QApplication.instance()
    rows = desk.panel.form.rows
    (arrow,) = rows["task"].editor.actions()

    def darkest() -> int:
        image = arrow.icon().pixmap(32).toImage()
        return image.pixelColor(16, 14).lightness()

    try:
        for theme in (DARK, LIGHT):
            apply(app, theme)
            palette = rows["junctions"].editor.palette()
            assert palette.color(palette.ColorRole.Button).name() == theme.panel
            assert palette.color(palette.ColorRole.ButtonText).name() == theme.ink
            assert darkest() == QtGui.QColor(theme.ink).lightness()
    finally:
        apply(app, LIGHT)
