"""Events as bytes and back; bundles lose nothing but what nobody could see."""

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core import errors
from mtjlab.core.events import (
    BenchSeen,
    Event,
    Notice,
    Rows,
    RunEnded,
    RunStarted,
    StateChanged,
    StepDone,
)
from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Stream
from mtjlab.runner.apart import frames
from mtjlab.runner.apart.bundle import bundled

STREAMS = (Stream("step", "f8", (2,), "", "loss,reads"), Stream("w", "f4", (2, 3), ""))
EVENTS: list[Event] = [
    RunStarted("id", "iv_sweep", "twin", True, 3, "/x/y.h5", STREAMS, {"a": [1, 2], "b": None}),
    StepDone(1.0, 3.0, {"loss": 0.5, "note": "x", "none": None}, 0.25),
    BenchSeen(True, {"smu": 0.1}, {"smu": Reading(0.1, 1e-6, False)}),
    StateChanged("paused"),
    Notice("warning", "ä Ω"),
    RunEnded("failed", "StoreError: disk", {"reads": 5}),
]


def through(event: Event) -> Event | None:
    pipe = io.BytesIO()
    frames.write_event(pipe, event)
    pipe.seek(0)
    frame = frames.read(pipe)
    assert frame is not None
    assert frames.read(pipe) is None
    return frames.event_of(*frame)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_out_as_it_went_in(event: Event) -> None:
    assert through(event) == event


@given(
    st.sampled_from(["f4", "f8", "i4", "u8", "?"]),
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.integers(0, 10**12),
)
def test_rows_come_out_bit_by_bit(dtype: str, shape: list[int], index0: int) -> None:
    count = math.prod(shape)
    raw = np.random.default_rng(count).bytes(count * np.dtype(dtype).itemsize)
    rows = np.frombuffer(raw, dtype).reshape(shape)
    found = through(Rows("step", index0, rows))
    assert isinstance(found, Rows)
    assert (found.stream, found.index0) == ("step", index0)
    assert found.rows.dtype == rows.dtype
    assert found.rows.tobytes() == rows.tobytes()
    assert found.rows.shape == rows.shape


def test_a_frame_cut_short_is_the_end() -> None:
    pipe = io.BytesIO()
    frames.write_event(pipe, Rows("x", 0, np.arange(10.0)))
    whole = pipe.getvalue()
    for length in range(len(whole)):
        assert frames.read(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize(
    "error",
    [errors.LimitError("a"), errors.NotSafeError("b"), errors.Aborted("c"), ValueError("d")],
    ids=lambda error: type(error).__name__,
)
def test_errors_keep_their_exit_code(error: Exception) -> None:
    found = frames.error_of(frames.error_fields(error))
    assert found is not None
    assert str(error) in str(found)
    assert found.exit_code == getattr(error, "exit_code", 1)


def test_lost_samples_stay_an_error_of_the_instrument() -> None:
    lost = errors.Overrun("gone", first_lost=3, count=9)
    assert isinstance(frames.error_of(frames.error_fields(lost)), errors.InstrumentError)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30))
def test_bundled_rows_are_the_same_rows(asked: list[tuple[str, int]]) -> None:
    sent = {"a": 0, "b": 0}
    events: list[Event] = []
    for number, (stream, count) in enumerate(asked):
        first = sent[stream]
        events.append(Rows(stream, first, np.arange(first, first + count, dtype=float)))
        sent[stream] += count
        if number % 4 == 0:
            events.append(StepDone(number, 30, {}, 0.0))
        if number % 11 == 10:
            events.append(Notice("info", str(number)))
    told = bundled(events)
    for stream, total in sent.items():
        parts = [e for e in told if isinstance(e, Rows) and e.stream == stream]
        values = np.concatenate([p.rows for p in parts]) if parts else np.empty(0)
        np.testing.assert_array_equal(values, np.arange(total, dtype=float))
    notices = [e.text for e in told if isinstance(e, Notice)]
    assert notices == [e.text for e in events if isinstance(e, Notice)]
    steps = [e.done for e in told if isinstance(e, StepDone)]
    assert steps == sorted(steps)
    assert steps[-1:] == [e.done for e in events if isinstance(e, StepDone)][-1:]


def test_rows_stay_before_the_notice_that_follows_them() -> None:
    rows = Rows("a", 0, np.zeros(1))
    told = bundled([rows, StateChanged("paused"), Rows("a", 1, np.ones(1))])
    assert [type(event) for event in told] == [Rows, StateChanged, Rows]
