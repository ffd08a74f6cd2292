"""Arrays in the world: Kirchhoff, sneak paths, rates that follow the nodes, amplifiers, lines."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.crossbar import Crossbar, Lines, solver
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.world.lines import for_cells
from sim_backend.world.surroundings import Amplifier, SolverName, SourceFlaws, Surroundings
from sim_backend.world.world import World

BOUND = 4.5  # standard errors; the seeds are fixed
SOLVERS: tuple[SolverName, ...] = ("exact", "iterative", "linearised")
TIA_OHM, SERIES_OHM, WIRE_OHM, DIVIDER = 20e3, 50.0, 2.0, 0.02
REFERENCE = JunctionParameters()
AP_OHM = REFERENCE.r_p_ohm * (1 + REFERENCE.tmr)


def array(n: int = 4, m: int = 3, **changes: object) -> ArrayWiring:
    made = ArrayWiring(
        rows=tuple(range(n)),
        columns=tuple(range(m)),
        sources=tuple(f"daq/ao{i}" for i in range(n)),
        series_ohm=SERIES_OHM,
        divider=DIVIDER,
        row_wire_ohm=WIRE_OHM,
        column_wire_ohm=WIRE_OHM,
        tia_ohm=TIA_OHM,
        tia_input_ohm=1.0,
        reads=tuple(InputWire("daq", f"ai{j}", 10.0, "differential") for j in range(m)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def world(
    wiring: ArrayWiring,
    *,
    faults: Sequence[Fault] = (),
    seed: int = 1,
    junction: JunctionParameters = REFERENCE,
    singles: tuple[SingleJunction, ...] = (),
    **around: object,
) -> World:
    return World(
        Wiring(singles, (wiring,)),
        junction=junction,
        spread=Spread(),
        faults=faults,
        chip_seed=1,
        generators=Generators(seed),
        surroundings=Surroundings(**around),  # type: ignore[arg-type]
    )


def stuck(ap: np.ndarray) -> list[Fault]:
    return [Fault(i, "stuck_ap" if state else "stuck_p") for i, state in enumerate(ap.ravel())]


def drive(w: World, volts: np.ndarray) -> None:
    for i, v in enumerate(volts):
        w.drive(f"daq/ao{i}", float(v))


def inputs(m: int) -> list[str]:
    return [f"daq/ai{j}" for j in range(m)]


def oracle_v(wiring: ArrayWiring, ap: np.ndarray, volts: np.ndarray) -> np.ndarray:
    """Amplifier outputs by the exact network solver alone."""
    crossbar = Crossbar(*ap.shape, wiring.row_wire_ohm, wiring.column_wire_ohm)
    g = 1 / np.where(ap, AP_OHM, REFERENCE.r_p_ohm)
    found = solver("exact", crossbar).solve(
        g,
        Lines.driven(volts * wiring.divider, wiring.series_ohm),
        Lines.grounded(ap.shape[1], wiring.tia_input_ohm),
    )
    return -wiring.tia_ohm * found.column_a


@pytest.mark.parametrize("name", SOLVERS)
def test_frozen_junctions_obey_kirchhoff_in_every_solver(name: SolverName) -> None:
    rng = np.random.default_rng(3)
    ap, volts = rng.random((4, 3)) < 0.5, rng.uniform(-8, 8, 4)
    w = world(array(), faults=stuck(ap), solver=name)
    drive(w, volts)
    seen = w.node_voltages(inputs(3), dt_s=1e-6, n=3)
    # Frozen junctions sit at the very state the linearised solver is linear around.
    assert np.allclose(seen, oracle_v(array(), ap, volts), rtol=1e-6)


def test_a_column_current_is_that_of_its_junctions_when_the_wires_are_nothing() -> None:
    ideal = array(row_wire_ohm=0.0, column_wire_ohm=0.0, series_ohm=1e-3, tia_input_ohm=1e-3)
    ap = np.arange(12).reshape(4, 3) % 2 == 0
    volts = np.array([1.0, -2.0, 3.0, 4.0])
    w = world(ideal, faults=stuck(ap))
    drive(w, volts)
    expected = -TIA_OHM * (DIVIDER * volts) @ (1 / np.where(ap, AP_OHM, REFERENCE.r_p_ohm))
    seen = w.node_voltages(list(reversed(inputs(3))), dt_s=0.0, n=1)[0]
    assert np.allclose(seen, expected[::-1], rtol=1e-5)


def test_a_waveform_on_rows_is_seen_at_its_very_edges() -> None:
    ap = np.random.default_rng(1).random((4, 3)) < 0.5
    w = world(array(), faults=stuck(ap))
    waves = np.random.default_rng(2).uniform(-5, 5, (6, 4)).repeat(3, axis=0)
    seen = w.node_voltages(
        inputs(3), dt_s=5e-6, n=18, drive={f"daq/ao{i}": waves[:, i] for i in range(4)}
    )
    expected = np.array([oracle_v(array(), ap, volts) for volts in waves])
    assert np.allclose(seen, expected, rtol=1e-6)
    after = w.node_voltages(inputs(3), dt_s=0.0, n=1)
    assert np.allclose(after, expected[-1], rtol=1e-6)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_junction_lives_at_the_voltage_its_node_has(name: SolverName) -> None:
    """One junction behind a series resistor in a 1 x 1 array is the divider of the singles."""
    n = 4000 if name == "linearised" else 1500
    one = array(1, 1, series_ohm=10e3, divider=1.0, tia_input_ohm=1e-3)
    w = world(one, solver=name)
    w.drive("daq/ao0", 0.1)
    # 1 ms is 35 correlation times: independent looks.
    seen = w.node_voltages(inputs(1), dt_s=1e-3, n=n)[1:, 0]
    levels = -TIA_OHM * 0.1 / (10e3 + 2 * WIRE_OHM + 1e-3 + np.array([REFERENCE.r_p_ohm, AP_OHM]))
    assert np.allclose(np.unique(np.round(seen, 9)), np.sort(levels), atol=2e-9)
    # Both dwell times are alike at this bias, as in the published measurement.
    is_ap = seen > levels.mean()
    assert abs(is_ap.mean() - 0.5) < BOUND * 0.5 / math.sqrt(n)


def test_the_solvers_agree_on_what_a_living_array_does() -> None:
    """Means over independent looks, of arrays with the same devices and other randomness."""
    volts = np.array([2.0, -3.0, 1.0, 2.5])
    found = {}
    for name in SOLVERS:
        w = world(array(), solver=name, seed=7)
        drive(w, volts)
        seen = w.node_voltages(inputs(3), dt_s=0.5e-3, n=800)[1:]
        found[name] = seen.mean(axis=0), seen.std(axis=0, ddof=1), len(seen)
    for name in SOLVERS[1:]:
        (a, sd_a, n), (b, sd_b, _) = found["exact"], found[name]
        assert (np.abs(a - b) < BOUND * np.sqrt((sd_a**2 + sd_b**2) / n)).all()
        assert np.allclose(sd_a, sd_b, rtol=0.25)


def test_a_field_moves_the_junctions_it_is_given_to() -> None:
    junction = replace(REFERENCE, field_slope_p_per_t=1000.0, field_slope_ap_per_t=-1000.0)
    field = {Cell(i, 0): -4e-3 for i in range(4)}
    w = world(array(), junction=junction, field_t=field)
    drive(w, np.full(4, 1e-3))
    w.clock.sleep(1.0)
    seen = w.node_voltages(inputs(3), dt_s=1e-3, n=500).mean(axis=0)
    ap_v, p_v = (oracle_v(array(), np.full((4, 3), s), np.full(4, 1e-3)) for s in (True, False))
    share_ap = (seen - p_v) / (ap_v - p_v)
    # At about 0 V a negative field of 4 mT is worth 80 mV: AP, against P without it.
    assert share_ap[0] > 0.95
    assert (share_ap[1:] < 0.05).all()


class TestAmplifier:
    def test_a_step_is_followed_with_its_one_pole_and_not_before_the_edge(self) -> None:
        tau_s = 1 / (2 * math.pi * 100e3)
        ap = np.zeros((4, 3), dtype=bool)
        w = world(array(), faults=stuck(ap), amplifier=Amplifier(bandwidth_hz=100e3))
        wave = np.array([0.0, 5.0, 5.0, 5.0, -5.0, -5.0])
        seen = w.node_voltages(
            inputs(3), dt_s=tau_s / 2, n=6, drive={f"daq/ao{i}": wave for i in range(4)}
        )
        full = oracle_v(array(), ap, np.full(4, 5.0))
        k = math.exp(-0.5)
        y = [0.0, 0.0]
        for target in (1.0, 1.0, 1.0, -1.0):
            y.append(target + (y[-1] - target) * k)
        assert np.allclose(seen, np.outer(y, full), rtol=1e-6, atol=1e-12)

    def test_the_offset_at_the_virtual_ground_drives_sneak_currents(self) -> None:
        ap = np.zeros((4, 3), dtype=bool)
        w = world(array(), faults=stuck(ap), amplifier=Amplifier(offset_v=1e-3))
        seen = w.node_voltages(inputs(3), dt_s=0.0, n=1)[0]
        # All columns at the same offset: out of each column into the rows at 0 V.
        crossbar = Crossbar(4, 3, WIRE_OHM, WIRE_OHM)
        currents = solver("exact", crossbar).solve(
            np.full((4, 3), 1 / REFERENCE.r_p_ohm),
            Lines.driven(np.zeros(4), SERIES_OHM),
            Lines(np.full(3, 1e-3), np.ones(3)),
        )
        assert np.allclose(seen, 1e-3 - TIA_OHM * currents.column_a, rtol=1e-6)
        assert (seen > 10e-3).all()

    def test_the_noise_of_the_feedback_resistor(self) -> None:
        ap = np.zeros((4, 3), dtype=bool)
        kind = Amplifier(bandwidth_hz=100e3, johnson_noise=True)
        w = world(array(), faults=stuck(ap), amplifier=kind, ambient_k=300.0)
        spaced = w.node_voltages(inputs(3), dt_s=1e-3, n=4000)[1:]
        # 4 k T R over pi/2 x 100 kHz.
        expected = math.sqrt(4 * 1.380649e-23 * 300 * TIA_OHM * math.pi / 2 * 100e3)
        assert abs(spaced.std() / expected - 1) < BOUND / math.sqrt(2 * spaced.size)
        tau_s = 1 / (2 * math.pi * 100e3)
        close = w.node_voltages(inputs(3), dt_s=tau_s / 4, n=8000)
        rho = [np.corrcoef(c[:-1], c[1:])[0, 1] for c in close.T]
        assert np.allclose(rho, math.exp(-0.25), atol=0.03)

    def test_noise_without_a_bandwidth_is_no_voltage(self) -> None:
        with pytest.raises(ValueError, match="needs a finite bandwidth_hz"):
            Amplifier(johnson_noise=True)


class TestLines:
    def test_a_cell_alone_with_the_others_grounded_is_read_by_itself(self) -> None:
        wiring = array(selector="sel", row_wire_ohm=0.0, column_wire_ohm=0.0)
        ap = np.arange(12).reshape(4, 3) % 2 == 0
        w = world(wiring, faults=stuck(ap))
        drive(w, np.full(4, 5.0))
        assert not w.node_voltages(inputs(3), dt_s=0.0, n=1).any()
        w.connect(0, *for_cells(wiring, [Cell(2, 1)], "ground"))
        seen = w.node_voltages(inputs(3), dt_s=0.0, n=1)[0]
        # The row feeds its three junctions through the series resistor.
        row_g = (1 / np.where(ap[2], AP_OHM, REFERENCE.r_p_ohm)).sum()
        row_v = DIVIDER * 5.0 / (1 + SERIES_OHM * row_g)
        ohm = AP_OHM if ap[2, 1] else REFERENCE.r_p_ohm
        assert seen[1] == pytest.approx(-TIA_OHM * row_v / ohm, rel=2e-3)
        assert seen[0] == seen[2] == 0.0

    @pytest.mark.parametrize("unselected", ["float", "bias_half"])
    def test_unselected_lines_against_the_network(self, unselected: str) -> None:
        wiring = array(selector="sel")
        ap = np.arange(12).reshape(4, 3) % 3 == 0
        w = world(wiring, faults=stuck(ap))
        drive(w, np.full(4, 5.0))
        w.connect(0, *for_cells(wiring, [Cell(2, 1)], unselected))  # type: ignore[arg-type]
        seen = w.node_voltages(inputs(3), dt_s=0.0, n=1)[0, 1]
        open_ohm = np.inf if unselected == "float" else SERIES_OHM
        half_v = 0.5 * DIVIDER * 5.0
        rows = Lines(
            np.where(np.arange(4) == 2, 2 * half_v, half_v),
            np.where(np.arange(4) == 2, SERIES_OHM, open_ohm),
        )
        columns = Lines(
            np.where(np.arange(3) == 1, 0.0, half_v),
            np.where(np.arange(3) == 1, 1.0, np.inf if unselected == "float" else 1.0),
        )
        found = solver("exact", Crossbar(4, 3, WIRE_OHM, WIRE_OHM)).solve(
            1 / np.where(ap, AP_OHM, REFERENCE.r_p_ohm), rows, columns
        )
        assert seen == pytest.approx(-TIA_OHM * found.column_a[1], rel=1e-5)

    def test_half_columns_follow_a_waveform(self) -> None:
        wiring = array(selector="sel", sources=("smu",) * 4)
        w = world(wiring, faults=stuck(np.zeros((4, 3), dtype=bool)))
        w.connect(0, *for_cells(wiring, [Cell(0, 0)], "bias_half"))
        wave = np.array([1.0, 2.0, -4.0])
        seen = w.node_voltages(inputs(1), dt_s=1e-6, n=3, drive={"smu": wave})[:, 0]
        assert np.allclose(seen / seen[0], wave, rtol=1e-6)

    def test_what_no_selector_can_do(self) -> None:
        with pytest.raises(BenchError, match="without a selector"):
            world(array()).connect(0, ("on",) * 4, ("on",) * 3)
        w = world(array(selector="sel"))
        with pytest.raises(BenchError, match="3 row states for 4 rows"):
            w.connect(0, ("on",) * 3, ("on",) * 3)
        with pytest.raises(BenchError, match="column state 'off'"):
            w.connect(0, ("on",) * 4, ("on", "on", "off"))  # type: ignore[arg-type]


class TestSource:
    def test_one_source_on_all_rows_sees_them_in_parallel(self) -> None:
        common = array(
            sources=("smu",) * 4,
            divider=1.0,
            row_wire_ohm=0.0,
            column_wire_ohm=0.0,
            tia_input_ohm=1e-6,
        )
        ap = np.arange(12).reshape(4, 3) % 2 == 0
        w = world(common, faults=stuck(ap))
        rows_s = (1 / np.where(ap, AP_OHM, REFERENCE.r_p_ohm)).sum(axis=1)
        expected_s = (rows_s / (1 + SERIES_OHM * rows_s)).sum()
        for volts in (0.0, 0.05):
            w.drive("smu", volts)
            assert 1 / w.load_ohm("smu") == pytest.approx(expected_s, rel=1e-6)
            assert w.mean_conductance_s("smu", 1e-3) == pytest.approx(expected_s, rel=1e-6)

    def test_noise_of_one_source_is_the_same_in_all_columns(self) -> None:
        flaws = {"daq/ao1": SourceFlaws(noise_v=1e-3)}
        w = world(array(), faults=stuck(np.zeros((4, 3), dtype=bool)), sources=flaws)
        seen = w.node_voltages(inputs(3), dt_s=1e-6, n=4000)
        one = oracle_v(array(), np.zeros((4, 3), dtype=bool), np.array([0.0, 1e-3, 0.0, 0.0]))
        assert np.allclose(seen.std(axis=0), np.abs(one), rtol=BOUND / math.sqrt(8000))
        assert np.allclose(np.corrcoef(seen.T), 1.0)


def test_columns_of_a_scan_are_seen_one_after_the_other() -> None:
    """Delays and a waveform: each column shows the level of its own instant's interval."""
    ap = np.zeros((4, 3), dtype=bool)
    w = world(array(), faults=stuck(ap))
    wave = np.array([1.0, 3.0, -2.0])
    seen = w.sample(
        inputs(3),
        t0_s=0.0,
        dt_s=9e-6,
        n=3,
        drive={f"daq/ao{i}": wave for i in range(4)},
        skew_s=[0.0, 3e-6, 6e-6],
    )
    expected = np.outer(wave, oracle_v(array(), ap, np.ones(4)))
    assert np.allclose(seen, expected, rtol=1e-6)


def test_an_array_and_single_junctions_share_a_chip_and_a_look() -> None:
    singles = (
        SingleJunction(Cell(9, 0), "smu", 10e3, 1.0, InputWire("daq", "ai9", 1.0, "differential")),
    )
    ap = np.zeros((4, 3), dtype=bool)
    faults = [Fault(0, "stuck_ap"), *(replace(f, index=f.index + 1) for f in stuck(ap))]
    w = world(array(), faults=faults, singles=singles)
    w.drive("smu", 0.1)
    drive(w, np.full(4, 5.0))
    seen = w.node_voltages(["daq/ai2", "daq/ai9", "daq/ai0"], dt_s=1e-6, n=2)
    full = oracle_v(array(), ap, np.full(4, 5.0))
    assert np.allclose(seen, [full[2], 0.1 * AP_OHM / (AP_OHM + 10e3), full[0]], rtol=1e-6)
    ohm = w.source_ohm(["daq/ai2", "daq/ai9"])
    assert ohm[0] == 0.0
    assert ohm[1] == pytest.approx(1 / (1 / 10e3 + 1 / AP_OHM))
