"""Listeners are told where the outputs stand."""

from pathlib import Path

from mtjlab.core.events import BenchSeen, Event, RunEnded
from mtjlab.runner import Run, plan
from mtjlab.runner.seen import EVERY_S, Seen


def test_a_run_tells_when_an_output_goes_on_and_when_all_is_off(tmp_path: Path) -> None:
    told: list[Event] = []

    def listen(event: Event) -> None:
        told.append(event)
        if isinstance(event, BenchSeen) and event.readings:
            run.stop()

    planned = plan(
        "noise_learning",
        "twin",
        parameters={"task": "xor", "epochs": 100_000},
        seed=1,
        runs_dir=tmp_path,
    )
    run = Run(planned, [listen])
    run.start()
    assert run.wait(60)
    seen = [event for event in told if isinstance(event, BenchSeen)]
    assert seen[0].energised
    assert not seen[-1].energised
    assert isinstance(told[-1], RunEnded)
    read = [event for event in seen if event.readings]
    assert "smu" in read[0].readings
    assert abs(read[0].readings["smu"].voltage_v) < 1.0
    # Nothing is known to stand at a level after the safe state.
    assert seen[-1].setpoints == {}


def test_nobody_is_told_more_often_than_he_can_read() -> None:
    class Quiet:
        live, turned = False, None
        setpoints: dict[str, float] = {}  # noqa: RUF012
        readings: dict[str, object] = {}  # noqa: RUF012
        currents: frozenset[str] = frozenset()

    now_s, told, guard = [0.0], [], Quiet()
    seen = Seen(guard, told.append, lambda: now_s[0])  # type: ignore[arg-type]
    for step in range(101):
        now_s[0] = step * EVERY_S / 10
        seen.look()
    often = len(told)
    assert 9 <= often <= 11
    guard.turned()  # type: ignore[misc]
    assert len(told) == often + 1
