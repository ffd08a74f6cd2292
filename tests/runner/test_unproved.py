"""A bench that was not proved off stays so until its instruments, or a later run, have said so."""

from dataclasses import replace

import pytest

from mtjlab.core.errors import InstrumentError, NotSafeError
from mtjlab.runner.bench_state import LENT, NO_ANSWER, BenchState, InstrumentState
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue_item import QueueItem
from mtjlab.runner.unproved import Unproved

LEFT = Outcome("failed", NotSafeError("smu: go and look"))
ITEM = QueueItem(1, "a", "iv_sweep", "rack.toml", 1, status="failed", outcome=LEFT)
OFF = InstrumentState("smu", "keithley2400", "x", "KEITHLEY", "off, set to 0 V", False, 0.0, "V")
STATE = BenchState("rack", "rack.toml", "connected", instruments=(OFF,))


@pytest.fixture
def left() -> Unproved:
    made = Unproved()
    made.queue([ITEM])
    assert made.words == {"rack.toml": "smu: go and look"}
    return made


@pytest.mark.parametrize(
    "instruments",
    [
        (),
        (replace(OFF, state=NO_ANSWER, output_on=None),),
        (replace(OFF, state=LENT, output_on=None),),
        (replace(OFF, output_on=True),),
        (replace(OFF, output_on=None, error="outputs not read back"),),
        (OFF, replace(OFF, name="daq", state=NO_ANSWER, output_on=None)),
    ],
)
def test_no_proof(left: Unproved, instruments: tuple[InstrumentState, ...]) -> None:
    left.bench(replace(STATE, instruments=instruments))
    left.queue([ITEM])
    assert left.words


@pytest.mark.parametrize("phase", ["connected", "closed"])
def test_every_instrument_that_says_so_is_proof(left: Unproved, phase: str) -> None:
    left.bench(replace(STATE, phase=phase))  # type: ignore[arg-type]
    assert not left.words
    # The same item, told again, is no news.
    left.queue([ITEM])
    assert not left.words


def test_another_bench_is_no_proof_and_a_name_is_as_good_as_a_file(left: Unproved) -> None:
    left.bench(replace(STATE, bench="other", source="other.toml"))
    assert left.words
    resumed = replace(ITEM, key=2, bench="rack", kind="resume")
    left.queue([ITEM, resumed])
    left.bench(STATE)
    assert not left.words


def test_a_run_that_finished_is_proof_and_one_that_did_not_is_none(left: Unproved) -> None:
    failed = Outcome("failed", InstrumentError("smu: no answer"))
    left.queue([ITEM, replace(ITEM, key=2, outcome=failed)])
    assert left.words
    left.queue([ITEM, replace(ITEM, key=3, status="finished", outcome=Outcome("finished"))])
    assert not left.words
