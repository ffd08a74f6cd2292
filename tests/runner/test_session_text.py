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
    text = session_text([MAP, LEARN, SWEEP])
    settled = {**LEARN.parameters, "epochs": 3, "learning_rate": 0.05}
    assert items_of(text, tmp_path) == [
        MAP,
        replace(LEARN, parameters=settled, settings=()),
        SWEEP,
    ]
    check_session(tmp_path / "queue.toml", read_session(tmp_path / "queue.toml"))
    assert session_text(items_of(text, tmp_path)) == text


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=4))
def test_every_parameter_comes_back(
    tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, Any]
) -> None:
    item = replace(SWEEP, key=1, parameters=parameters)
    assert items_of(session_text([item]), tmp_path_factory.getbasetemp()) == [item]


def test_what_has_become_of_an_item_is_not_written() -> None:
    ended = replace(MAP, status="failed", error="BenchError: gone", done=0.5, estimate_s=3.0)
    assert session_text([ended]) == session_text([MAP])


def test_what_no_session_can_say_is_refused() -> None:
    with pytest.raises(UsageError, match="the queue is empty"):
        session_text([])
    again = replace(MAP, kind="resume", name="resume-map", source=Path("a.h5"))
    with pytest.raises(UsageError, match=r"resume-map goes on with.*own command line"):
        session_text([LEARN, again])
