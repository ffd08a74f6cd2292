import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.file import load, parse, shipped
from mtjlab.bench.tables import LimitsTable
from mtjlab.core.errors import BenchError
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell, InputWire
from sim_backend.physics.junction import Fault, JunctionParameters, Spread

pytestmark = pytest.mark.usefixtures("stand_ins")


def test_a_good_file_becomes_wiring_limits_and_physics(good: str) -> None:
    file = parse(good, source="good.toml").file
    wiring = file.wiring.resolve()
    assert (file.name, file.chip.id, file.chip.seed) == ("good", "chip-1", 7)
    assert len(wiring.singles) == 10
    third = wiring.single(Cell(0, 2))
    assert third.source == "smu"
    assert third.series_ohm == 10e3
    assert third.divider == 1.0
    assert third.read == InputWire("daq", "ai2", 1.0, "differential")
    assert [j.source for j in wiring.singles[8:]] == ["daq/ao0", "daq/ao1"]
    limits = file.limits.junction()
    assert (limits.hard_v, limits.hard_a, limits.soft_v) == (0.5, 50e-6, 0.3)
    assert (limits.r_min_ohm, limits.r_max_ohm) == (0.0, math.inf)
    assert file.twin is not None
    assert file.twin.junction_parameters() == JunctionParameters(tmr=0.6)
    assert file.twin.junction_spread() == Spread(r_sigma=0.05)
    assert file.twin.junction_faults(wiring) == (Fault(5, "slow", 100.0),)


def test_what_surrounds_and_ails_junctions_is_read_with_its_units(good: str) -> None:
    text = good.replace(
        "tmr = 0.6",
        'field_ref_t = "2 mT"\nfield_slope_p_per_t = "-0.9 k/T"\nactivation_p_k = "5 kK"\n'
        'heating_k_per_w = "50 MK/W"\ntrap_depth = 0.03\ntrap_empty_s = "20 ms"\n'
        'flicker = 1e-7\nflicker_highest_hz = "100 kHz"',
    )
    text = text.replace("r_sigma = 0.05", 'r_tau_correlation = -0.4\nfield_t = "0.5 mT"')
    text = text.replace('"slow"\nfactor = 100', '"drifting"\nv50_v_per_s = "1 uV/s"')
    file = parse(text, source="x").file
    assert file.twin is not None
    assert file.twin.junction_parameters() == JunctionParameters(
        field_ref_t=2e-3,
        field_slope_p_per_t=-900.0,
        activation_p_k=5e3,
        heating_k_per_w=50e6,
        trap_depth=0.03,
        trap_empty_s=0.02,
        flicker=1e-7,
        flicker_highest_hz=1e5,
    )
    assert file.twin.junction_spread() == Spread(r_tau_correlation=-0.4, field_t=0.5e-3)
    (fault,) = file.twin.junction_faults(file.wiring.resolve())
    assert fault == Fault(5, "drifting", v50_v_per_s=1e-6)


def test_a_junction_may_be_left_unread(good: str) -> None:
    text = good.replace('read = "daq/ai8:9"\nrange = "1 V"\n', "")
    singles = parse(text, source="x").file.wiring.resolve().singles
    assert [j.read for j in singles[8:]] == [None, None]


def test_text_and_source_are_kept_for_the_run_file(good: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(good, encoding="utf-8")
    loaded = load(path)
    assert loaded.text == good
    assert loaded.source == str(path)
    assert parse(loaded.text, source="again").file == loaded.file


def test_a_byte_order_mark_is_no_mistake(good: str, tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + good.encode())
    assert load(str(path)).file.name == "good"


def test_the_shipped_twin_has_32_junctions_each_with_its_resistor_and_input() -> None:
    assert "twin" in shipped()
    loaded = load("twin")
    file = loaded.file
    wiring = file.wiring.resolve()
    assert loaded.source == file.name == "twin"
    assert len(wiring.singles) == 32
    assert {j.source for j in wiring.singles} == {"smu"}
    assert {j.series_ohm for j in wiring.singles} == {10e3}
    assert list(wiring.inputs("daq")) == [f"ai{n}" for n in range(32)]
    assert file.twin is not None
    assert file.twin.junction_parameters() == JunctionParameters()
    assert len(file.twin.junction_faults(wiring)) == 2
    assert file.limits.junction().hard_v == 0.5


@given(st.floats(1e-3, 100.0), st.sampled_from([("V", 1.0), ("mV", 1e-3), ("", 1.0), ("m", 1e-3)]))
def test_a_quantity_may_have_any_prefix(number: float, unit: tuple[str, float]) -> None:
    table = {"junction_v": f"{number!r} {unit[0]}", "junction_a": 1e-6, "soft_v": 1e-9}
    value = LimitsTable.model_validate(table).junction_v
    assert value == pytest.approx(number * unit[1], rel=1e-12)


@given(st.floats(1e-9, 1e6))
def test_what_people_are_shown_reads_back_as_the_same_quantity(number: float) -> None:
    table = {"junction_v": si(number, "V", 17), "junction_a": 1e-6, "soft_v": 1e-9}
    assert LimitsTable.model_validate(table).junction_v == pytest.approx(number, rel=1e-12)


def test_overrides_are_merged_into_the_twin(good: str) -> None:
    overrides = {"instrument_noise": False, "junction": {"tau_p_s": "1 ms"}}
    loaded = parse(good, source="x", overrides=overrides)
    twin = loaded.file.twin
    assert twin is not None
    assert not twin.instrument_noise
    assert twin.junction_parameters() == JunctionParameters(tmr=0.6, tau_p_s=1e-3)
    assert twin.junction_spread() == Spread(r_sigma=0.05)
    assert loaded.overrides == overrides
    assert loaded.text == good


def test_an_override_is_judged_like_the_file(good: str) -> None:
    with pytest.raises(BenchError, match=r"twin\.instrument_nose = false: unknown; did you mean"):
        parse(good, source="x", overrides={"instrument_nose": False})


def test_a_real_bench_takes_no_overrides(good: str) -> None:
    real = good[: good.index("[twin]")]
    assert parse(real, source="x", overrides={}).file.twin is None
    with pytest.raises(BenchError) as caught:
        parse(real, source="rack.toml", overrides={"junction": {"tmr": 0.0}})
    assert "rack.toml" in str(caught.value)
    assert "twin.junction.tmr: only the twin can" in str(caught.value)


def test_an_unknown_bench_names_those_there_are() -> None:
    with pytest.raises(BenchError, match=r"no bench named 'twn'.*did you mean 'twin'"):
        load("twn")


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"rack\.toml: does not exist; expected .*twin"):
        load(tmp_path / "rack.toml")


def test_a_folder_is_no_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_in_another_encoding_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('[bench]\nname = "µ"\n'.encode("latin-1"))
    with pytest.raises(BenchError, match="line 2: byte 0xb5 is not UTF-8"):
        load(path)


def test_text_that_is_not_toml_is_said_with_line_and_column() -> None:
    with pytest.raises(BenchError, match=r"bench file x: not TOML: .*line 2, column 8"):
        parse("[bench]\nname = good\n", source="x")
