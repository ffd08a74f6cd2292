"""`mtjlab twin compare`: a twin and a run of the same chip agree, others do not."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.calibration.fit import fitted
from mtjlab.calibration.observables import observables, result_differences
from mtjlab.cli.app import run_command_line
from mtjlab.fitting.look import Look

LOOK = Look(
    (0, 0),
    "run",
    0.1,
    "telegraph",
    1.0,
    v_p_v=36e-3,
    v_ap_v=48e-3,
    r_p_ohm=Estimate.positive(5660.0, 1e-3),
    r_ap_ohm=Estimate.positive(9240.0, 1e-3),
    tau_p_s=Estimate.positive(50e-6, 0.03),
    tau_ap_s=Estimate.positive(60e-6, 0.04),
    occupancy_ap=Estimate.normal(0.55, 0.01),
    per_volt=1.5,
)


def command(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        run_command_line(words)
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    return told.out


def test_differences_are_in_units_of_both_errors() -> None:
    other = replace(LOOK, tau_p_s=Estimate.positive(50e-6 * math.exp(0.15), 0.04), v_p_v=36.1e-3)
    found = {one.name: one for one in observables([LOOK], [other])}
    assert found["tau of P"].sigmas[0] == pytest.approx(0.15 / 0.05)
    assert found["tau of AP"].sigmas[0] == 0.0
    # 36 mV and 1e-3 of the resistance are 24 uV behind a resistor.
    error = 1e-3 / 1.5 * np.hypot(36e-3, 36.1e-3)
    assert found["level of P"].sigmas[0] == pytest.approx(0.1e-3 / error, rel=1e-3)
    assert "noise of a sample" not in found


def test_only_the_same_junctions_and_biases_are_compared() -> None:
    others = [replace(LOOK, bias_v=0.2), replace(LOOK, cell=(0, 1)), LOOK]
    assert all(len(one) == 1 for one in observables([LOOK, LOOK], others))
    assert observables([LOOK], others[:2]) == []


def test_results_are_judged_by_the_scatter_of_the_twins_runs() -> None:
    runs = [{"x": 1.0, "n": 3, "words": "a", "notes": []} for _ in range(3)]
    runs[1]["x"], runs[2]["x"] = 2.0, 3.0
    found = {row[0]: row[1:] for row in result_differences({**runs[0], "x": 4.0, "y": 1.0}, runs)}
    assert found["x"] == (4.0, 2.0, pytest.approx(-2.0 / math.sqrt(4.0 / 3.0)))
    assert found["n"] == (3.0, 3.0, 0.0)
    assert set(found) == {"x", "n"}
    assert math.isnan(result_differences({"x": 1.0}, runs[:1])[0][3])


@pytest.mark.slow
def test_the_command_fits_compares_and_draws(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin, picture = tmp_path / "twin.toml", tmp_path / "picture.png"
    said = command(
        capsys, "twin", "fit", str(runs["bias_sweep"]), str(runs["telegraph"]), "-o", str(twin)
    )
    assert "V50" in said
    assert "bench file" in said
    out = command(
        capsys,
        "twin",
        "compare",
        str(runs["telegraph"]),
        str(twin),
        "--seed",
        "77",
        "-o",
        str(picture),
        "--json",
    )
    told = json.loads(out)
    assert picture.read_bytes().startswith(b"\x89PNG")
    names = {one["name"]: one for one in told["observables"]}
    assert {"level of P", "tau of P", "occupancy of AP", "noise of a sample"} <= set(names)
    for one in names.values():
        assert one["rms_sigmas"] < 3.0, one


@pytest.mark.slow
def test_drawn_junctions_do_not_agree_one_by_one_and_a_note_says_why(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = tmp_path / "twin.toml"
    files = [runs["bias_sweep"], runs["telegraph"]]
    text = fitted(files, None, accuracy=0.002, devices=False).text
    chip = text.index("seed = ")
    twin.write_text(text[:chip] + "seed = 5" + text[text.index("\n", chip) :])
    words = ("twin", "compare", str(files[1]), str(twin), "-o", str(tmp_path / "a.svg"), "--json")
    told = json.loads(command(capsys, *words))
    levels = next(one for one in told["observables"] if one["name"] == "level of P")
    assert levels["rms_sigmas"] > 10.0
    assert abs(levels["chip_sigmas"]) < 4.0
    assert any("drawn from its spread" in note for note in told["notes"])
