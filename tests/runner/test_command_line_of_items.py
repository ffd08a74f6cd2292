"""The command line of an item asks for the same run, as the command line itself reads it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from mtjlab.cli.app import app
from mtjlab.core.parameters import Parameters, from_texts
from mtjlab.runner.apart.order import Order
from mtjlab.runner.command_line import command_of
from mtjlab.runner.plan import plan
from mtjlab.runner.queue_item import QueueItem


class Anything(Parameters):
    """One parameter of every kind that protocols have."""

    text: str = ""
    number: float = 0.0
    count: int = 0
    flag: bool = False
    words: list[str] = Field(default_factory=list)
    cells: list[tuple[int, int]] | None = None
    table: dict[str, float] = Field(default_factory=dict)


PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "count": st.integers(-(2**53), 2**53),
        "flag": st.booleans(),
        "words": st.lists(st.text(), max_size=3),
        "cells": st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3),
        "table": st.dictionaries(st.text(), st.floats(-1, 1), max_size=3),
    },
)
WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: not text.startswith("-")
)

VERBS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def read(command: str) -> dict[str, Any]:
    """What `mtjlab` itself reads from a command line."""
    program, verb, *words = shlex.split(command)
    assert program == "mtjlab"
    found: dict[str, Any] = VERBS[verb].make_context(verb, words).params
    return found


@given(PARAMETERS, WORD, WORD, st.integers(0, 2**31 - 1))
def test_every_value_survives_the_shell(
    parameters: dict[str, Any], protocol: str, bench: str, seed: int
) -> None:
    item = QueueItem(1, "a", protocol, bench, seed, parameters=parameters, settings=("count=7",))
    found = read(command_of(item, Path("runs")))
    assert (found["protocol"], found["bench"], found["seed"]) == (protocol, bench, seed)
    assert from_texts(Anything, {}, found["settings"], of="x") == from_texts(
        Anything, parameters, item.settings, of="x"
    )


@pytest.mark.parametrize(
    ("protocol", "parameters"),
    [
        ("noise_learning", {"task": "xor", "epochs": 3, "fabric": ["crossbar", "node_noise"]}),
        ("iv_sweep", {"stop_v": "120 mV", "points": 11}),
        ("array_map", {}),
    ],
)
def test_the_plan_is_the_same(protocol: str, parameters: dict[str, Any]) -> None:
    item = QueueItem(1, "a", protocol, "array", 3, parameters=parameters)
    found = read(command_of(item, Path("runs")))
    asked: list[Any] = [
        plan(found["protocol"], found["bench"], settings=found["settings"] or (), runs_dir=None),
        plan(protocol, "array", parameters=parameters, runs_dir=None),
    ]
    one, two = ((p.params, p.loaded.file.name, type(p.protocol)) for p in asked)
    assert one == two


@pytest.mark.parametrize("kind", ["resume", "replay"])
def test_a_run_gone_on_with_is_its_own_verb(kind: Any) -> None:
    source = Path("runs of today/2026-11-25/001-noise.h5")
    item = QueueItem(1, "a", "noise_learning", "twin", 3, kind=kind, source=source)
    command = command_of(item, Path("runs"))
    said = " --out runs" if kind == "replay" else ""
    assert command == f"mtjlab {kind} '{source}'{said}"
    assert Path(read(command)["run"]) == source


def test_a_pace_that_is_not_the_usual_one_is_said_and_kept(tmp_path: Path) -> None:
    item = QueueItem(1, "a", "iv_sweep", "twin", 3, pace="realtime")
    assert read(command_of(item, Path("runs")))["pace"] == "realtime"
    assert "--pace" not in command_of(replace(item, pace="virtual"), Path("runs"))
    order = Order("run", "iv_sweep", "twin", 3, str(tmp_path), pace=item.pace)
    assert Order.of_text(order.to_text()).plan().pace == "realtime"


@pytest.mark.parametrize("kind", ["run", "resume", "replay"])
def test_a_folder_that_is_not_the_usual_one_is_said(kind: Any, tmp_path: Path) -> None:
    out = tmp_path / "of the chip"
    item = QueueItem(1, "a", "noise_learning", "twin", 3, kind=kind, source=tmp_path / "a.h5")
    assert read(command_of(item, out))["out"] == out
