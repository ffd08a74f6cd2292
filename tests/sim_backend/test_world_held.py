"""Junctions that are held, in P or at their mean: circuits, arrays, state, and no draws."""

from collections.abc import Sequence

import numpy as np
import pytest

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import cannot_hold
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.world.surroundings import Amplifier, SolverName, SourceFlaws, Surroundings
from sim_backend.world.world import World

BOUND = 4.5  # standard errors; the seeds are fixed
SOLVERS: tuple[SolverName, ...] = ("exact", "iterative", "linearised")
INPUTS = ["daq/ai0", "daq/ai1", "daq/ai8", "daq/ai9"]
JUNCTION = JunctionParameters()


def world(
    *,
    faults: Sequence[Fault] = (),
    junction: JunctionParameters = JUNCTION,
    instruments: bool = True,
    **around: object,
) -> World:
    def read(i: int) -> InputWire:
        return InputWire("daq", f"ai{i}", 10.0, "differential")

    singles = tuple(SingleJunction(Cell(9, i), "smu", 10e3, 1.0, read(8 + i)) for i in range(2))
    array = ArrayWiring(
        rows=(0, 1, 2),
        columns=(0, 1),
        sources=("daq/ao0", "daq/ao1", "daq/ao2"),
        series_ohm=50.0,
        divider=0.02,
        row_wire_ohm=2.0,
        column_wire_ohm=2.0,
        tia_ohm=20e3,
        tia_input_ohm=1.0,
        reads=(read(0), read(1)),
    )
    w = World(
        Wiring(singles, (array,)),
        junction=junction,
        spread=Spread(v50_v=3e-3),
        faults=faults,
        chip_seed=1,
        generators=Generators(1),
        instrument_noise=instruments,
        surroundings=Surroundings(**around),  # type: ignore[arg-type]
    )
    w.drive("smu", 0.11)
    for i, volts in enumerate((2.1, -1.5, 2.4)):
        w.drive(f"daq/ao{i}", volts)
    return w


def all_stuck(fault: str) -> list[Fault]:
    return [Fault(i, fault) for i in range(8)]  # type: ignore[arg-type]


@pytest.mark.parametrize("solver", SOLVERS)
def test_stuck_junctions_are_those_of_a_chip_that_never_left_p(solver: SolverName) -> None:
    held, frozen = world(solver=solver), world(solver=solver, faults=all_stuck("stuck_p"))
    held.hold("stuck")
    wave = {"daq/ao0": np.repeat([1.0, -3.0], 5), "smu": np.linspace(0.0, 0.12, 10)}
    a, b = (w.node_voltages(INPUTS, dt_s=1e-5, n=10, drive=wave) for w in (held, frozen))
    assert np.allclose(a, b, rtol=1e-9)
    for terminal in ("smu", "daq/ao1"):
        loads = [w.mean_conductance_s(terminal, 1e-3) for w in (held, frozen)]
        assert loads[0] == pytest.approx(loads[1], rel=1e-6)
    assert held.load_ohm("smu") == pytest.approx((10e3 + JUNCTION.r_p_ohm) / 2, rel=1e-9)


def test_even_a_junction_that_is_stuck_in_ap_has_a_trap_and_flickers_is_held_in_p() -> None:
    restless = JunctionParameters(trap_depth=0.1, flicker=1e-4)
    w = world(faults=[Fault(0, "stuck_ap")], junction=restless)
    w.hold("stuck")
    seen = w.node_voltages(INPUTS, dt_s=1e-3, n=50)
    assert (seen == seen[0]).all()
    assert seen[0, 2] == pytest.approx(0.11 * JUNCTION.r_p_ohm / (JUNCTION.r_p_ohm + 10e3))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_junction_at_its_mean_is_what_free_ones_are_on_average(solver: SolverName) -> None:
    n = 3000 if solver == "linearised" else 1000
    free, held = world(solver=solver), world(solver=solver)
    held.hold("mean")
    still = held.node_voltages(INPUTS, dt_s=1e-3, n=4)
    assert (still == still[0]).all()
    seen = free.node_voltages(INPUTS, dt_s=1e-3, n=n)[1:]
    error = seen.std(axis=0, ddof=1) / np.sqrt(len(seen))
    assert (error > 0).all()
    assert (np.abs(seen.mean(axis=0) - still[0]) < BOUND * error).all()


