"""Every fault x every driver at seeded moments: an error of ours or the truth, no wrong value.

Nothing in this world is random but the faults, so a reading that differs from that of a session
without them is wrong. The runner's retries have no part in it.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.bench.simulate import SimulatedBench, simulate
from mtjlab.core.errors import InstrumentError, NotSafeError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings
from sim_backend.faults import LASTING

QUIET = {
    "instrument_noise": False,
    "spread": {"r_sigma": 0.0, "tmr_sigma": 0.0, "tau_sigma": 0.0, "v50_v": 0.0},
    "faults": [{"cell": [0, c], "kind": "stuck_ap" if c % 2 else "stuck_p"} for c in range(32)],
}
NEVER = {"kind": "error_entry", "at": 1e9}
LONGEST_S = 60.0  # of bench time for a whole session; undisturbed it takes 3


def open_bench(instrument: str, incident: dict[str, Any], seed: int) -> OpenBench:
    scenario = [{"instrument": instrument, **incident}]
    loaded = load("twin", overrides=QUIET | {"scenario": scenario})
    return OpenBench(loaded, generators=Generators(seed), notice=lambda _level, _text: None)


def source_session(bench: OpenBench) -> Iterator[tuple[float, ...]]:
    """Levels, readings twice each, a sweep. What is flagged as in compliance is not data."""
    smu = bench.rig(lambda _s, _r: None).sources["smu"]
    smu.configure(SourceSettings("voltage", 0.2, 1e-3, nplc=0.1))
    smu.output(True)
    for n in range(6):
        smu.set_level(0.02 + 0.02 * n)
        for _ in range(2):
            reading = smu.measure()
            if reading.in_compliance:
                yield ()
            else:
                yield (reading.voltage_v, reading.current_a)
    for row in smu.sweep(np.linspace(0, 0.1, 5), 0.0):
        yield tuple(row.tolist())


def board_session(bench: OpenBench) -> Iterator[tuple[float, ...]]:
    """Single scans, blocks, a stream."""
    rig = bench.rig(lambda _s, _r: None)
    smu, daq = rig.sources["smu"], rig.daqs["daq"]
    smu.configure(SourceSettings("voltage", 0.2, 1e-3))
    smu.output(True)
    smu.set_level(0.1)
    ai = [f"ai{i}" for i in range(8)]
    for _ in range(3):
        yield tuple(daq.read(ai).tolist())
        block = daq.play_and_record(
            None, ao=[], ai=ai, step_rate_hz=1e3, settle=2, keep=3, rest_v=[], steps=5
        )
        yield tuple(block.samples_v.ravel().tolist())
    with closing(daq.stream(ai, 1e4, 100)) as stream:
        for _ in range(4):
            yield tuple(next(stream).samples_v.ravel().tolist())


SESSIONS = {"smu": source_session, "daq": board_session}
MATRIX = {
    "smu": (
        *("timeout", "late_reply", "garbage", "truncated", "stale_reply"),
        *("disconnect", "error_entry", "compliance", "power_cycle"),
    ),
    "daq": ("timeout", "late_reply", "disconnect", "error_entry", "overrun", "power_cycle"),
}
MOMENTS = {"smu": 12, "daq": 8}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, tuple[list[tuple[float, ...]], int, int, list[int]]]:
    """By instrument: all data, messages until it was open and in all, and those that read."""
    found = {}
    for name, session in SESSIONS.items():
        with open_bench(name, NEVER, 1) as bench:
            assert bench.simulated is not None
            faults = bench.simulated.scenario.of[name]
            begun, reads, arrive = faults.count, [], faults.arrive

            def noted(text: str, faults=faults, reads=reads, arrive=arrive) -> None:
                arrive(text)
                if any(word in text for word in ("READ?", "DATA?", "read")):
                    reads.append(faults.count)

            faults.arrive = noted
            data = list(session(bench))
            found[name] = (data, begun, faults.count, reads)
            bench.make_safe()
    return found


@pytest.mark.parametrize(
    ("instrument", "kind"), [(name, kind) for name, kinds in MATRIX.items() for kind in kinds]
)
def test_no_fault_becomes_a_data_point(undisturbed, instrument, kind):
    truth, begun, total, reads = undisturbed[instrument]
    rng = np.random.default_rng([len(kind), ord(kind[0]), len(instrument)])
    met = 0
    for moment in range(MOMENTS[instrument]):
        # Every other moment is one at which data is on the line.
        message = int(rng.choice(reads) if moment % 2 else rng.integers(begun + 1, total + 1))
        incident: dict[str, Any] = {"kind": kind, "message": message}
        if kind in LASTING:
            incident["duration"] = float(rng.choice([1e-3, 0.5, 5.0]))
        if kind == "late_reply":
            incident["delay"] = float(rng.choice([0.01, 0.5, 5.0]))
        with open_bench(instrument, incident, int(rng.integers(2**31))) as bench:
            got: list[tuple[float, ...]] = []
            try:
                for values in SESSIONS[instrument](bench):
                    got.append(values)
            except InstrumentError:
                met += 1
            for one, true in zip(got, truth, strict=False):
                assert one in ((), true), f"{kind} at message {message}"
            _end_safely(bench)
            assert bench.clock.now_s() < LONGEST_S
    if kind not in ("late_reply", "compliance"):
        assert met >= MOMENTS[instrument] // 2, "it was not met at all"


def _end_safely(bench: OpenBench) -> None:
    """As the runner does, with patience; in the end it is off, and the instrument says so."""
    for _ in range(4):
        try:
            bench.make_safe()
            break
        except NotSafeError:
            bench.clock.sleep(3.0)
    else:
        pytest.fail("not safe within twelve seconds")
    assert bench.simulated is not None
    assert not bench.simulated.twins["smu"].model.on


def test_the_same_seed_meets_the_same_faults_and_a_restored_world_the_rest_of_them():
    incident = {"instrument": "smu", "kind": "garbage", "probability": 0.3, "times": "always"}
    loaded = load("twin", overrides=QUIET | {"scenario": [incident]})

    def replies(bench: SimulatedBench, times: int) -> list[bytes]:
        twin, got = bench.twins["smu"], []
        for _ in range(times):
            twin.feed(b"*IDN?\n")
            got.append(bytes(twin.out))
            twin.out.clear()
        return got

    made = [simulate(loaded, generators=Generators(seed)) for seed in (5, 5, 6)]
    first, second, third = (replies(bench, 20) for bench in made)
    assert first == second != third
    made[2].restore(made[0].state())
    assert replies(made[0], 20) == replies(made[2], 20)
