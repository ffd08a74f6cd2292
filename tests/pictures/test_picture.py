"""Pictures of runs in every state: they are drawn, and say what is not there."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.core.protocol import Stream
from mtjlab.pictures import every_stream, noise_learning, picture
from mtjlab.store import RunHeader, RunReader, RunWriter

INTERVAL_S = 5e-6
TABLES = [
    Stream("step", "f8", (4,), "", "reads,loss,accuracy,discarded"),
    Stream("evaluation", "f8", (3,), "", "reads,train_accuracy,test_accuracy"),
    Stream(
        "junctions",
        "f8",
        (8,),
        "",
        "row,column,level_p_v,level_ap_v,occupancy,tau_c_s,noise_ratio,node",
    ),
    Stream("trace", "f4", (4000,), "V", "one row per node"),
    Stream("weights_0", "f4", (8, 4), "", "start, end"),
    Stream("weights_1", "f4", (3, 8), "", "start, end"),
]
RESULTS = {"trace_interval_s": INTERVAL_S, "reads_to_target": 1200, "target_accuracy": 0.95}


def start(
    runs: Path, streams: Sequence[Stream], *, protocol: str = "noise_learning", twin: bool = True
) -> RunWriter:
    header = RunHeader(
        run_id="abcdef0123456789",
        protocol=protocol,
        bench="twin",
        twin=twin,
        seed=3,
        bench_toml="",
        bench_overrides={},
        parameters={"task": "iris", "rule": "noise_based", "junctions": "on"},
        versions={},
        revision="",
        host="h",
        started=datetime(2026, 3, 9, tzinfo=UTC),
    )
    return RunWriter.create(runs, header, streams)


def end(writer: RunWriter, results: dict[str, Any], status: Any = "finished") -> Path:
    writer.commit(done=1, total=1, bench_time_s=0.0)
    writer.finish(status, error=None, results=results, bench_time_s=1.0, wall_time_s=1.0)
    return writer.path


def telegraph(rng: np.random.Generator) -> NDArray[np.float64]:
    flips = rng.random(4000) < 0.08
    return np.where(np.cumsum(flips) % 2, 48.02e-3, 36.16e-3) + rng.normal(0, 0.9e-3, 4000)


def write_survey(writer: RunWriter) -> None:
    rng = np.random.default_rng(1)
    for node in range(11):
        writer.append("trace", telegraph(rng)[None].astype(np.float32))
        row = (0, node + 2, 36.16e-3, 48.02e-3, 0.5, 21e-6, 6.5 + (node == 4), node)
        writer.append("junctions", np.array([row]))
    writer.append("weights_0", rng.normal(size=(1, 8, 4)))
    writer.append("weights_1", rng.normal(size=(1, 3, 8)))


def write_learning(writer: RunWriter, *, test: float = 0.93) -> None:
    rng = np.random.default_rng(2)
    reads = 20.0 * np.arange(1, 201)
    loss = np.exp(-reads / 1000) * rng.gamma(4, 0.25, 200)
    writer.append("step", np.column_stack([reads, loss, np.ones(200), np.zeros(200)]))
    at = reads[9::10]
    train = 1 - 0.6 * np.exp(-at / 600)
    writer.append("evaluation", np.column_stack([at, train, np.full(20, test)]))
    writer.append("weights_0", rng.normal(size=(1, 8, 4)))
    writer.append("weights_1", rng.normal(size=(1, 3, 8)))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    writer = start(tmp_path, TABLES)
    write_survey(writer)
    write_learning(writer)
    return end(writer, RESULTS)


def drawn(path: Path, draw: Any = noise_learning.draw) -> Figure:
    with RunReader.open(path) as run:
        figure: Figure = draw(run)
    figure.draw_without_rendering()
    return figure


def texts(figure: Figure) -> str:
    def walk(artist: Any) -> Iterator[str]:
        if isinstance(artist, Text) and artist.get_visible():
            yield artist.get_text()
        for child in artist.get_children():
            yield from walk(child)

    return "\n".join(walk(figure))


def test_a_png_lies_beside_the_run_file(finished: Path) -> None:
    made = picture(finished)
    assert made == finished.with_suffix(".png")
    assert made.read_bytes().startswith(b"\x89PNG")
    assert made.stat().st_size > 50_000


def test_an_svg_goes_where_it_is_asked(finished: Path, tmp_path: Path) -> None:
    made = picture(finished, tmp_path / "new" / "a.svg")
    assert "<svg" in made.read_text("utf-8")


def test_it_says_which_run_and_what_was_found(finished: Path) -> None:
    said = texts(drawn(finished))
    assert "Learning iris by noise-based learning" in said
    assert "bench twin, seed 3, run abcdef01" in said
    assert "SIMULATED TWIN" in said
    assert "reached at 1200 reads" in said
    assert "target 95%" in said
    assert "Junction (0, 6), correlation time 21 µs" in said, "the one with the best noise ratio"
    assert "AP  48.0 mV" in said
    assert "Weights 1: 3 x 8" in said


def test_nothing_is_cut_off_at_the_edges(finished: Path) -> None:
    figure = drawn(finished)
    box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.get_figwidth()
    assert box.y1 <= figure.get_figheight()


def test_the_data_are_those_of_the_file(finished: Path) -> None:
    figure = drawn(finished)
    by_title = {axes.get_title(loc="left"): axes for axes in figure.axes}
    with RunReader.open(finished) as run:
        weights = run.stream("weights_0")[-1]
        volts = run.stream("trace", 4, 5)[0]
        np.testing.assert_array_equal(by_title["Weights 0: 8 x 4"].images[0].get_array(), weights)
        trace = by_title["Junction (0, 6), correlation time 21 µs"].lines[0]
    at, values = np.asarray(trace.get_xdata()), np.asarray(trace.get_ydata())
    np.testing.assert_allclose(values, 1e3 * volts[: len(values)])
    np.testing.assert_allclose(np.diff(at), 1e3 * INTERVAL_S)
    assert at[-1] == pytest.approx(60 * 21e-3, rel=0.01)
    bars = by_title["How often"].patches
    assert sum(bar.get_width() for bar in bars) == pytest.approx(100)
    assert by_title["How often"].get_ylim() == by_title[trace.axes.get_title(loc="left")].get_ylim()


def test_a_real_bench_has_no_badge(tmp_path: Path) -> None:
    path = end(start(tmp_path, TABLES, twin=False), {})
    assert "TWIN" not in texts(drawn(path))


def test_a_run_that_died_early_is_drawn_and_says_what_is_missing(tmp_path: Path) -> None:
    writer = start(tmp_path, TABLES)
    write_survey(writer)
    said = texts(drawn(end(writer, {}, "aborted")))
    assert "[aborted]" in said
    assert "no learning step was recorded" in said
    assert "no evaluation was recorded" in said
    assert "Weights 0: 8 x 4 (start)" in said
    assert "sample\n" in said, "without an interval the trace has no time axis"


def test_a_run_without_any_row_is_still_a_picture(tmp_path: Path) -> None:
    said = texts(drawn(end(start(tmp_path, TABLES), {})))
    assert "no junction trace was recorded" in said
    assert "no weights were recorded" in said


def test_streams_of_another_fabric_may_be_absent(tmp_path: Path) -> None:
    writer = start(tmp_path, TABLES[:2])
    rows = np.array([[10, 1.0, 0.5, 0], [20, 0.0, 1.0, 0]])
    writer.append("step", rows)
    writer.append("evaluation", np.array([[20, 0.9, np.nan]]))
    said = texts(drawn(end(writer, {"reads_to_target": None})))
    assert "training set" in said
    assert "test set" not in said
    assert "reached" not in said


def test_any_other_protocol_gets_every_stream(tmp_path: Path) -> None:
    streams = [
        Stream("current", "f8", (), "A", "of the source"),
        Stream("point", "f4", (2,), "V", "row_v,column_v"),
        Stream("block", "f4", (3,), "V", "three inputs"),
        Stream("long", "f4", (500,), "V", "a trace"),
        Stream("map", "f4", (6, 9), "ohm", "resistances"),
        Stream("never", "i4", (), ""),
    ]
    writer = start(tmp_path, streams, protocol="array_map")
    for i in range(60):
        writer.append("current", np.array([1e-6 * i]))
        writer.append("point", np.array([[0.1 * i, -0.1 * i]]))
        writer.append("block", np.full((1, 3), 1e-3 * i) * [1, 2, 3])
    writer.append("long", np.sin(np.arange(500))[None])
    writer.append("map", np.arange(54.0).reshape(1, 6, 9) * 1e3)
    path = end(writer, {})
    said = texts(drawn(path, every_stream.draw))
    for words in ("Array map", "(µA)", "point: row_v", "point: column_v", "never: no rows"):
        assert words in said
    assert "map, last of 1 rows" in said
    assert "kohm" in said
    assert picture(path).exists()


def test_more_streams_than_panels_are_counted(tmp_path: Path) -> None:
    streams = [Stream(f"s{i}", "f8", (), "") for i in range(15)]
    assert "3 more plots are not shown" in texts(
        drawn(end(start(tmp_path, streams, protocol="x"), {}), every_stream.draw)
    )


def test_a_run_without_streams_says_so(tmp_path: Path) -> None:
    path = end(start(tmp_path, [], protocol="x"), {})
    assert "declared no streams" in texts(drawn(path, every_stream.draw))


def test_another_format_is_refused(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a picture ends in \.png or \.svg"):
        picture(finished, tmp_path / "a.jpg")


def test_a_place_that_cannot_be_written_is_a_sentence(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        picture(finished, tmp_path / "file" / "a.png")
