"""A Procedure of PyMeasure under our runner: its rows, its end, and a safe bench after it."""

import json
import threading
from typing import Any

import numpy as np
import pytest

from mtjlab.cli.app import run_command_line
from mtjlab.core.errors import LimitError, MtjlabError, ParameterError, UsageError
from mtjlab.core.events import Rows, StateChanged
from mtjlab.runner import Run, plan
from mtjlab.store import RunReader
from tests.addons import procedures

IV = "pymeasure:tests.addons.procedures.IV"
TROUBLED = "pymeasure:tests.addons.procedures.Troubled"


@pytest.fixture
def open_bench(text: Any, tmp_path: Any) -> str:
    path = tmp_path / "open.toml"
    path.write_text(text(allow_raw=True))
    return str(path)


def execute(bench: str, runs: Any, protocol: str, *settings: str, watch: Any = None) -> Any:
    events: list[Any] = []

    def listen(event: Any) -> None:
        events.append(event)
        if watch is not None:
            watch(event, run)

    planned = plan(protocol, bench, settings=settings, seed=1, runs_dir=runs)
    run = Run(planned, [listen])
    run.start()
    assert run.wait(60)
    assert "procedure" not in {thread.name for thread in threading.enumerate()}
    return run.outcome, events


def test_a_procedure_drives_the_2400_and_its_rows_are_in_the_run_file(
    open_bench: str, runs: Any
) -> None:
    outcome, events = execute(open_bench, runs, IV, "steps=6", "largest=100m", "compliance=0.0001")
    assert outcome.error is None
    with RunReader(outcome.run_file) as file:
        volts, amperes = file.stream("voltage"), file.stream("current")
        units = {name: stream.unit for name, stream in file.streams.items()}
        log = [line.text for line in file.log()]
        assert file.header.parameters["largest"] == 0.1
        assert file.header.parameters["compliance"] == 1e-4
        assert file.results["unguarded"] == ["bench"]
    assert units == {"voltage": "V", "current": "A", "step": ""}
    assert volts == pytest.approx(np.linspace(0, 0.1, 6))
    # 32 junctions, each 10 kohm and 5 to 10 kohm more.
    assert ((amperes < 32 * 0.1 / 22e3) | (amperes == amperes[0])).all() or amperes[-1] <= 1.05e-4
    assert "raw access to bench: unguarded from here on" in log
    assert "connecting" in log
    assert "shut down" in log
    assert any("Made by" in text and "KEITHLEY" in text for text in log)
    assert any(isinstance(event, StateChanged) and event.state == "safe" for event in events)


def test_it_needs_a_bench_that_allows_it(runs: Any) -> None:
    with pytest.raises(LimitError, match="allow_raw"):
        plan(IV, "twin", runs_dir=runs)


def test_it_cannot_be_tried_dry(open_bench: str) -> None:
    run = Run(plan(IV, open_bench, runs_dir=None))
    run.start()
    assert run.wait(30)
    assert isinstance(run.outcome.error, UsageError)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("steps=1", "expected >= 2 and <= 100"),
        ("largest=0.4", "expected >= 0 and <= 0.3 V"),
        ("largest='10 A'", "expected a value in V"),
        ("compliance=2", "expected one of 0.0001, 0.001"),
        ("up=maybe", "up"),
        ("spets=3", "did you mean 'steps'"),
    ],
)
def test_its_parameters_are_checked_as_ours(
    open_bench: str, runs: Any, setting: str, said: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        plan(IV, open_bench, settings=[setting], runs_dir=runs)
    assert said in str(refused.value)


def test_what_has_no_default_must_be_given(open_bench: str, runs: Any) -> None:
    needy = "pymeasure:tests.addons.procedures.Needy"
    with pytest.raises(ParameterError, match="given: missing; expected Given a value in V"):
        plan(needy, open_bench, runs_dir=runs)
    assert plan(needy, open_bench, settings=["given=5m"], runs_dir=runs).params.given == 0.005


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("pymeasure:nowhere.IV", "does not load"),
        ("pymeasure:IV", "expected pymeasure:package"),
        ("pymeasure:tests.addons.procedures.VI", "no Procedure of PyMeasure called 'VI'"),
        ("pymeasured:x.y", "did you mean 'pymeasure'"),
    ],
)
def test_what_is_not_there(open_bench: str, runs: Any, target: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(target, open_bench, runs_dir=runs)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("what", "said", "rows"),
    [
        ("startup", "OSError: no cable", 0),
        ("execute", "ValueError: no luck", 1),
        ("exit", "SystemExit: 3", 1),
        ("shutdown", "RuntimeError: stuck", 1),
        ("both", "ValueError: no luck", 1),
        ("array", r"emitted [1, 2, 3] as 'n'", 1),
        ("stranger", "emitted 'm', which is not among DATA_COLUMNS", 1),
    ],
)
def test_however_it_fails_its_shutdown_runs_and_the_bench_is_safe(
    open_bench: str, runs: Any, what: str, said: str, rows: int
) -> None:
    procedures.Troubled.shut_down = 0
    outcome, events = execute(open_bench, runs, TROUBLED, f"what={what}")
    assert outcome.status == "failed"
    assert isinstance(outcome.error, MtjlabError)
    assert said in str(outcome.error)
    assert procedures.Troubled.shut_down == 1
    assert any(isinstance(event, StateChanged) and event.state == "safe" for event in events)
    with RunReader(outcome.run_file) as file:
        assert len(file.stream("n")) == rows
        if what == "both":
            assert any("stuck" in line.text for line in file.log())


def test_a_batch_is_as_many_rows(open_bench: str, runs: Any) -> None:
    outcome, _ = execute(open_bench, runs, TROUBLED, "what=batch")
    with RunReader(outcome.run_file) as file:
        assert file.stream("n").tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("what", ["endless", "deaf"])
@pytest.mark.parametrize("end", ["stop", "abort"])
def test_it_stops_when_told(open_bench: str, runs: Any, what: str, end: str) -> None:
    procedures.Troubled.shut_down = 0

    def watch(event: Any, run: Run) -> None:
        if isinstance(event, Rows):
            getattr(run, end)()

    outcome, _ = execute(open_bench, runs, TROUBLED, f"what={what}", watch=watch)
    assert outcome.status == "aborted"
    assert procedures.Troubled.shut_down == 1
    with RunReader(outcome.run_file) as file:
        assert len(file.stream("n")) == 1


def test_from_the_command_line(open_bench: str, runs: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit) as left:
        run_command_line(
            ["run", IV, "--bench", open_bench, "--set", "steps=3", "--out", str(runs), "--json"]
        )
    report = json.loads(capsys.readouterr().out)
    assert left.value.code == 0, report
    assert report["results"]["rows"] == 3
    assert report["results"]["unguarded"] == ["bench"]
