"""`mtjlab twin fit`: the bench file that it writes, and what it refuses."""

import tomllib
from pathlib import Path

import pytest

from mtjlab.bench.file import load, parse
from mtjlab.calibration.bench_text import without_twin
from mtjlab.calibration.fit import fitted
from mtjlab.core.errors import DataError, UsageError
from mtjlab.runner import Run, plan


def fit(runs: dict[str, Path], out: Path, *names: str, devices: bool = True) -> dict:
    fitted([runs[name] for name in names], out, accuracy=0.002, devices=devices)
    return tomllib.loads(out.read_text())


def test_the_file_is_a_bench_with_the_wiring_of_the_runs_and_a_new_twin(
    runs: dict[str, Path], bench: Path, tmp_path: Path
) -> None:
    out = tmp_path / "twin.toml"
    made = fit(runs, out, "bias_sweep", "telegraph", "array_map")
    before = tomllib.loads(bench.read_text())
    for table in ("bench", "chip", "instruments", "wiring", "limits"):
        assert made[table] == before[table]
    assert "# our rack" in out.read_text()
    assert "# what it survives" in out.read_text()
    truth, found = before["twin"]["junction"], made["twin"]["junction"]
    assert found["r_p_ohm"] != truth["r_p_ohm"]
    assert found["r_p_ohm"] == pytest.approx(truth["r_p_ohm"], rel=0.1)
    assert found["slope_p_per_v"] == pytest.approx(truth["slope_p_per_v"], rel=0.1)
    assert {tuple(f["cell"]): f["kind"] for f in made["twin"]["faults"]} == {
        tuple(f["cell"]): f["kind"] for f in before["twin"]["faults"]
    }
    noise_v = made["twin"]["instruments"]["daq"]["input_noise_v"][1]
    assert noise_v == pytest.approx(
        before["twin"]["instruments"]["daq"]["input_noise_v"][1], rel=0.05
    )
    # Everybody who is healthy, and the slow one.
    assert len(made["twin"]["devices"]) == 12
    load(out)


def test_intervals_and_what_is_not_concluded_are_comments(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "twin.toml"
    made = fit(runs, out, "telegraph")
    assert "slope_p_per_v" not in made["twin"]["junction"]
    text = out.read_text()
    assert "# slope_p_per_v: default; one bias only" in text
    assert "with the default slopes" in text
    assert ".. " in next(line for line in text.splitlines() if line.startswith("r_p_ohm"))


def test_a_population_has_no_single_junctions(runs: dict[str, Path], tmp_path: Path) -> None:
    assert "devices" not in fit(runs, tmp_path / "t.toml", "telegraph", devices=False)["twin"]


def test_no_file_is_overwritten(runs: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "twin.toml"
    out.write_text("mine")
    with pytest.raises(UsageError, match="not overwritten"):
        fit(runs, out, "telegraph")
    assert out.read_text() == "mine"


def test_runs_of_two_chips_are_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    other = Run(
        plan(
            "telegraph",
            "twin",
            settings=["cells=[[0,0]]", "duration_s=0.01"],
            seed=1,
            runs_dir=tmp_path,
        )
    )
    other.start()
    other.wait()
    assert other.outcome.run_file is not None
    with pytest.raises(DataError, match="two chips"):
        fitted([runs["telegraph"], other.outcome.run_file], None, accuracy=0.0)


def test_a_twin_is_cut_out_of_the_text_of_a_bench_whatever_it_looks_like() -> None:
    for name in ("twin", "array", "reference_rig", "everything", "wire"):
        bench = load(name)
        text = without_twin(bench)
        assert tomllib.loads(text) == {k: v for k, v in bench.tables().items() if k != "twin"}
        assert text.startswith(bench.text[:40])
    odd = (
        load("twin")
        .text.replace("[twin]\n", '["twin"]\n')
        .replace("description =", 'description = """\n[twin]\n"""\n#')
    )
    bench = parse(odd, source="odd")
    assert tomllib.loads(without_twin(bench))["bench"]["description"] == "[twin]\n"
