"""Whatever happens to a protocol, the bench ends safe and the file says what happened."""

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.bench.simulate import SimulatedBench, simulate
from mtjlab.core.errors import Aborted, LimitError, NotSafeError, StoreError
from mtjlab.core.events import Event, Notice, Rows, RunEnded, RunStarted, StateChanged, StepDone
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import Outcome, Plan, Run
from mtjlab.store import RunReader, RunWriter


class Nothing(Parameters):
    steps: int = 5


class Blink:
    """Puts 0.1 V on the chip and reads junctions; `between` is called after each yield."""

    parameters = Nothing

    def __init__(self, between: Callable[[int, Rig], None] = lambda _step, _rig: None) -> None:
        self.between = between
        self.run: Run | None = None

    def resolve(self, params: Nothing) -> Nothing:
        return params

    def twin_overrides(self, params: Nothing) -> dict[str, Any]:
        return {}

    def streams(self, params: Nothing, rig: Rig) -> list[Stream]:
        return [Stream("volts", "f8", (2,), "V", "two junctions")]

    def setup(self, rig: Rig, params: Nothing) -> None:
        smu = rig.sources["smu"]
        smu.configure(SourceSettings("voltage", 0.2, 1e-3))
        smu.output(True)
        smu.set_level(0.1)

    def steps(
        self, rig: Rig, params: Nothing, state: State | None
    ) -> Generator[Progress, None, Results]:
        for step in range(params.steps):
            block = rig.daqs["daq"].play_and_record(
                None,
                ao=(),
                ai=("ai0", "ai1"),
                step_rate_hz=1e4,
                settle=0,
                keep=1,
                rest_v=(),
                steps=10,
            )
            rig.emit("volts", block.samples_v[:, 0, :])
            self.between(step, rig)
            yield Progress({"step": step}, step + 1, params.steps, {"step": step})
        return {"mean_v": 0.042, "notes": []}


def execute(
    protocol: Blink,
    runs_dir: Path | None,
    listeners: Sequence[Callable[[Event], None]] = (),
    act: Callable[[Run], None] = lambda _run: None,
) -> Outcome:
    run = Run(Plan("blink", protocol, Nothing(), load("twin"), 3, runs_dir), listeners)
    protocol.run = run
    act(run)
    run.start()
    assert run.wait(60)
    return run.outcome


def outputs_off(protocol: Blink) -> bool:
    """Asked by a client of its own, after the run has closed its links."""
    assert protocol.run is not None
    bench = protocol.run._bench
    assert bench is not None
    assert bench.simulated is not None
    manager = pyvisa.ResourceManager(bench.simulated.ports.visa_library)
    smu = manager.open_resource("GPIB0::24::INSTR")
    assert isinstance(smu, MessageBasedResource)
    off = smu.query(":OUTP?").strip() == "0" and float(smu.query(":SOUR:VOLT?")) == 0.0
    manager.close()
    return off


def test_a_finished_run_is_safe_and_its_file_complete(tmp_path: Path) -> None:
    events: list[Event] = []
    protocol = Blink()
    outcome = execute(protocol, tmp_path, [events.append])
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    assert outputs_off(protocol)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert [e.done for e in events if isinstance(e, StepDone)] == [1, 2, 3, 4, 5]
    told = np.concatenate([e.rows for e in events if isinstance(e, Rows)])
    assert outcome.run_file is not None
    with h5py.File(outcome.run_file) as file:
        assert np.array_equal(file["data/volts"], told)
    with RunReader.open(outcome.run_file) as reader:
        assert (reader.status, reader.results["mean_v"]) == ("finished", 0.042)
        assert reader.header.seed == 3
        assert "keithley2400" in reader.header.bench_toml


def test_stop_ends_at_the_next_step_and_keeps_what_was_committed(tmp_path: Path) -> None:
    box: list[Run] = []

    def stop_at_two(step: int, _rig: Rig) -> None:
        if step == 2:
            box[0].stop()

    protocol = Blink(stop_at_two)
    outcome = execute(protocol, tmp_path, act=box.append)
    assert (outcome.status, outcome.exit_code) == ("aborted", 5)
    assert outputs_off(protocol)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert reader.status == "aborted"
        assert len(reader.stream("volts")) == 30
        saved = reader.checkpoint()
        assert saved is not None
        assert (saved["protocol/step"], saved["done"]) == (2, 3)
        assert reader.checkpoint_rows() == {"volts": 30}
        assert "world/clock_s" in saved


