"""A run that is continued from a checkpoint is the run that was never interrupted, bit by bit."""

import hashlib
import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.bench.file import load
from mtjlab.bench.simulate import simulate
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.electronics.pickup import Pickup
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.world.surroundings import Amplifier, SolverName, SourceFlaws, Surroundings
from sim_backend.world.world import World


def wire(channel: int) -> InputWire:
    return InputWire("daq", f"ai{channel}", 10.0, "differential")


WIRING = Wiring(
    tuple(SingleJunction(Cell(9, i), f"daq/ao{i % 2}", 10e3, 1.0, wire(i)) for i in range(4)),
    (
        ArrayWiring(
            rows=(0, 1, 2),
            columns=(0, 1),
            sources=("daq/ao2", "daq/ao3", "daq/ao4"),
            series_ohm=50.0,
            divider=0.02,
            row_wire_ohm=1.0,
            column_wire_ohm=1.0,
            tia_ohm=20e3,
            tia_input_ohm=1.0,
            reads=(wire(4), wire(5)),
            selector="sel",
        ),
    ),
)


def everything(seed: int, solver: SolverName = "linearised") -> World:
    """Every part that remembers something."""
    return World(
        WIRING,
        junction=JunctionParameters(trap_depth=0.03, flicker=1e-6, tmr_half_v=0.5),
        spread=Spread(0.05, 0.03, 0.3, 0.002),
        faults=[
            Fault(1, "three_level", level=0.5, dwell_s=1e-4),
            Fault(2, "drifting", v50_v_per_s=1e-5),
        ],
        chip_seed=1,
        generators=Generators(seed),
        surroundings=Surroundings(
            solver=solver,
            capacitance_f={"daq/ai0": 1e-9, "daq/ai2": 100e-12},
            pickup={"daq/ai1": (Pickup(1e-3),)},
            sources={
                "daq/ao0": SourceFlaws(1e-5, 3e-6),
                "daq/ao2": SourceFlaws(0.0, 2e-6),
            },
            amplifier=Amplifier(100e3, 1e-4, True),
        ),
    )


def act(w: World, rng: np.random.Generator) -> bytes:
    """One of the things that instruments do."""
    what = int(rng.integers(7))
    inputs = [f"daq/ai{i}" for i in rng.permutation(6)[: rng.integers(1, 7)]]
    n, dt_s = int(rng.integers(1, 40)), float(rng.choice([1e-6, 5e-6, 1e-3]))
    terminal = f"daq/ao{rng.integers(5)}"
    match what:
        case 0:
            w.drive(terminal, None if rng.random() < 0.2 else float(rng.uniform(0, 0.2)))
        case 1:
            w.clock.sleep(float(rng.choice([1e-6, 1e-3, 30.0])))
        case 2:
            return repr(w.mean_conductance_s(terminal, float(rng.choice([0.0, 1e-4])))).encode()
        case 3:
            wave = {terminal: rng.uniform(0, 0.2, n)}
            return w.node_voltages(inputs, dt_s=dt_s, n=n, drive=wave).tobytes()
        case 4:
            skew_s = np.linspace(0, 0.8 * dt_s, len(inputs))
            now_s = w.clock.now_s()
            seen = w.sample(inputs, t0_s=now_s, dt_s=dt_s, n=n, skew_s=skew_s)
            w.clock.sleep(n * dt_s)
            return seen.tobytes()
        case 5:
            states = ("on", "ground", "float", "half")
            w.connect(0, rng.choice(states, 3).tolist(), rng.choice(states, 2).tolist())
        case _:
            return w.node_voltages(inputs, dt_s=dt_s, n=n).tobytes()
    return b""


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), cut=st.integers(0, 30), steps=st.integers(1, 15))
def test_cut_anywhere(seed: int, cut: int, steps: int) -> None:
    whole, rng = everything(seed), np.random.default_rng(seed)
    for _ in range(cut):
        act(whole, rng)
    saved = whole.state()
    later = rng.bit_generator.state
    expected = [act(whole, rng) for _ in range(steps)]

    fresh = everything(seed + 1)
    act(fresh, np.random.default_rng(5))
    fresh.restore(saved)
    rng.bit_generator.state = later
    assert [act(fresh, rng) for _ in range(steps)] == expected
    for key, value in fresh.state().items():
        assert np.array_equal(value, whole.state()[key]), key  # type: ignore[arg-type]


@pytest.mark.parametrize("solver", ["exact", "iterative"])
def test_cut_with_the_other_solvers(solver: SolverName) -> None:
    whole = everything(3, solver)
    rng = np.random.default_rng(3)
    for _ in range(20):
        act(whole, rng)
    saved, later = whole.state(), rng.bit_generator.state
    expected = [act(whole, rng) for _ in range(20)]
    fresh = everything(4, solver)
    fresh.restore(saved)
    rng.bit_generator.state = later
    assert [act(fresh, rng) for _ in range(20)] == expected


def test_the_state_is_flat_and_json_but_for_arrays() -> None:
    w = everything(1)
    act(w, np.random.default_rng(0))
    plain = {key: v for key, v in w.state().items() if not isinstance(v, np.ndarray)}
    assert json.loads(json.dumps(plain)) == plain


def test_the_state_of_another_chip_is_refused_and_changes_nothing() -> None:
    w = everything(1)
    before = w.state()
    other = everything(1).state() | {"junction_ap": np.zeros(11, bool)}
    with pytest.raises(BenchError, match="has 11 junctions, this bench has 10"):
        w.restore(other)
    assert all(np.array_equal(v, before[k]) for k, v in w.state().items())  # type: ignore[arg-type]


def hour(bench: str, use: Callable[[World], bytes]) -> str:
    """A seeded hour of bench time: a look every ten seconds, the sources moving meanwhile."""
    w = simulate(load(bench), generators=Generators(11)).world
    rng = np.random.default_rng(0)
    digest = hashlib.sha256()
    while w.clock.now_s() < 3600.0:
        w.drive("smu", float(rng.uniform(0, 0.15)))
        digest.update(use(w))
        w.clock.sleep(10.0)
    return digest.hexdigest()


def test_an_hour_of_the_default_bench_run_twice_is_the_same_hour() -> None:
    def use(w: World) -> bytes:
        inputs = [f"daq/ai{i}" for i in range(32)]
        return (
            w.node_voltages(inputs, dt_s=5e-6, n=400).tobytes()
            + repr(w.mean_conductance_s("smu", 20e-3)).encode()
        )

    assert hour("twin", use) == hour("twin", use)


def test_an_hour_of_the_array_run_twice_is_the_same_hour() -> None:
    def use(w: World) -> bytes:
        rng = np.random.default_rng(int(w.clock.now_s()))
        drive = {f"daq/ao{i}": rng.uniform(-8, 8, 6).repeat(20) for i in range(22)}
        inputs = [f"daq/ai{i}" for i in range(19)]
        return w.node_voltages(inputs, dt_s=5e-6, n=120, drive=drive).tobytes()

    assert hour("array", use) == hour("array", use)
