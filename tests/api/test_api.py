"""`import mtjlab`: a bench, a run and its rows, as a script or a notebook meets them."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mtjlab
from mtjlab.bench.open import OpenBench
from mtjlab.bench.safe import Made
from mtjlab.cli.app import run_command_line
from mtjlab.core.errors import (
    Aborted,
    BenchError,
    LimitError,
    ParameterError,
    StoreError,
    UsageError,
)
from mtjlab.core.events import Event, StepDone
from mtjlab.core.interfaces import SourceSettings

QUICK = {"epochs": 2, "reference_reads": 100, "survey_s": "20m"}
ON = SourceSettings("voltage", range=1.0, compliance=1e-3, off_state="normal")


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MTJLAB_BENCH", raising=False)


def test_importing_costs_nothing_until_something_is_asked_for() -> None:
    code = (
        "import json, sys, mtjlab; before = sorted(m for m in sys.modules if 'mtjlab' in m); "
        "lazy = 'numpy' not in sys.modules; mtjlab.load; "
        "print(json.dumps([before, lazy, 'mtjlab.api' in sys.modules, "
        "'matplotlib' in sys.modules, 'pandas' in sys.modules, dir(mtjlab)]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    before, lazy, after, matplotlib, pandas, names = json.loads(out.stdout)
    assert (before, lazy, after, matplotlib, pandas) == (["mtjlab"], True, True, False, False)
    assert {"run", "load", "open_bench", "LoadedRun"} <= set(names)
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        _ = mtjlab.sweeep  # type: ignore[attr-defined]


def test_a_run_is_that_of_the_command_line_and_is_loaded_with_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = mtjlab.run("noise_learning", bench="twin", seed=3, task="xor", bias_v="90 mV", **QUICK)
    assert (run.status, run.error, run.seed, run.twin) == ("finished", None, 3, True)
    assert run.parameters["bias_v"] == pytest.approx(0.09)
    assert run.results["task"] == "xor"
    loaded = mtjlab.load("latest")
    assert loaded.run_id == run.run_id == mtjlab.load(run.run_file).run_id
    frame, rows = loaded.to_pandas("step"), loaded.stream("step")
    assert list(frame.columns) == loaded.columns("step")
    np.testing.assert_array_equal(frame.to_numpy(), rows)
    np.testing.assert_array_equal(loaded.to_xarray()["step"].values, rows)
    assert loaded.plot(tmp_path / "it.png").stat().st_size > 10_000
    assert f"{run.run_id[:8]}: noise_learning on twin (simulated), seed 3" in repr(run)
    settings = {"task": "xor", "bias_v": "90m", **QUICK}.items()
    with pytest.raises(SystemExit):
        run_command_line(
            [
                "run",
                "noise_learning",
                "--seed=3",
                "--json",
                *(f"--set={k}={v}" for k, v in settings),
            ]
        )
    again = mtjlab.load(json.loads(capsys.readouterr().out)["run_file"])
    assert again.results == run.results
    np.testing.assert_array_equal(again.stream("weights_0"), run.stream("weights_0"))


def test_numbers_of_numpy_and_names_that_collide_serve(tmp_path: Path) -> None:
    run = mtjlab.run(
        "noise_learning",
        runs=tmp_path / "elsewhere",
        parameters={"task": "xor"},
        hidden=np.array([4]),
        **QUICK | {"epochs": np.int64(1)},
    )
    assert run.parameters["hidden"] == [4]
    assert run.run_file.parent.parent == tmp_path / "elsewhere"
    assert isinstance(run.seed, int)


def test_mistakes_are_exceptions_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"taask: unknown; did you mean 'task'"):
        mtjlab.run("noise_learning", taask="xor")
    with pytest.raises(UsageError, match="noise_learning"):
        mtjlab.run("noise_lerning")
    with pytest.raises(BenchError, match="twinn"), mtjlab.open_bench("twinn"):
        pass
    with pytest.raises(StoreError, match="no run files"):
        mtjlab.load("latest")
    run = mtjlab.run("noise_learning", task="xor", **QUICK)
    with pytest.raises(StoreError, match="did you mean 'step'"):
        run.to_pandas("stepp")
    with pytest.raises(StoreError, match="no stream 'nothing'"):
        run.columns("nothing")


def test_what_a_run_failed_with_is_raised_and_names_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mtjlab.runner import Run

    def stop(event: Event) -> None:
        if isinstance(event, StepDone):
            runs[0].stop()

    runs: list[Run] = []
    began = Run.start
    monkeypatch.setattr(Run, "start", lambda self: (runs.append(self), began(self))[1])
    with pytest.raises(Aborted) as ended:
        mtjlab.run("noise_learning", task="iris", listener=stop, **QUICK)
    left = mtjlab.load("latest")
    assert left.status == "aborted"
    assert ended.value.__notes__ == [f"run file: {left.run_file}"]


def test_ctrl_c_stops_the_run_and_not_the_bookkeeping(monkeypatch: pytest.MonkeyPatch) -> None:
    from mtjlab.runner import Run

    waited = Run.wait
    pressed = []

    def press(self: Run, timeout_s: float | None = None) -> bool:
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return waited(self, timeout_s)

    monkeypatch.setattr(Run, "wait", press)
    with pytest.raises(Aborted):
        mtjlab.run("noise_learning", task="iris", **QUICK | {"epochs": 100_000})


def test_an_open_bench_is_guarded_and_left_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    safe: list[Made] = []
    made = OpenBench.make_safe
    monkeypatch.setattr(OpenBench, "make_safe", lambda self: safe.extend(made(self)) or safe)
    with mtjlab.open_bench("twin", seed=1) as bench:
        smu = bench.sources["smu"]
        smu.configure(ON)
        smu.output(True)
        smu.set_level(0.1)
        assert smu.state().output_on
        with pytest.raises(LimitError):
            smu.set_level(0.9)
        with pytest.raises(UsageError, match=r"mtjlab\.run"):
            bench.emit("rows", np.zeros((1, 2)))
    names = sorted(one.name for one in safe)
    assert "smu" in names
    safe.clear()

    def failing() -> None:
        with mtjlab.open_bench("twin") as bench:
            bench.sources["smu"].configure(ON)
            bench.sources["smu"].output(True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert sorted(one.name for one in safe) == names


def test_sentences_of_the_bench_go_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="mtjlab"):
        mtjlab.run("noise_learning", task="xor", seed=1, **QUICK)
    said = {record.levelname: record.getMessage() for record in caplog.records}
    assert "masked" in said["WARNING"]
    assert "INFO" in said
