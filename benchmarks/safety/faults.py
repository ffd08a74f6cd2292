"""The fault matrix: every fault of a simulated instrument x every driver, in whole runs.

Nothing in the world is random but the fault, so a row of a run file that differs from that of an
undisturbed run is a wrong data point. The runner's recovery is part of what is tried.
"""

import math
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.safety.benches import BENCHES
from mtjlab.bench.file import parse
from mtjlab.core.errors import NotSafeError
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import Plan, Run
from mtjlab.store import RunReader
from sim_backend.faults import KINDS, LASTING

STEPS = 8
# Bench time of a whole run; undisturbed it takes less than 3 s, every try of a recovery some more.
LONGEST_BENCH_S = 120.0
LONGEST_WALL_S = 60.0
_QUIET: dict[str, Any] = {
    "instrument_noise": False,
    "faults": [{"cell": [0, 0], "kind": "stuck_p"}],
}


class Nothing(Parameters):
    """No parameters."""


class Truth:
    """Goes to a known level in every step and records what the bench says of it."""

    parameters = Nothing

    def resolve(self, params: Nothing) -> Nothing:
        return params

    def twin_overrides(self, params: Nothing) -> dict[str, Any]:
        return {}

    def streams(self, params: Nothing, rig: Rig) -> list[Stream]:
        return [Stream("truth", "f8", (4,), "", "step, and three readings at its level")]

    def setup(self, rig: Rig, params: Nothing) -> None:
        for source in rig.sources.values():
            source.configure(SourceSettings("voltage", 0.2, 1e-4, nplc=0.01))
            source.output(True)

    def steps(
        self, rig: Rig, params: Nothing, state: State | None
    ) -> Generator[Progress, None, Results]:
        first = int(str(state["next"])) if state else 0
        for step in range(first, STEPS):
            level_v = 0.02 * (1 + step % 5)
            rig.emit("truth", np.array([[step, *self._ask(rig, level_v)]]))
            yield Progress({"next": step + 1}, step + 1, STEPS, {})
        return {}

    def _ask(self, rig: Rig, level_v: float) -> list[float]:
        for source in rig.sources.values():
            source.set_level(level_v)
            reading = source.measure()
            if reading.in_compliance:
                # Flagged is not wrong: a protocol that heeds the flag records no number.
                return [math.nan] * 3
            return [reading.voltage_v, reading.current_a, 0.0]
        (name,) = rig.daqs
        daq, outputs = rig.daqs[name], rig.wiring.outputs(name)
        daq.write(dict.fromkeys(outputs, level_v))
        block = daq.play_and_record(
            np.full((4, 1), level_v),
            ao=outputs[:1],
            ai=tuple(rig.wiring.inputs(name)),
            step_rate_hz=1e3,
            settle=1,
            keep=2,
            rest_v=[level_v],
        )
        single = float(daq.read(tuple(rig.wiring.inputs(name)))[0])
        return [float(block.samples_v[0, 0, 0]), float(block.samples_v[-1, -1, 0]), single]


@dataclass
class Cell:
    """What became of the runs of one fault on one driver."""

    went_on: int = 0
    unharmed: int = 0
    stopped_safe: int = 0
    not_proved_safe: int = 0
    wrong: int = 0
    hung: int = 0
    left_on: int = 0
    worst: list[str] = field(default_factory=list)

    @property
    def misses(self) -> int:
        return self.wrong + self.hung + self.left_on

    def __str__(self) -> str:
        parts = [
            (self.unharmed, "unharmed"),
            (self.went_on, "went on"),
            (self.stopped_safe, "stopped safe"),
            (self.not_proved_safe, "said not proved safe"),
            (self.wrong, "WRONG"),
            (self.hung, "HUNG"),
            (self.left_on, "LEFT ON"),
        ]
        return ", ".join(f"{count} {words}" for count, words in parts if count) or "-"


def possible(name: str) -> tuple[str, ...]:
    """Faults that the instrument of this bench can have: the others are refused in the file."""
    found = []
    for kind in KINDS:
        try:
            _loaded(name, {"kind": kind, "message": 1})
        except Exception:
            continue
        found.append(kind)
    return tuple(found)


