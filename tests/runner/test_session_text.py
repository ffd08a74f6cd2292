"""A queue written as a session file is the same queue when it is read."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import UsageError
from mtjlab.runner import check_session, read_session
from mtjlab.runner.queue_item import QueueItem
from mtjlab.runner.session_file import Use
from mtjlab.runner.session_text import session_text

MAP = QueueItem(1, "map", "array_map", "array", 5)
LEARN = QueueItem(
    2,
    "learn",
    "noise_learning",
    "array",
    11,
    parameters={"task": "xor", "epochs": 2, "fabric": ["crossbar", "node_noise"]},
    settings=("epochs=3", "learning_rate = 0.05"),
    uses=(Use("cells", "map", "usable_cells"),),
    on_failure="stop",
)
SWEEP = QueueItem(3, "sweep 2", "iv_sweep", "twin", 2**31 - 1, parameters={"stop_v": "0.1 V"})

HERE = Path()

VALUES = st.recursive(
    st.text() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def items_of(text: str, folder: Path) -> list[QueueItem]:
    """As a queue would take them in."""
    file = folder / "queue.toml"
    file.write_text(text, encoding="utf-8")
    return [
        QueueItem(
            key,
            step.name,
            step.protocol,
            step.bench,
            step.seed or 0,
            parameters=step.parameters,
            uses=step.uses,
            on_failure="stop" if step.ends else "continue",
        )
        for key, step in enumerate(read_session(file).steps, 1)
    ]


def test_round_trip(tmp_path: Path) -> None:
    text = session_text([MAP, LEARN, SWEEP], HERE)
    settled = {**LEARN.parameters, "epochs": 3, "learning_rate": 0.05}
    assert items_of(text, tmp_path) == [
        MAP,
        replace(LEARN, parameters=settled, settings=()),
        SWEEP,
    ]
    check_session(tmp_path / "queue.toml", read_session(tmp_path / "queue.toml"))
    assert session_text(items_of(text, tmp_path), HERE) == text


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=4))
def test_every_parameter_comes_back(
    tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, Any]
) -> None:
    item = replace(SWEEP, key=1, parameters=parameters)
    assert items_of(session_text([item], HERE), tmp_path_factory.getbasetemp()) == [item]


def test_what_has_become_of_an_item_is_not_written() -> None:
    ended = replace(MAP, status="failed", error="BenchError: gone", done=0.5, estimate_s=3.0)
    assert session_text([ended], HERE) == session_text([MAP], HERE)


def test_a_session_runs_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("below/rack.toml", "other.toml", "elsewhere.toml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    monkeypatch.chdir(tmp_path / "below")
    benches = ["rack.toml", "../other.toml", "../elsewhere.toml", "twin"]
    items = [replace(MAP, key=n, name=f"{n}", bench=b) for n, b in enumerate(benches)]
    inside = session_text([*items[:1], items[3]], tmp_path)
    assert str(tmp_path) not in inside
    text = session_text(items, tmp_path / "below")
    (tmp_path / "below/q.toml").write_text(text, encoding="utf-8")
    (tmp_path / "q.toml").write_text(inside, encoding="utf-8")
    monkeypatch.chdir("/")
    found = [Path(step.bench) for step in read_session(tmp_path / "below/q.toml").steps]
    assert all(
        one.samefile(tmp_path / "below" / two)
        for one, two in zip(found[:3], benches[:3], strict=True)
    )
    assert found[3] == Path("twin")
    beside = read_session(tmp_path / "q.toml").steps[0].bench
    assert Path(beside) == tmp_path / "below/rack.toml"


def test_what_no_session_can_say_is_refused() -> None:
    with pytest.raises(UsageError, match="the queue is empty"):
        session_text([], HERE)
    again = replace(MAP, kind="resume", name="resume-map", source=Path("a.h5"))
    with pytest.raises(UsageError, match=r"resume-map goes on with.*own command line"):
        session_text([LEARN, again], HERE)
