"""Whatever PyMeasure can read is recorded beside a run, and nothing of it can be set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import BadReply, BenchError, InstrumentError, LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Progress, Rig
from mtjlab.runner import Plan, Run
from mtjlab.store import RunReader
from tests.addons.test_raw import Nothing, Using

REPLIES = """
[twin.instruments.meter.replies]
"*IDN?" = "AGILENT,34410A,7,1"
"MEAS:VOLT:DC? DEF,DEF" = "{}"
"""


class Clicking(Using):
    """Ten steps of 0.3 s."""

    def steps(self, rig: Rig, params: Nothing, state: Any) -> Any:
        for step in range(10):
            rig.clock.sleep(0.3)
            self.do(rig)
            yield Progress({}, step, 10)
        return {}


def execute(loaded: Any, runs: Any, do: Callable[[Rig], None] = lambda _rig: None) -> Any:
    run = Run(Plan("clicking", Clicking(do), Nothing(), loaded, 1, runs))
    run.start()
    assert run.wait(30)
    return run.outcome


@pytest.fixture
def opened(bench: Any, meter: Any) -> Any:
    benches = []

    def make(*, replies: str = REPLIES.format("+1.5E-3"), **changes: Any) -> OpenBench:
        loaded = bench(
            instruments=meter(**{k: v for k, v in changes.items() if k != "allow_raw"}),
            twin=replies,
            allow_raw=changes.get("allow_raw", False),
        )
        said: list[str] = []
        made = OpenBench(
            loaded, generators=Generators(0), notice=lambda _level, text: said.append(text)
        )
        made.said = said  # type: ignore[attr-defined]
        benches.append(made)
        return made

    yield make
    for made in benches:
        made.close()


def test_it_is_recorded_once_a_second_with_its_time(bench: Any, meter: Any, runs: Any) -> None:
    loaded = bench(instruments=meter(), twin=REPLIES.format("+1.5E-3"))
    outcome = execute(loaded, runs)
    assert outcome.error is None
    with RunReader(outcome.run_file) as file:
        rows = file.stream("channel_meter")
        assert file.streams["channel_meter"].about == "bench_time_s, voltage_dc"
    # 10 steps of 0.3 s: at 0.3, 1.5 and 2.7 s, as steps end.
    assert len(rows) == 3
    assert rows[:, 1] == pytest.approx(1.5e-3)
    assert (np.diff(rows[:, 0]) >= 1.0).all()


def test_an_error_of_it_goes_through_the_recovery_of_the_run(
    bench: Any, meter: Any, runs: Any
) -> None:
    scenario = """
[[twin.scenario]]
instrument = "meter"
kind = "timeout"
message = 3
"""
    loaded = bench(instruments=meter(), twin=REPLIES.format("1") + scenario)
    outcome = execute(loaded, runs)
    assert outcome.error is None
    with RunReader(outcome.run_file) as file:
        log = [line.text for line in file.log()]
        rows = file.stream("channel_meter")
    assert any(text.startswith("Timeout: meter") for text in log)
    assert any("connected again" in text for text in log)
    assert len(rows) >= 3


def test_a_reply_that_is_no_number_is_never_a_row(opened: Any) -> None:
    for reply in ("9.91E37", "OVLD", "nan"):
        with pytest.raises(BadReply, match="voltage_dc reads"):
            opened(replies=REPLIES.format(reply))


def test_a_property_can_be_read_and_not_set(opened: Any) -> None:
    bench = opened()
    meter = bench.drivers["meter"]
    assert meter.identify().model == "34410A"
    with pytest.raises(LimitError, match="only through the guard"):
        meter.instrument.write(":SENS:FUNC VOLT")
    with pytest.raises(LimitError, match="only through the guard"):
        meter.instrument.write("*RST")
    assert meter.values() == pytest.approx([1.5e-3])


def test_with_raw_access_it_can_be_set(opened: Any) -> None:
    bench = opened(allow_raw=True)
    rig = bench.rig(lambda _stream, _rows: None)
    with rig.raw("meter") as meter:
        meter.instrument.write("*CLS")
    with pytest.raises(LimitError):
        meter.instrument.write("*CLS")


def test_a_class_that_sets_when_it_connects_needs_raw_access(opened: Any) -> None:
    multimeter = {"pymeasure": "keithley.KeithleyDMM6500", "read": '["voltage"]'}
    replies = '[twin.instruments.meter.replies]\n":READ?" = "0.25"\n"*LANG?" = "SCPI"'
    with pytest.raises(LimitError, match=r"sets the instrument when it connects.*\*LANG SCPI"):
        opened(replies=replies, **multimeter)
    replies += '\n":SENS:FUNC?" = \'"VOLT"\''
    bench = opened(replies=replies, allow_raw=True, **multimeter)
    assert "raw access to meter: unguarded from here on" in bench.said
    assert bench.drivers["meter"].values() == [0.25]


def test_a_source_cannot_be_read_this_way_with_words_that_switch_it_on(opened: Any) -> None:
    replies = '[twin.instruments.meter.replies]\n":READ?" = "0.25"\n":MEASURE:CURRENT?" = "1"'
    with pytest.raises(LimitError, match="may switch the output on"):
        opened(replies=replies, pymeasure="keithley.Keithley2450", read='["current"]')


def test_without_answers_the_twin_says_that_it_has_none_and_runs(
    bench: Any, meter: Any, runs: Any
) -> None:
    loaded = bench(instruments=meter())
    with OpenBench(loaded, generators=Generators(0), notice=lambda *said: None) as made:
        assert not made.channels()
    said = []
    OpenBench(loaded, generators=Generators(0), notice=lambda _, text: said.append(text)).close()
    assert "agilent.Agilent34410A has no twin, so it is not recorded here" in said[0]
    assert execute(loaded, runs).error is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"pymeasure": "agilent.Agilent34411A"},
            'instruments.meter.pymeasure = "agilent.Agilent34411A": no instr',
        ),
        ({"pymeasure": "os.path"}, "instruments.meter.pymeasure"),
        ({"read": '["voltage"]'}, "instruments.meter.read"),
        ({"read": '["voltage_cd"]'}, "did you mean 'voltage_"),
        ({"read": "[]"}, "instruments.meter.read = []: expected at least one entry"),
    ],
)
def test_mistakes_in_the_bench_file(bench: Any, meter: Any, change: Any, said: str) -> None:
    with pytest.raises(BenchError) as refused:
        bench(instruments=meter(**change))
    assert said in str(refused.value)


def test_one_of_driver_and_pymeasure(text: Any, meter: Any) -> None:
    both = meter() + 'driver = "keithley2400"'
    with pytest.raises(BenchError, match="has a driver, too; expected one of the two"):
        parse(text(instruments=both), source="test")
    neither = '[instruments.meter]\nresource = "GPIB0::7::INSTR"'
    with pytest.raises(BenchError, match=r"meter.driver: missing; .* or `pymeasure`"):
        parse(text(instruments=neither), source="test")


def test_making_safe_does_not_wait_for_a_channel_that_is_gone(opened: Any) -> None:
    bench = opened()
    bench.drivers.pop("meter").close()
    bench.instruments.pop("meter")
    bench.missing["meter"] = InstrumentError("gone")
    assert [made.name for made in bench.make_safe()] == ["smu"]