def _loaded(name: str, incident: dict[str, Any] | None) -> Any:
    kind = BENCHES[name]
    scenario = [{"instrument": kind.instrument, **incident}] if incident else []
    text = kind.text.format(name=name)
    return parse(text, source=name, overrides=_QUIET | {"scenario": scenario})


def _execute(name: str, incident: dict[str, Any] | None, seed: int, runs: Path) -> Run:
    run = Run(Plan("truth", Truth(), Nothing(), _loaded(name, incident), seed, runs))
    run.start()
    run.wait(LONGEST_WALL_S)
    return run


def _rows(run: Run) -> dict[int, tuple[float, ...]]:
    if run.outcome.run_file is None:
        return {}
    with RunReader.open(run.outcome.run_file) as reader:
        return {int(row[0]): tuple(row[1:]) for row in reader.stream("truth")}


def _left_on(run: Run) -> bool:
    bench = run._bench
    assert bench is not None
    assert bench.simulated is not None
    held = bench.simulated.world.state()
    return any(abs(float(v or 0.0)) > 5e-3 for k, v in held.items() if k.startswith("drive/"))  # type: ignore[arg-type]


def messages(name: str) -> int:
    """How many messages or calls an undisturbed run makes."""
    with tempfile.TemporaryDirectory() as folder:
        run = _execute(name, {"kind": "error_entry", "at": 1e9}, 1, Path(folder))
        assert run._bench is not None
        assert run._bench.simulated is not None
        return int(run._bench.simulated.scenario.of[BENCHES[name].instrument].count)


def measure(name: str, kind: str, times: int, seed: int) -> Cell:
    """So many runs, each with one fault at a random message."""
    rng = np.random.default_rng([seed, len(kind), ord(kind[0]), len(name)])
    cell = Cell()
    total = messages(name)
    with tempfile.TemporaryDirectory() as folder:
        truth = _rows(_execute(name, None, 1, Path(folder)))
        assert len(truth) == STEPS
        for _ in range(times):
            incident: dict[str, Any] = {"kind": kind, "message": int(rng.integers(1, total + 1))}
            if kind in LASTING:
                incident["duration"] = float(rng.choice([1e-3, 0.3, 2.0]))
            if kind == "late_reply":
                incident["delay"] = float(rng.choice([0.01, 0.5, 5.0]))
            _judge(cell, name, incident, int(rng.integers(2**31)), truth, Path(folder))
    return cell


def _judge(
    cell: Cell,
    name: str,
    incident: dict[str, Any],
    seed: int,
    truth: dict[int, tuple[float, ...]],
    folder: Path,
) -> None:
    began_s = time.monotonic()
    run = _execute(name, incident, seed, folder)
    outcome = run.outcome
    if time.monotonic() - began_s >= LONGEST_WALL_S or outcome.bench_time_s > LONGEST_BENCH_S:
        cell.hung += 1
        cell.worst.append(f"hung: {incident}, {outcome.bench_time_s:.1f} s")
        return
    rows = _rows(run)
    wrong = {s: v for s, v in rows.items() if v != truth[s] and not math.isnan(v[0])}
    if wrong:
        cell.wrong += 1
        cell.worst.append(f"wrong: {incident}: {wrong}; expected {[truth[s] for s in wrong]}")
    elif run._bench is not None and not isinstance(outcome.error, NotSafeError) and _left_on(run):
        cell.left_on += 1
        cell.worst.append(f"left on: {incident}: {outcome.error}")
    elif outcome.status == "finished":
        if len(rows) != STEPS:
            cell.wrong += 1
            cell.worst.append(f"rows missing: {incident}: {sorted(rows)}")
        elif _recovered(run):
            cell.went_on += 1
        else:
            cell.unharmed += 1
    elif isinstance(outcome.error, NotSafeError):
        cell.not_proved_safe += 1
        cell.worst.append(f"not proved safe: {incident}: {outcome.error}")
    else:
        cell.stopped_safe += 1
        cell.worst.append(f"stopped: {incident}: {outcome.error}")


def _recovered(run: Run) -> bool:
    assert run.outcome.run_file is not None
    with RunReader.open(run.outcome.run_file) as reader:
        return any("connected again" in line.text for line in reader.log())
