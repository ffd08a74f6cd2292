"""A mailbox bounds memory, keeps the newest and never loses how a run began and ended."""

import numpy as np
import pytest

from mtjlab.core.events import (
    Mailbox,
    Notice,
    Rows,
    RunEnded,
    RunStarted,
    StepDone,
    frozen_rows,
)


def test_a_full_mailbox_drops_the_oldest_bulk_event() -> None:
    mailbox = Mailbox(capacity=4)
    started = RunStarted("id", "p", "b", True, 0, "")
    mailbox.put(started)
    for step in range(10):
        mailbox.put(StepDone(step, 10, {}, 0.0))
    mailbox.put(RunEnded("finished", None))
    kept = [mailbox.get(0) for _ in range(4)]
    assert kept[0] == started
    assert [e.done for e in kept if isinstance(e, StepDone)] == [8, 9]
    assert isinstance(kept[-1], RunEnded)
    assert mailbox.dropped == 8
    assert mailbox.get(0) is None


def test_notices_alone_still_stay_within_the_bound() -> None:
    mailbox = Mailbox(capacity=2)
    for number in range(5):
        mailbox.put(Notice("info", str(number)))
    assert [mailbox.get(0), mailbox.get(0)] == [Notice("info", "3"), Notice("info", "4")]


def test_rows_cannot_be_changed_by_a_listener() -> None:
    rows = Rows("step", 0, frozen_rows(np.zeros((2, 2))))
    with pytest.raises(ValueError, match="read-only"):
        rows.rows[0, 0] = 1