def test_a_mean_follows_its_bias_at_once() -> None:
    w = world()
    w.hold("mean")
    wave = np.array([0.05, 0.11, 0.2])
    seen = w.node_voltages(INPUTS, dt_s=1e-6, n=3, drive={"smu": wave})
    for row, volts in zip(seen, wave, strict=True):
        w.drive("smu", float(volts))
        assert np.allclose(w.node_voltages(INPUTS, dt_s=0.0, n=1)[0], row, rtol=1e-9)
    # More of the high-ohmic state at the higher bias.
    assert seen[2, 2] / seen[0, 2] > 1.05 * wave[2] / wave[0]


def test_cables_and_amplifiers_still_take_their_time() -> None:
    late = world(capacitance_f={"daq/ai8": 1e-9}, amplifier=Amplifier(bandwidth_hz=50e3))
    late.hold("stuck")
    late.node_voltages(INPUTS, dt_s=1e-3, n=2)
    before = late.node_voltages(INPUTS, dt_s=0.0, n=1)[0]
    steps = {"daq/ao0": np.full(3, -2.0), "smu": np.full(3, 0.2)}
    tau_s = 1e-9 / (1 / 10e3 + 1 / JUNCTION.r_p_ohm)
    seen = late.node_voltages(INPUTS, dt_s=tau_s, n=3, drive=steps)
    assert np.allclose(seen[0, :3], before[:3], rtol=1e-6)
    assert seen[1, 2] / before[2] == pytest.approx(1 + (0.2 / 0.11 - 1) * (1 - np.exp(-1)))
    settled = late.node_voltages(INPUTS, dt_s=1e-3, n=2)[1]
    part = 1 - np.exp(-2 * np.pi * 50e3 * tau_s)
    assert (seen[1, 0] - before[0]) / (settled[0] - before[0]) == pytest.approx(part, rel=1e-5)


def test_nothing_is_drawn_while_held_and_the_state_knows_it() -> None:
    w, other = world(), world()
    w.node_voltages(INPUTS, dt_s=1e-5, n=20)
    w.hold("stuck")
    drawn = w.generators.state()["noise"]
    w.node_voltages(INPUTS, dt_s=1e-5, n=20)
    w.drive("smu", 0.12)
    assert w.generators.state()["noise"] == drawn
    other.restore(w.state())
    same = [x.node_voltages(INPUTS, dt_s=1e-5, n=5) for x in (w, other)]
    assert (same[0] == same[1]).all()
    for x in (w, other):
        x.hold("free")
    a, b = (x.node_voltages(INPUTS, dt_s=1e-5, n=2000) for x in (w, other))
    assert (a == b).all()
    # Released in P, and soon on the move.
    assert a[0, 2] == pytest.approx(0.12 * JUNCTION.r_p_ohm / (JUNCTION.r_p_ohm + 10e3))
    assert (np.ptp(a, axis=0) > 0).all()
    other.restore(world().state())
    assert np.ptp(other.node_voltages(INPUTS, dt_s=1e-4, n=500), axis=0).all()


def test_what_cannot_be_held() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        world().hold("ap")  # type: ignore[arg-type]
    with pytest.raises(BenchError, match="only a twin in this program can hold its junctions"):
        cannot_hold("mean")


def test_without_instrument_noise_amplifiers_and_sources_have_none() -> None:
    """What is left is nothing: a control in which nobody may learn."""
    flaws = {"daq/ao1": SourceFlaws(noise_v=1e-3)}
    noisy = Amplifier(bandwidth_hz=50e3, johnson_noise=True)
    for instruments in (True, False):
        w = world(instruments=instruments, amplifier=noisy, sources=flaws)
        w.hold("mean")
        w.node_voltages(INPUTS, dt_s=1e-3, n=5)
        seen = w.node_voltages(INPUTS, dt_s=1e-3, n=50)
        assert (np.ptp(seen[:, :2], axis=0) > 0).all() == instruments
