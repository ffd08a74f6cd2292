"""`check` says what an opened bench is like, and sends nothing."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.check import Row, report
from mtjlab.bench.file import LoadedBench, parse
from mtjlab.core.errors import InstrumentError, Timeout
from mtjlab.core.interfaces import DaqAbilities, Identity, Multiplexer, SourceState
from mtjlab.core.permit import WritePermit

BOARD = DaqAbilities(
    tuple(f"ai{n}" for n in range(16)),
    ("ao0", "ao1"),
    (1.0, 10.0),
    (10.0,),
    16,
    16,
    500e3,
    1e6,
    1e6,
    False,
    8191,
    Multiplexer(1e-12, 1e3),
)
DRIVERS: Any = {
    "smu": SimpleNamespace(host_loss="nothing: the output stays as it is"),
    "daq": SimpleNamespace(host_loss="a fenced output"),
}

pytestmark = pytest.mark.usefixtures("stand_ins")


@pytest.fixture
def loaded(good: str) -> LoadedBench:
    return parse(good, source="good.toml")


@pytest.fixture
def faces(raw_source: Any, raw_daq: Any) -> dict[str, Any]:
    raw_daq.abilities = BOARD
    return {"smu": raw_source, "daq": raw_daq}


def row(rows: list[Row], section: str, item: str) -> Row:
    (found,) = [r for r in rows if r.section == section and r.item == item]
    return found


def test_a_sound_bench_has_no_bad_row(loaded: LoadedBench, faces: Mapping[str, Any]) -> None:
    rows = report(loaded, faces, DRIVERS)
    assert {r.verdict for r in rows} == {"ok", "warn"}
    assert [r.section for r in rows if r.verdict == "warn"] == ["host loss"]
    assert list(dict.fromkeys(r.section for r in rows)) == [
        "instruments",
        "limits",
        "fences",
        "wiring",
        "host loss",
    ]
    assert row(rows, "instruments", "smu").value.startswith("FAKE SOURCE")
    assert row(rows, "instruments", "smu output").value == "off, set to 0 V"


def test_nothing_is_sent_and_no_permit_is_needed(
    loaded: LoadedBench, faces: Mapping[str, Any], permit: WritePermit
) -> None:
    report(loaded, faces, DRIVERS)
    assert faces["smu"].sent == []
    assert faces["daq"].sent == []
    assert not permit.granted


def test_the_largest_level_and_its_worst_case(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    rows = report(loaded, faces, DRIVERS)
    common = row(rows, "limits", "smu level")
    assert common.value == "up to 500 mV"
    assert "500 mV, 50 uA at a junction" in common.note
    outputs = row(rows, "limits", "daq/ao0:1 level")
    assert outputs.value == "up to 12.5 V"
    assert "the voltage limit decides" in outputs.note


def test_a_source_too_weak_for_all_junctions_at_once_is_said(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    faces["smu"].abilities = replace(faces["smu"].abilities, current_ranges_a=(1e-4,))
    found = row(report(loaded, faces, DRIVERS), "limits", "smu level")
    assert found.verdict == "warn"
    assert "could take 400 uA, the instrument gives 105 uA" in found.note


@pytest.mark.parametrize(("level", "verdict"), [(0.0, "warn"), (0.1, "bad")])
def test_an_output_found_on_is_said_and_left_alone(
    loaded: LoadedBench, faces: Mapping[str, Any], level: float, verdict: str
) -> None:
    faces["smu"].state = lambda: SourceState("voltage", level, 0.2, 1e-3, True)
    found = row(report(loaded, faces, DRIVERS), "instruments", "smu output")
    assert found.verdict == verdict
    assert "nothing was touched" in found.note
    assert faces["smu"].sent == []


def test_a_board_output_found_energised_is_bad(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    faces["daq"].read = lambda channels: np.full(len(channels), 0.7)
    found = row(report(loaded, faces, DRIVERS), "instruments", "daq/ao1 output")
    assert (found.value, found.verdict) == ("700 mV", "bad")


def test_an_output_that_cannot_be_read_back_is_no_proof_of_anything(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    def refuse(channels: object) -> None:
        raise InstrumentError("daq: no internal channel")

    faces["daq"].read = refuse
    found = row(report(loaded, faces, DRIVERS), "instruments", "daq/ao0 output")
    assert (found.verdict, found.note) == ("warn", "daq: no internal channel")


def test_an_instrument_that_does_not_answer_does_not_hide_the_others(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    def late() -> Identity:
        raise Timeout("smu: no answer in 2 s")

    faces["smu"].identify = late
    rows = report(loaded, faces, DRIVERS)
    assert row(rows, "instruments", "smu") == Row(
        "instruments", "smu", "no answer", "bad", "smu: no answer in 2 s"
    )
    assert row(rows, "instruments", "daq").verdict == "ok"


def test_fences_are_judged_by_what_the_board_itself_reaches(
    loaded: LoadedBench, faces: Mapping[str, Any], good: str
) -> None:
    found = row(report(loaded, faces, DRIVERS), "fences", "daq/ao0:1")
    assert (found.value, found.verdict) == ("divider 0.04, series 20 kohm", "ok")
    assert "up to 400 mV and 20 uA" in found.note
    faces["daq"].abilities = replace(BOARD, output_ranges_v=(5.0, 20.0))
    found = row(report(loaded, faces, DRIVERS), "fences", "daq/ao0:1")
    assert found.verdict == "bad"
    assert "a divider of 0.025 or less" in found.note
    accepted = parse(good.replace("unfenced = false", "unfenced = true"), source="x")
    found = row(report(accepted, faces, DRIVERS), "fences", "daq/ao0:1")
    assert found.verdict == "warn"
    assert "accept_unfenced" in found.note


def test_the_rate_of_each_input_is_that_of_as_many_as_are_wired(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    found = row(report(loaded, faces, DRIVERS), "wiring", "daq/ai0:9")
    assert found.value == "10 inputs, 100 kS/s each"
    assert found.note.startswith("multiplexed")
    faces["daq"].abilities = replace(BOARD, simultaneous=True)
    found = row(report(loaded, faces, DRIVERS), "wiring", "daq/ai0:9")
    assert (found.value, found.note) == ("10 inputs, 500 kS/s each", "simultaneous")


def test_channels_and_ranges_that_the_opened_board_lacks_are_bad(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    few = replace(BOARD, inputs=("ai0", "ai1"), outputs=(), input_ranges_v=(0.5,))
    faces["daq"].abilities = few
    rows = report(loaded, faces, DRIVERS)
    inputs = row(rows, "wiring", "daq inputs")
    assert (inputs.verdict, inputs.note) == ("bad", "it has daq/ai0:1")
    assert row(rows, "wiring", "daq outputs").value == "ao0, ao1"
    assert row(rows, "wiring", "daq range").verdict == "bad"


def test_a_source_that_did_not_open_under_this_name_is_bad(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    renamed = {"smu.a": faces["smu"], "daq": faces["daq"]}
    found = row(report(loaded, renamed, DRIVERS), "wiring", "smu")
    assert (found.value, found.verdict) == ("no such source", "bad")
    assert "smu.a, daq" in found.note


def test_what_covers_the_loss_of_the_host_is_said_nothing_included(
    loaded: LoadedBench, faces: Mapping[str, Any]
) -> None:
    rows = report(loaded, faces, DRIVERS)
    assert row(rows, "host loss", "smu").verdict == "warn"
    assert row(rows, "host loss", "daq").value == "a fenced output"


def test_junctions_that_nobody_reads_are_named(good: str, faces: Mapping[str, Any]) -> None:
    text = good.replace('read = "daq/ai8:9"\nrange = "1 V"\n', "")
    rows = report(parse(text, source="x"), faces, DRIVERS)
    found = row(rows, "wiring", "unread")
    assert (found.value, found.verdict) == ("(1, 0), (1, 1)", "warn")


def test_a_selector_with_closed_channels_is_said(
    loaded: LoadedBench, faces: Mapping[str, Any], raw_selector: Any
) -> None:
    rows = report(loaded, {**faces, "mux": raw_selector}, DRIVERS)
    assert row(rows, "instruments", "mux channels").value == "all open"
    raw_selector.cells = ("1!3",)
    rows = report(loaded, {**faces, "mux": raw_selector}, DRIVERS)
    assert row(rows, "instruments", "mux channels").verdict == "warn"
