"""Around the guard only where the bench file says so, and every time it is said in the log."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from mtjlab.core.errors import BenchError, LimitError
from mtjlab.core.events import Event, Notice
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import Outcome, Plan, Run
from mtjlab.store import RunReader

SETTINGS = SourceSettings("voltage", 2.0, 1e-3)


class Nothing(Parameters):
    pass


class Using:
    """One step that does what it is told with the rig."""

    parameters = Nothing

    def __init__(self, do: Callable[[Rig], None]) -> None:
        self.do = do

    def resolve(self, params: Nothing) -> Nothing:
        return params

    def twin_overrides(self, params: Nothing) -> dict[str, Any]:
        return {}

    def streams(self, params: Nothing, rig: Rig) -> list[Stream]:
        return []

    def setup(self, rig: Rig, params: Nothing) -> None:
        pass

    def steps(
        self, rig: Rig, params: Nothing, state: State | None
    ) -> Generator[Progress, None, Results]:
        self.do(rig)
        yield Progress({}, 1, 1)
        return {}


@pytest.fixture
def execute(bench: Any, runs: Path) -> Callable[..., tuple[Outcome, list[str], Run]]:
    def run(do: Callable[[Rig], None], **changes: Any) -> tuple[Outcome, list[str], Run]:
        said: list[str] = []

        def listen(event: Event) -> None:
            if isinstance(event, Notice):
                said.append(event.text)

        made = Run(Plan("using", Using(do), Nothing(), bench(**changes), 1, runs), [listen])
        made.start()
        assert made.wait(30)
        return made.outcome, said, made

    return run


def energise(driver: Any) -> None:
    driver.configure(SETTINGS)
    driver.output(True)
    # Twice what the guard lets pass.
    driver.set_level(1.0)


def test_it_is_refused_unless_the_bench_allows_it(execute: Any) -> None:
    def reach(rig: Rig) -> None:
        with rig.raw("smu") as driver:
            energise(driver)

    outcome, said, _ = execute(reach)
    assert isinstance(outcome.error, LimitError)
    assert "allow_raw" in str(outcome.error)
    assert "nothing was sent" in str(outcome.error)
    assert not any("unguarded" in text for text in said)


def test_with_it_the_driver_can_be_set_and_the_run_says_so(execute: Any) -> None:
    seen = []

    def reach(rig: Rig) -> None:
        with rig.raw("smu") as driver:
            energise(driver)
        seen.append(rig.sources["smu"].state())

    outcome, _, _ = execute(reach, allow_raw=True)
    assert outcome.error is None
    assert seen[0].output_on
    assert seen[0].level == 1.0
    with RunReader(outcome.run_file) as file:
        assert file.header.allow_raw
        assert file.results["unguarded"] == ["smu"]
        log = [line.text for line in file.log()]
    assert "raw access to smu: unguarded from here on" in log


def test_a_bench_that_allows_it_and_a_run_that_does_not_use_it(execute: Any) -> None:
    outcome, _, _ = execute(lambda _rig: None, allow_raw=True)
    with RunReader(outcome.run_file) as file:
        assert file.header.allow_raw
        assert "unguarded" not in file.results


def test_a_driver_that_leaked_out_of_the_block_can_be_read_but_not_set(execute: Any) -> None:
    states = []

    def reach(rig: Rig) -> None:
        with rig.raw("smu") as driver:
            energise(driver)
        states.append(driver.state())
        for set_ in (lambda: driver.set_level(0.0), lambda: driver.output(False)):
            with pytest.raises(LimitError, match="only through the guard"):
                set_()
        # Nor can the object of PyMeasure below it.
        with pytest.raises(LimitError, match="only through the guard"):
            driver._properties._pymeasure.source_voltage = 0.2
        states.append(driver.state())

    outcome, _, _ = execute(reach, allow_raw=True)
    assert outcome.error is None
    assert states[0] == states[1]
    assert states[0].output_on


def test_the_bench_is_made_safe_also_when_the_block_is_left_by_an_error(
    execute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drivers = []

    def reach(rig: Rig) -> None:
        with rig.raw("smu") as driver:
            monkeypatch.setattr(driver, "close", lambda: drivers.append(driver.state()))
            energise(driver)
            raise ValueError("a mistake")

    outcome, _, _ = execute(reach, allow_raw=True)
    assert outcome.status == "failed"
    assert not drivers[0].output_on
    assert drivers[0].level == 0.0
    assert outcome.run_file is not None


def test_an_unknown_name_lists_what_is_there(execute: Any) -> None:
    def reach(rig: Rig) -> None:
        with rig.raw("smv"):
            pass

    outcome, _, _ = execute(reach, allow_raw=True)
    assert isinstance(outcome.error, BenchError)
    assert "did you mean 'smu'" in str(outcome.error)


def test_a_rig_without_a_bench_has_no_way_around() -> None:
    with pytest.raises(LimitError):
        Rig.raw("smu")
    with pytest.raises(LimitError):
        Rig.hand_over()