@pytest.mark.parametrize("ending", ["stop", "abort"])
def test_the_last_checkpoint_is_written_when_the_bench_is_safe_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The disk may be slow; and the checkpoint is of the last step, not of the safe state."""
    box: list[Run] = []
    at_s: list[float] = []
    order: list[str] = []
    checkpoint = RunWriter.checkpoint

    def written(writer: RunWriter, blob: dict[str, Any]) -> None:
        order.append("written")
        checkpoint(writer, blob)

    monkeypatch.setattr(RunWriter, "checkpoint", written)

    def end_at_two(event: Event) -> None:
        if isinstance(event, StepDone) and event.done == 2:
            at_s.append(event.bench_time_s)
            getattr(box[0], ending)()
        if event == StateChanged("safe"):
            order.append("safe")

    protocol = Blink()
    outcome = execute(protocol, tmp_path, [end_at_two], act=box.append)
    assert outcome.status == "aborted"
    assert order == ["written", "safe", "written"]
    assert outputs_off(protocol)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        saved = reader.checkpoint()
        assert saved is not None
        assert (saved["done"], saved["world/clock_s"]) == (2, at_s[0])
        assert saved["guard/smu"] == 0.1


@pytest.mark.parametrize("safe", [True, False])
def test_a_last_checkpoint_that_fails_does_not_hide_a_bench_that_is_not_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safe: bool
) -> None:
    box: list[Run] = []

    def full(_writer: RunWriter, _blob: dict[str, Any]) -> None:
        raise StoreError("the disk is full")

    def not_safe(_bench: OpenBench) -> None:
        raise NotSafeError("smu reads back on")

    def end_at_two(event: Event) -> None:
        if isinstance(event, StepDone) and event.done == 2:
            monkeypatch.setattr(RunWriter, "checkpoint", full)
            if not safe:
                monkeypatch.setattr(OpenBench, "make_safe", not_safe)
            box[0].stop()

    outcome = execute(Blink(), tmp_path, [end_at_two], act=box.append)
    assert outcome.status == "failed"
    assert outcome.proved_off is safe
    assert ("disk is full" in str(outcome.error)) is safe


def test_abort_loses_the_step_in_progress_only(tmp_path: Path) -> None:
    box: list[Run] = []

    def abort_at_two(step: int, rig: Rig) -> None:
        if step == 2:
            box[0].abort()
            rig.daqs["daq"].read(["ai0"])
            rig.sources["smu"].measure()

    protocol = Blink(abort_at_two)
    outcome = execute(protocol, tmp_path, act=box.append)
    assert isinstance(outcome.error, Aborted)
    assert outputs_off(protocol)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert len(reader.stream("volts")) == 20


def test_pause_holds_between_steps_and_resume_goes_on(tmp_path: Path) -> None:
    box: list[Run] = []
    paused = threading.Event()

    def pause_at_one(step: int, _rig: Rig) -> None:
        if step == 1:
            box[0].pause()

    def listen(event: Event) -> None:
        if getattr(event, "state", "") == "paused":
            paused.set()

    run = Run(Plan("blink", Blink(pause_at_one), Nothing(), load("twin"), 3, tmp_path), [listen])
    box.append(run)
    run.start()
    assert paused.wait(30)
    assert not run.wait(0)
    run.resume()
    assert run.wait(60)
    assert run.outcome.status == "finished"


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt(), LimitError("no")])
def test_any_exception_leaves_the_output_off_and_is_in_the_file(
    tmp_path: Path, error: BaseException
) -> None:
    def fail(step: int, _rig: Rig) -> None:
        if step == 3:
            raise error

    protocol = Blink(fail)
    outcome = execute(protocol, tmp_path)
    assert outcome.status == "failed"
    assert error in (outcome.error, getattr(outcome.error, "__cause__", None))
    assert outcome.exit_code != 0
    assert outputs_off(protocol)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert reader.status == "failed"
        assert type(error).__name__ in str(reader.error)
        assert len(reader.stream("volts")) == 30


def test_a_failure_before_the_first_output_leaves_no_file(tmp_path: Path) -> None:
    class Clumsy(Blink):
        def setup(self, rig: Rig, params: Nothing) -> None:
            raise LimitError("never got there")

    outcome = execute(Clumsy(), tmp_path)
    assert outcome.exit_code == 4
    assert outcome.run_file is None
    assert list(tmp_path.rglob("*.h5")) == []


def test_a_dry_run_leaves_no_file_at_all(tmp_path: Path) -> None:
    outcome = execute(Blink(), None)
    assert outcome.status == "finished"
    assert outcome.run_file is None


def test_not_safe_wins_over_every_other_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(_bench: OpenBench) -> None:
        raise NotSafeError("smu reads back on")

    monkeypatch.setattr(OpenBench, "make_safe", stuck)
    outcome = execute(Blink(lambda _s, _r: (_ for _ in ()).throw(ValueError("bug"))), tmp_path)
    assert outcome.exit_code == 6


def test_a_full_disk_ends_the_run_safely_with_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = RunWriter.commit
    calls: list[int] = []

    def full(writer: RunWriter, **given: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise StoreError("no space left on device")
        commit(writer, **given)

    monkeypatch.setattr(RunWriter, "commit", full)
    protocol = Blink()
    outcome = execute(protocol, tmp_path)
    assert outcome.status == "failed"
    assert isinstance(outcome.error, StoreError)
    assert outputs_off(protocol)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert len(reader.stream("volts")) >= 20


def test_rows_that_were_not_declared_are_refused(tmp_path: Path) -> None:
    outcome = execute(Blink(lambda _step, rig: rig.emit("amperes", np.zeros((1, 1)))), tmp_path)
    assert isinstance(outcome.error, StoreError)
    assert "amperes" in str(outcome.error)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        outcome = execute(Blink(), tmp_path / name)
        assert outcome.run_file is not None
        with h5py.File(outcome.run_file) as file:
            contents.append(file["data/volts"][...].tobytes())
    assert contents[0] == contents[1]


def test_a_listener_that_fails_stops_neither_the_run_nor_the_others(tmp_path: Path) -> None:
    events: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError("a window was closed")

    protocol = Blink()
    outcome = execute(protocol, tmp_path, [fail, events.append])
    assert outcome.status == "finished"
    assert outputs_off(protocol)
    assert isinstance(events[-1], RunEnded)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert any("a window was closed" in line.text for line in reader.log())


def test_a_file_that_cannot_be_closed_still_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_writer: RunWriter, *_given: Any, **_named: Any) -> None:
        raise RuntimeError("a bug in the store")

    monkeypatch.setattr(RunWriter, "finish", broken)
    events: list[Event] = []
    protocol = Blink()
    outcome = execute(protocol, tmp_path, [events.append])
    assert outputs_off(protocol)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert isinstance(events[-1], RunEnded)


def test_an_output_found_on_is_reported_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_was_here(*given: Any, **named: Any) -> SimulatedBench:
        simulated = simulate(*given, **named)
        simulated.twins["smu"].feed(b":SOUR:VOLT 0.05\n:OUTP ON\n")
        return simulated

    monkeypatch.setattr("mtjlab.bench.simulate.simulate", somebody_was_here)
    events: list[Event] = []
    protocol = Blink()
    outcome = execute(protocol, tmp_path, [events.append])
    assert outcome.exit_code == 3
    assert "on" in str(outcome.error)
    assert outcome.run_file is None
    assert not outputs_off(protocol)
    said = [event.text for event in events if isinstance(event, Notice)]
    assert any("found on at 50 mV; nothing was touched" in text for text in said)
    assert any("still on, as it was found" in text for text in said)


def test_a_finally_of_the_protocol_runs_before_the_safe_state(tmp_path: Path) -> None:
    order: list[str] = []

    class Late(Blink):
        def steps(
            self, rig: Rig, params: Nothing, state: State | None
        ) -> Generator[Progress, None, Results]:
            try:
                yield from super().steps(rig, params, state)
            finally:
                order.append("finally")

    box: list[Run] = []
    protocol = Late(lambda step, _rig: box[0].stop() if step == 1 else None)
    listen = [lambda event: order.append("safe") if getattr(event, "state", "") == "safe" else None]
    outcome = execute(protocol, tmp_path, listen, act=box.append)
    assert outcome.status == "aborted"
    assert order == ["finally", "safe"]


def test_leaving_by_system_exit_is_a_failure(tmp_path: Path) -> None:
    def leave(_step: int, _rig: Rig) -> None:
        raise SystemExit(0)

    outcome = execute(Blink(leave), tmp_path)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)


def test_results_that_cannot_be_stored_make_a_failed_run_also_in_the_file(tmp_path: Path) -> None:
    class Odd(Blink):
        def steps(
            self, rig: Rig, params: Nothing, state: State | None
        ) -> Generator[Progress, None, Results]:
            yield from super().steps(rig, params, state)
            return {"x": object()}

    outcome = execute(Odd(), tmp_path)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        assert reader.status == "failed"
