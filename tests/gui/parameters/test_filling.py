"""Filling the form from runs, files and items of the queue; the command line says the same."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt5 import QtCore
from typer.testing import CliRunner

from mtjlab.cli import run as run_verb
from mtjlab.cli.app import app
from mtjlab.core import plugins
from mtjlab.runner import Run, plan
from mtjlab.runner.offered import Offered
from mtjlab.runner.queue_item import QueueItem
from mtjlab.runner.session_file import Use

Key = QtCore.Qt.Key
DATA = Path(__file__).parents[3] / "data"


def understood(line: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plan that the command line makes of a line."""
    plans = []
    monkeypatch.setattr(run_verb, "carry_out", lambda make, **_: plans.append(make()))
    program, *words = shlex.split(line)
    assert program == "mtjlab"
    done = CliRunner().invoke(app, words)
    assert done.exception is None, done.output
    return plans[0]


def test_a_past_run_comes_back_with_parameters_seed_and_bench(at: Callable, tmp_path: Path) -> None:
    settings = ("duration_s=20 ms", "cells=[[0, 1], [0, 3]]")
    made = Run(plan("telegraph", "twin", settings=settings, seed=11, runs_dir=tmp_path), [])
    made.start()
    made.wait()
    desk = at("iv_sweep", bench="array")
    desk.panel.load_run(made.outcome.run_file)
    assert desk.panel.chooser.currentText() == "telegraph"
    rows = desk.panel.form.rows
    assert rows["duration_s"].editor.text() == "20 ms"
    assert rows["cells"].editor.text() == "[[0, 1], [0, 3]]"
    desk.press("cells", Key.Key_Return)
    (draft,) = desk.wait_added()
    assert (draft.protocol, draft.bench, draft.seed) == ("telegraph", "twin", 11)
    again = plan(draft.protocol, draft.bench, parameters=draft.parameters, seed=11, runs_dir=None)
    assert again.params == plan("telegraph", "twin", settings=settings, runs_dir=None).params


def test_a_file_that_is_no_run_leaves_the_form_as_it_is(at: Callable, tmp_path: Path) -> None:
    desk = at("iv_sweep")
    desk.type("points", "5")
    (tmp_path / "x.h5").write_text("no")
    desk.panel.load_run(tmp_path / "x.h5")
    assert "x.h5" in desk.strip()
    assert desk.panel.form.rows["points"].editor.text() == "5"
    desk.panel.load_file(DATA / "iris.toml")
    assert "iv_sweep has no parameter 'task'" in desk.strip()


def test_parameters_are_saved_and_loaded(at: Callable, tmp_path: Path) -> None:
    desk = at("noise_learning")
    desk.panel.load_file(DATA / "iris-neuron.toml")
    desk.bot.waitUntil(lambda: desk.panel.form.rows["weight_clip"].isVisible())
    desk.type("bias_v", "80 mV")
    file = tmp_path / "mine.toml"
    desk.panel.save_file(file)
    desk.panel.choose("iv_sweep")
    desk.panel.choose("noise_learning")
    desk.panel.load_file(file)
    assert desk.panel.form.rows["bias_v"].editor.text() == "80 mV"
    kind = plugins.load("protocols", "noise_learning").parameters
    loaded = plan("noise_learning", "array", parameters_file=file, runs_dir=None).params
    given = desk.panel.asked.sheet.given
    assert given["options"] == {"neuron": {"readout": "volt", "gain_v": "48 mV"}}
    assert loaded == plugins.load("protocols", "noise_learning")().resolve(kind(**given))


def test_an_item_of_the_queue_is_edited(at: Callable) -> None:
    desk = at("noise_learning")
    item = QueueItem(
        4,
        "first",
        "iv_sweep",
        "array",
        3,
        parameters={"points": 9},
        on_failure="stop",
        pace="realtime",
    )
    desk.panel.edit(item)
    buttons = desk.panel.buttons
    assert buttons.submit.text() == "&Save changes"
    assert not buttons.run.isVisible()
    desk.type("points", "11")
    buttons.submit.click()
    desk.bot.waitUntil(lambda: len(desk.edited) == 1)
    ((key, draft),) = desk.edited
    assert (key, draft.protocol, draft.bench, draft.seed) == (4, "iv_sweep", "array", 3)
    assert (draft.parameters, draft.name) == ({"points": 11}, "first")
    assert (draft.on_failure, draft.pace) == ("stop", "realtime")
    assert buttons.submit.text() == "&Add to queue"
    desk.panel.edit(QueueItem(5, "iv_sweep", "iv_sweep", "twin", 1))
    desk.panel.leave(4)
    buttons.cancel.click()
    assert buttons.run.isVisible()
    desk.press("points", Key.Key_Return)
    assert (len(desk.wait_added()), len(desk.edited)) == (1, 1)


