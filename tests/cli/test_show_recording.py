"""`mtjlab show` of a recording: what a user sees of a folder that somebody sent."""

import json

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mtjlab.cli.app import run_command_line


@pytest.fixture
def show(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def shown(*arguments):
        with pytest.raises(SystemExit) as end:
            run_command_line(["show", *map(str, arguments)])
        return end.value.code, *capsys.readouterr()

    return shown


@pytest.fixture
def folder(tmp_path):
    """Two chunks of a telegraph, 36 and 48 mV, that leaves a level with p = 0.05 a sample."""
    rng = np.random.default_rng(8)
    flips = rng.random(60_000) < 0.05
    volts = np.where(np.cumsum(flips) % 2, 0.048, 0.036) + 0.9e-3 * rng.standard_normal(60_000)
    for index, part in enumerate(np.split(volts.astype(np.float32), 2)):
        parquet.write_table(pa.table({"V": part}), tmp_path / f"chunk{index}.parquet")
    return tmp_path


def test_a_folder_of_parquet(show, folder):
    code, out, err = show(folder, "--interval", "5us")
    assert (code, err) == (0, "")
    assert "2 files, column 'V' of float" in out
    assert "60000 samples at 200 kS/s (5 us), 300 ms in all" in out
    for word in ("telegraph", "36 mV, 48", "tau_c", "samples in 3 tau_c", "noise ratio"):
        assert word in out, out
    code, out, _ = show(folder, "--interval", "5us", "--json")
    found = json.loads(out)
    assert found["samples"] == 60_000
    # -dt / ln(1 - 2 p), to five standard deviations of 3000 flips
    assert found["tau_c_s"] == pytest.approx(47.5e-6, rel=0.1)
    assert found["noise_ratio"] == pytest.approx(6.0 / 0.9, rel=0.05)


def test_what_cannot_be_said_is_null_with_a_note(show, tmp_path):
    with h5py.File(tmp_path / "still.h5", "w") as file:
        file["V"] = 1e-3 * np.random.default_rng(0).standard_normal(3000)
        file.attrs["fs"] = 1e5
    code, out, _ = show("still.h5")
    assert code == 0
    assert "noise only" in out
    assert "note: one level only" in out
    code, out, _ = show("still.h5", "--json")
    assert json.loads(out)["tau_c_s"] is None
    assert json.loads(out)["noise_ratio"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], "does not say how fast it was sampled; give the interval, as in --interval 5us"),
        ([".", "--interval", "fast"], "'fast' is not a number"),
        (["nothing.parquet"], "no recording nothing.parquet"),
        (["latest", "--interval", "5us"], "--interval is for recordings"),
    ],
)
def test_mistakes_end_with_2_and_one_message(show, folder, arguments, message):
    code, out, err = show(*arguments)
    assert (code, out) == (2, "")
    assert message in err
