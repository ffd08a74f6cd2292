"""Sweeps at the command line, and what happens to a worker."""

import csv
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.cli.app import run_command_line
from mtjlab.core.errors import BenchError, ParameterError, UsageError
from mtjlab.pictures.sweep import draw
from mtjlab.runner.sweep import JOURNAL
from mtjlab.runner.sweep_file import Sweep, read_sweep
from mtjlab.runner.sweep_point import run_point, task_of
from mtjlab.runner.sweep_table import lines, shown
from mtjlab.runner.sweep_workers import locally
from mtjlab.store import RunReader

HEAD = '[sweep]\nprotocol = "noise_learning"\n'
FIXED = '[parameters]\ntask = "xor"\nepochs = 2\nreference_reads = 100\nsurvey_s = "20m"\n'
RULES = '[grid]\nrule = ["noise_based", "node_perturbation"]\n'

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MTJLAB_BENCH", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(text: str, *arguments: str) -> tuple[int, str, str]:
        Path("s.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as left:
            run_command_line(["sweep", "s.toml", *arguments])
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out, said.err

    return call


def read(tmp_path: Path, text: str) -> Sweep:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return read_sweep(path)


def test_points_are_runs_failures_stay_alone_and_another_call_goes_on(
    cli: Cli, tmp_path: Path
) -> None:
    text = HEAD + "seeds = [4, 9]\n" + FIXED + RULES
    code, out, said = cli(text)
    assert code == 1
    assert "2 of 4 runs failed" in said
    assert "4 of 4" in said
    assert "s left" in said
    assert "a physical fabric has no pass without noise" in out
    folder = tmp_path / "runs" / "sweeps" / "s"
    assert (folder / "figure.png").stat().st_size > 5_000
    with (folder / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["rule"], r["seed"], r["status"]) for r in rows] == [
        ("noise_based", "4", "finished"),
        ("noise_based", "9", "finished"),
        ("node_perturbation", "4", "failed"),
        ("node_perturbation", "9", "failed"),
    ]
    for row in rows[:2]:
        with RunReader.open(row["run_file"]) as run:
            assert run.header.session == "sweep-s"
            assert run.header.seed == int(row["seed"])
            assert run.results["train_accuracy"] == float(row["train_accuracy"])
    # The failed rule is taken out and a seed added; a killed program left half a line.
    with (folder / JOURNAL).open("a") as journal:
        journal.write('{"key": "tor')
    # One of the two that have finished has lost its run file since.
    Path(rows[0]["run_file"]).unlink()
    text = HEAD + "seeds = [4, 9, 11]\n" + FIXED + '[grid]\nrule = ["noise_based"]\n'
    code, out, _ = cli(text, "--json", "--workers", "1")
    report = json.loads(out)
    assert (code, report["status"], report["kept"]) == (0, "finished", 1)
    assert report["runs"][1]["run_file"] == rows[1]["run_file"]
    assert len(list(tmp_path.glob("runs/*/*.h5"))) == 3


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (HEAD + FIXED, UsageError, "nothing is varied"),
        (HEAD + FIXED + "[grid]\ntask = ['xor']\n", UsageError, "task is given in two tables"),
        (HEAD + "[grid]\nrulee = ['dfa']\n", ParameterError, "rulee: unknown; did you mean 'rule'"),
        (HEAD + "[grid]\nepochs = [1, 0]\n", ParameterError, r"point 2 \(epochs = 0\)"),
        (HEAD + "[random]\nepochs = [1, 2]\n", UsageError, "belong together"),
        (HEAD + "points = 2\n[grid]\nepochs = [1]\n", UsageError, "belong together"),
        (
            HEAD + "points = 2\n[random]\nlearning_rate = {low = 0.0, high = 1, log = true}\n",
            UsageError,
            "above 0",
        ),
        (HEAD + "points = 2\n[random]\nepochs = {low = 5, high = 5}\n", UsageError, "below the"),
        (HEAD + "seeds = []\n[grid]\nepochs = [1]\n", UsageError, "0 runs"),
        (HEAD + "[grid]\nepochs = []\n", ParameterError, "epochs"),
        ('[sweep]\nprotocol = "noise"\n[grid]\nepochs = [1]\n', UsageError, "no protocol named"),
        (HEAD + 'bench = "real.toml"\n[grid]\nepochs = [1]\n', BenchError, "is a real one"),
    ],
)
def test_mistakes_are_told_before_the_first_run(
    tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    from mtjlab.bench.file import load

    twin = load("twin").text
    (tmp_path / "real.toml").write_text(twin[: twin.index("\n[twin]")], encoding="utf-8")
    with pytest.raises(error, match=words):
        read(tmp_path, text)


def test_random_points_lie_within_and_are_the_same_each_time(tmp_path: Path) -> None:
    text = (
        HEAD
        + "points = 200\n[random]\nlearning_rate = {low = 1e-3, high = 1.0, log = true}\n"
        + "epochs = {low = 2, high = 5}\nbatch = {low = 1, high = 64, log = true}\n"
        + "weight_decay = {low = 0.1, high = 0.3}\nhidden = [[2], [4]]\n"
    )
    sweep = read(tmp_path, text)
    values = {name: [point.swept[name] for point in sweep.points] for name in sweep.swept}
    rates = np.array(values["learning_rate"])
    assert rates.min() >= 1e-3
    assert rates.max() <= 1.0
    # 200 draws of three decades: each has a third, within 5 standard deviations.
    assert all(abs(n - 200 / 3) < 34 for n in np.histogram(np.log10(rates), 3, (-3, 0))[0])
    assert set(values["epochs"]) == {2, 3, 4, 5}
    assert all(isinstance(batch, int) and 1 <= batch <= 64 for batch in values["batch"])
    assert np.median(values["batch"]) < 16
    assert {tuple(hidden) for hidden in values["hidden"]} == {(2,), (4,)}
    assert read(tmp_path, text).points == sweep.points
    other = read(tmp_path, text.replace("points = 200", "points = 200\ndraw = 1"))
    assert other.points[0].swept != sweep.points[0].swept


def test_a_grid_has_every_combination_and_dots_reach_into_tables(tmp_path: Path) -> None:
    sweep = read(
        tmp_path,
        HEAD + "seeds = 2\n[parameters]\nfabric = ['neuron', 'node_noise']\n"
        '[grid]\nepochs = [1, 2]\n"options.neuron.gain_v" = ["24m", "48m"]\n',
    )
    assert len(sweep.points) == 8
    assert len({point.key for point in sweep.points}) == 8
    assert [p.parameters["options"]["neuron"]["gain_v"] for p in sweep.points[::2]] == [
        "24m",
        "48m",
    ] * 2


def tasks(tmp_path: Path, epochs: str) -> dict[str, str]:
    sweep = read(
        tmp_path, HEAD + FIXED.replace("epochs = 2\n", "") + f"[grid]\nepochs = {epochs}\n"
    )
    return {
        str(p.parameters["epochs"]): task_of(sweep, p, tmp_path / "runs", "", "")
        for p in sweep.points
    }


def test_a_worker_that_is_killed_takes_only_its_point_with_it(tmp_path: Path) -> None:
    found: dict[str, Mapping[str, Any]] = {}
    # The long point is only over when its process is: whoever is left does the short ones.
    given = tasks(tmp_path, "[1000000, 1, 2]")

    def kill() -> None:
        while not list(tmp_path.glob("runs/*/*.h5")):
            time.sleep(0.02)
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    locally(given, 1, found.__setitem__, threading.Event())
    killer.join()
    assert list(found) == ["1000000", "1", "2"]
    assert found["1000000"]["status"] == "failed"
    assert "SIGKILL" in found["1000000"]["error"]["message"]
    assert [found[key]["status"] for key in ("1", "2")] == ["finished", "finished"]


def test_whoever_stops_a_sweep_keeps_what_was_measured(tmp_path: Path) -> None:
    found: dict[str, Mapping[str, Any]] = {}
    stopping = threading.Event()

    def stop() -> None:
        while not list(tmp_path.glob("runs/*/*.h5")):
            time.sleep(0.02)
        stopping.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    locally(tasks(tmp_path, "[1000000, 1]"), 1, found.__setitem__, stopping)
    stopper.join()
    assert list(found) == ["1000000"]
    assert found["1000000"]["status"] == "aborted"
    with RunReader.open(found["1000000"]["run_file"]) as run:
        assert run.status == "aborted"


def test_whoever_does_not_wait_leaves_no_process_behind(tmp_path: Path) -> None:
    def leave(_key: str, _found: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locally(tasks(tmp_path, "[1000000, 1]"), 2, leave, threading.Event())
    assert multiprocessing.active_children() == []


def test_a_point_never_raises(tmp_path: Path) -> None:
    task = json.loads(tasks(tmp_path, "[1]")["1"]) | {"protocol": "nothing"}
    found = json.loads(run_point(json.dumps(task)))
    assert (found["status"], found["error"]["class"]) == ("failed", "UsageError")


def test_a_cluster_does_the_same(cli: Cli) -> None:
    distributed = pytest.importorskip("distributed")
    text = HEAD + "seeds = 2\n" + FIXED + RULES
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp"
    ) as cluster:
        code, out, _ = cli(text, "--scheduler", cluster.scheduler_address, "--json")
    report = json.loads(out)
    assert code == 1, report["error"]
    assert report["runs"], report["error"]
    assert [row["status"] for row in report["runs"]] == ["finished"] * 2 + ["failed"] * 2
    with RunReader.open(report["runs"][0]["run_file"]) as run:
        assert run.results["train_accuracy"] == report["runs"][0]["train_accuracy"]


def test_a_cluster_that_is_not_there_is_named(cli: Cli) -> None:
    pytest.importorskip("distributed")
    code, out, _ = cli(HEAD + FIXED + RULES, "--scheduler", "nonsense://x", "--json")
    assert code == 3
    assert "no Dask scheduler answers at nonsense://x" in json.loads(out)["error"]["message"]


def row(point: int, status: str = "finished", **values: Any) -> dict[str, Any]:
    return {"point": point, "seed": 1, "status": status} | values


def test_the_table_has_medians_and_does_not_forget_what_was_not_reached() -> None:
    rows = [
        row(1, rule="dfa", reads_to_target=100, loss=0.1),
        row(1, rule="dfa", reads_to_target=300, loss=0.2),
        row(1, rule="dfa", reads_to_target=None, loss=0.3),
        row(2, "failed", rule="spsa"),
    ]
    assert shown(rows, (), ("rule",)) == ("reads_to_target",)
    assert shown(rows, ("loss",), ("rule",)) == ("loss",)
    with pytest.raises(UsageError, match="did you mean 'loss'"):
        shown(rows, ("los",), ("rule",))
    assert lines(rows, ("rule",), ("reads_to_target",)) == [
        ["1", "dfa", "3 of 3", "200 (100 to 300), 1 without"],
        ["2", "spsa", "0 of 1", "-"],
    ]


def test_the_figure_shows_every_result_over_every_parameter() -> None:
    rng = np.random.default_rng(1)
    rows = [
        row(i, rule=rule, rate=rate, hidden=[4], accuracy=float(rng.random()))
        for i, (rule, rate) in enumerate((r, x) for r in ("a", "b") for x in (0.01, 0.1, 1.0) * 2)
    ]
    figure = draw(rows, ("rule", "rate", "hidden"), ("accuracy",), title="t")
    panels = figure.axes
    assert [axes.get_xlabel() for axes in panels] == ["rule", "rate", "hidden"]
    assert panels[1].get_xscale() == "log"
    assert [text.get_text() for text in panels[1].get_legend().get_texts()] == [
        "rule = a",
        "rule = b",
    ]
    assert draw([row(1, "failed", rule="a")], ("rule",), (), title="t").axes