def test_changes_that_the_queue_refuses_stay_in_the_form(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.panel.edit(QueueItem(5, "iv_sweep", "iv_sweep", "twin", 1))
    desk.panel.edited.connect(lambda _key, _draft: desk.panel.tell("it has begun"))
    desk.type("points", "11")
    desk.panel.buttons.submit.click()
    desk.bot.waitUntil(lambda: desk.strip() == "it has begun")
    assert desk.panel.buttons.submit.text() == "&Save changes"


def test_what_another_item_supplies_is_not_entered(at: Callable) -> None:
    desk = at("noise_learning")
    use = Use("cells", "map", "usable_cells")
    item = QueueItem(2, "sweep", "iv_sweep", "twin", 1, settings=("points=5",), uses=(use,))
    desk.panel.edit(item)
    cells = desk.panel.form.rows["cells"].editor
    assert not cells.isEnabled()
    assert cells.placeholderText() == "from map.usable_cells"
    assert desk.command() == ""
    desk.press("points", Key.Key_Return)
    desk.bot.waitUntil(lambda: len(desk.edited) == 1)
    assert desk.edited[0][1].parameters == {"points": 5}


@pytest.mark.parametrize(
    ("protocol", "texts"),
    [
        ("iv_sweep", {"cells": "[[0, 3]]", "start_v": "-50 mV", "delay_s": "5u"}),
        ("array_map", {"bias_v": "10 mV, 0.03", "duration_s": "20 ms"}),
        (
            "noise_learning",
            {
                "task": "xor",
                "hidden": "4, 4",
                "fabric": '["neuron", "neuron", "node_noise"]',
                "options": '{neuron = {readout = "volt", gain_v = "48 mV"}}',
                "learning_rate": "0.1",
            },
        ),
    ],
)
def test_the_command_line_that_is_shown_asks_for_the_same(
    at: Callable, monkeypatch: pytest.MonkeyPatch, protocol: str, texts: dict[str, str]
) -> None:
    desk = at(protocol, bench="array")
    for name, text in texts.items():
        desk.type(name, text)
    desk.type("run.seed", "12")
    planned = understood(desk.command(), monkeypatch)
    sheet = desk.panel.asked.sheet
    assert list(sheet.given) == [name for name in sheet.fields if name in texts]
    assert planned.params == desk.panel.asked.protocol.resolve(sheet.parameters())
    assert (planned.seed, planned.protocol_name) == (12, protocol)


def test_protocols_that_do_not_load_are_grey_and_say_why(at: Callable) -> None:
    desk = at("iv_sweep")
    chooser = desk.panel.chooser
    desk.bot.waitUntil(lambda: bool(chooser.itemData(0, QtCore.Qt.ItemDataRole.ToolTipRole)))
    assert desk.panel.head.about.text().startswith("Current against voltage")
    chooser.offer([Offered("broken", reason="ImportError: no such thing"), Offered("iv_sweep")])
    item = chooser.model().item(0)
    assert not item.isEnabled()
    assert "does not load" in item.text()
    assert item.toolTip() == "ImportError: no such thing"
    assert chooser.currentText() == "iv_sweep"
    chooser.setEditText("iv_swep")
    desk.bot.keyClick(chooser, Key.Key_Return)
    assert "no protocol named 'iv_swep'; did you mean" in desk.strip()
    assert (chooser.currentText(), desk.added) == ("iv_sweep", [])


def test_another_protocol_is_shown_where_the_first_does_not_load(at: Callable) -> None:
    assert at("no_such").panel.chooser.currentText() == plugins.names("protocols")[0]


def test_a_recipe_of_another_house_is_typed(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.panel.chooser.setEditText("pymeasure:tests.addons.procedures.no_such.Thing")
    desk.bot.keyClick(desk.panel.chooser, Key.Key_Return)
    assert "does not load" in desk.strip()


def test_a_panel_that_was_closed_takes_what_still_comes(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.panel.close_down()
    desk.panel.set_bench("array")
    desk.press("points", Key.Key_Return)
    assert "--bench array" in desk.command()


def test_the_bench_of_the_window_is_followed(at: Callable) -> None:
    desk = at("iv_sweep")
    desk.panel.set_bench("my bench.toml")
    assert "--bench 'my bench.toml'" in desk.command()
    desk.type("run.bench", "array")
    desk.panel.set_bench("twin")
    assert "--bench array" in desk.command()
