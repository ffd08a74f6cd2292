"""Cables, slow and noisy sources, hum, delayed looks: closed forms, and nothing when left out."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.electronics.pickup import Pickup
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.world.surroundings import SourceFlaws, Surroundings
from sim_backend.world.world import World

BOUND = 4.5  # standard errors; the seeds are fixed
V_P, V_AP = 36.161e-3, 48.024e-3
P_OHM = 1 / (1 / 10e3 + 1 / 5664.3)
AP_OHM = 1 / (1 / 10e3 + 1 / (5664.3 * 1.63119))


def world(
    n: int = 2,
    *,
    frozen: bool = True,
    seed: int = 1,
    junction: JunctionParameters | None = None,
    **around: object,
) -> World:
    wires = tuple(
        SingleJunction(
            Cell(0, i), "daq/ao0", 10e3, 1.0, InputWire("daq", f"ai{i}", 1.0, "differential")
        )
        for i in range(n)
    )
    faults = [Fault(i, "stuck_ap" if i % 2 else "stuck_p") for i in range(n)] if frozen else []
    return World(
        Wiring(wires),
        junction=junction or JunctionParameters(),
        spread=Spread(),
        faults=faults,
        chip_seed=1,
        generators=Generators(seed),
        surroundings=Surroundings(**around),  # type: ignore[arg-type]
    )


def inputs(n: int) -> list[str]:
    return [f"daq/ai{i}" for i in range(n)]


def cables(n: int, farad: float) -> dict[str, float]:
    return dict.fromkeys(inputs(n), farad)


class TestCable:
    def test_a_step_charges_through_divider_and_junction_in_parallel(self) -> None:
        farad = 1e-9
        w = world(capacitance_f=cables(2, farad))
        wave = np.full(8, 0.1)
        dt_s = 1e-6
        seen = w.node_voltages(inputs(2), dt_s=dt_s, n=8, drive={"daq/ao0": wave})
        t_s = dt_s * np.arange(8)
        for column, (level_v, ohm) in enumerate([(V_P, P_OHM), (V_AP, AP_OHM)]):
            expected = level_v * (1 - np.exp(-t_s / (ohm * farad)))
            assert np.allclose(seen[:, column], expected, rtol=1e-4, atol=1e-12)
        w.clock.sleep(1e-6)
        w.drive("daq/ao0", 0.0)
        w.clock.sleep(2e-6)
        # 9 us up, then 2 us down, whether or not anybody looked in between.
        later = w.node_voltages(inputs(2), dt_s=0.0, n=1)[0, 0]
        tau_s = P_OHM * farad
        assert later == pytest.approx(
            V_P * (1 - math.exp(-9e-6 / tau_s)) * math.exp(-2e-6 / tau_s), rel=1e-4
        )

    @pytest.mark.parametrize("dt_s", [0.3e-6, 5e-6, 100e-6])
    def test_a_switching_junction_behind_a_cable_has_the_lorentzian_of_both(
        self, dt_s: float
    ) -> None:
        """Alike in both states: telegraph of tau_c behind one pole tau has the variance
        dV^2 / 4 x tau_c / (tau_c + tau), at any sample spacing."""
        # A small TMR makes the two time constants alike; tau_c = 28 us, C R = 14 us.
        junction = replace(JunctionParameters(), tmr=0.02, slope_p_per_v=0.0, slope_ap_per_v=0.0)
        n, farad = 1500, 4e-9
        w = world(n, frozen=False, junction=junction, capacitance_f=cables(n, farad))
        w.drive("daq/ao0", 0.1)
        w.clock.sleep(1.0)
        w.node_voltages(inputs(n), dt_s=dt_s, n=round(60e-6 / dt_s) + 1)
        seen = w.node_voltages(inputs(n), dt_s=dt_s, n=3)[-1]
        low, high = (0.1 * r / (r + 10e3) for r in (5664.3, 5664.3 * 1.02))
        tau_c, tau = 21.06e-6, farad / (1 / 10e3 + 1 / 5720.0)
        expected = (high - low) / 2 * math.sqrt(tau_c / (tau_c + tau))
        # Spread of a variance estimate; the distribution is flatter than a Gaussian.
        assert abs(seen.std() / expected - 1) < BOUND / math.sqrt(2 * n)
        assert abs(seen.mean() - (low + high) / 2) < BOUND * expected / math.sqrt(n)

    def test_a_hundred_picofarad_delay_a_flip_by_less_than_a_microsecond(self) -> None:
        """Five samples a microsecond: after a flip the node follows V + dV exp(-t / R C)."""
        w = world(400, frozen=False, capacitance_f=cables(400, 100e-12))
        w.drive("daq/ao0", 0.1)
        w.clock.sleep(1.0)
        seen = w.node_voltages(inputs(400), dt_s=0.2e-6, n=400)
        assert seen.min() > V_P - 1e-6
        assert seen.max() < V_AP + 1e-6
        # From one sample to the next a charging node moves by a constant fraction of what is left.
        far = (seen > V_P + 1e-3) & (seen < V_P + 8e-3)
        falling = far[:-2] & far[1:-1] & (seen[1:-1] < seen[:-2]) & (seen[2:] < seen[1:-1])
        rate = (seen[2:] - V_P)[falling] / (seen[1:-1] - V_P)[falling]
        assert np.median(rate) == pytest.approx(math.exp(-0.2e-6 / (P_OHM * 100e-12)), rel=1e-3)

    def test_without_a_capacitance_nothing_is_drawn_and_nothing_changes(self) -> None:
        plain, off = world(4, frozen=False), world(4, frozen=False, capacitance_f=cables(4, 0.0))
        for w in (plain, off):
            w.drive("daq/ao0", 0.1)
        seen = [w.node_voltages(inputs(4), dt_s=5e-6, n=200) for w in (plain, off)]
        assert np.array_equal(*seen)


class TestSource:
    def test_a_step_settles_with_its_time_constant(self) -> None:
        w = world(sources={"daq/ao0": SourceFlaws(settling_s=2e-6)})
        wave = np.array([0.1, 0.1, 0.1, -0.1, -0.1])
        seen = w.node_voltages(inputs(2), dt_s=1e-6, n=5, drive={"daq/ao0": wave})
        k, y = math.exp(-0.5), [0.0]
        for target in (1.0, 1.0, 1.0, -1.0):
            y.append(target + (y[-1] - target) * k)
        assert np.allclose(seen, np.outer(y, [V_P, V_AP]), rtol=1e-4)
        w.clock.sleep(1.0)
        assert np.allclose(w.node_voltages(inputs(2), dt_s=0.0, n=1), [[-V_P, -V_AP]], rtol=1e-4)
        w.drive("daq/ao0", 0.1)
        w.clock.sleep(2e-6)
        later = w.node_voltages(inputs(1), dt_s=0.0, n=1)[0, 0]
        assert later == pytest.approx(V_P * (1 - 2 / math.e), rel=1e-4)

    def test_common_noise_is_one_number_for_all_it_drives(self) -> None:
        w = world(sources={"daq/ao0": SourceFlaws(noise_v=1e-3)})
        seen = w.node_voltages(inputs(2), dt_s=1e-6, n=4000)
        assert np.allclose(seen[:, 1] / seen[:, 0], V_AP / V_P, rtol=1e-3)
        assert seen[:, 0].std() == pytest.approx(V_P / 0.1 * 1e-3, rel=BOUND / math.sqrt(8000))


class TestPickup:
    def test_hum_knows_the_time_and_the_delay_of_its_input(self) -> None:
        hum = Pickup(1e-3, 50.0, 0.3)
        w = world(pickup={"daq/ai1": (hum, Pickup(0.5e-3, 150.0))})
        w.clock.sleep(12_345.0)
        t0_s = w.clock.now_s()
        seen = w.sample(inputs(2), t0_s=t0_s, dt_s=1e-3, n=40, skew_s=[0.0, 4e-4])
        t_s = 4e-4 + 1e-3 * np.arange(40)
        expected = 1e-3 * np.sin(2 * np.pi * 50 * t_s + 0.3) + 0.5e-3 * np.sin(
            2 * np.pi * 150 * t_s
        )
        assert not seen[:, 0].any()
        assert np.allclose(seen[:, 1], expected, atol=1e-9)

    def test_impossible(self) -> None:
        with pytest.raises(ValueError, match="must be finite and not negative"):
            Pickup(-1.0)
        with pytest.raises(ValueError, match="frequency above 0"):
            Pickup(1.0, 0.0)


class TestDelays:
    def test_no_delay_is_no_change(self) -> None:
        one, other = world(3, frozen=False), world(3, frozen=False)
        for w in (one, other):
            w.drive("daq/ao0", 0.1)
        a = one.sample(inputs(3), t0_s=0.0, dt_s=5e-6, n=50)
        b = other.sample(inputs(3), t0_s=0.0, dt_s=5e-6, n=50, skew_s=[0.0, 0.0, 0.0])
        assert np.array_equal(a, b)

    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
    def test_a_delayed_input_sees_the_junction_that_much_later(self, part: float) -> None:
        """After a step of the bias the occupancy relaxes; the delay shows in how far."""
        n, dt_s = 4000, 40e-6
        w = world(n, frozen=False)
        w.drive("daq/ao0", 0.3)
        w.clock.sleep(1.0)
        seen = w.sample(
            inputs(n),
            t0_s=w.clock.now_s(),
            dt_s=dt_s,
            n=3,
            drive={"daq/ao0": np.full(3, 0.1)},
            skew_s=[part * dt_s] * n,
        )
        # From all AP towards one half with 28.33 us.
        for i, share in enumerate((seen > (V_P + V_AP) / 2).mean(axis=1)):
            expected = 0.5 + 0.5 * math.exp(-(i + part) * dt_s / 28.33e-6)
            assert abs(share - expected) < BOUND * 0.5 / math.sqrt(n)

    def test_a_delay_between_samples_of_a_waveform_with_a_cable(self) -> None:
        farad = 1e-9
        w = world(capacitance_f=cables(2, farad))
        wave = np.array([0.1, 0.1, 0.0, 0.0])
        seen = w.sample(
            inputs(2), t0_s=0.0, dt_s=4e-6, n=4, drive={"daq/ao0": wave}, skew_s=[1e-6, 3e-6]
        )
        tau_s = P_OHM * farad
        up = V_P * (1 - np.exp(-np.array([1e-6, 5e-6, 8e-6]) / tau_s))
        expected = [up[0], up[1], *(up[2] * np.exp(-np.array([1e-6, 5e-6]) / tau_s))]
        assert np.allclose(seen[:, 0], expected, rtol=1e-4)

    @pytest.mark.parametrize("delays", [[0.0], [0.0, 5e-6], [-1e-6, 0.0], [0.0, math.nan]])
    def test_delays_that_do_not_fit(self, delays: list[float]) -> None:
        with pytest.raises(ValueError, match="expected one each"):
            world().sample(inputs(2), t0_s=0.0, dt_s=5e-6, n=2, skew_s=delays)


def test_what_an_input_sees_towards_the_circuit() -> None:
    w = world(3)
    assert np.allclose(w.source_ohm(["daq/ai1", "daq/ai0"]), [AP_OHM, P_OHM])
    living = world(1, frozen=False)
    living.drive("daq/ao0", 0.1)
    assert living.source_ohm(["daq/ai0"])[0] == pytest.approx((P_OHM + AP_OHM) / 2, rel=1e-3)
    with pytest.raises(BenchError, match="no junction is wired to the input 'daq/ai9'"):
        w.source_ohm(["daq/ai9"])


def test_a_drifting_junction_is_another_one_after_an_hour() -> None:
    wires = (
        SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, InputWire("daq", "ai0", 1.0, "differential")),
    )
    w = World(
        Wiring(wires),
        junction=JunctionParameters(),
        spread=Spread(),
        faults=[Fault(0, "drifting", v50_v_per_s=40e-3 / 3600)],
        chip_seed=1,
        generators=Generators(1),
    )
    w.drive("smu", 0.1)
    early = (w.node_voltages(["daq/ai0"], dt_s=1e-3, n=2000) > 0.042).mean()
    w.clock.sleep(3600.0)
    late = (w.node_voltages(["daq/ai0"], dt_s=1e-3, n=2000) > 0.042).mean()
    assert abs(early - 0.5) < BOUND * 0.5 / math.sqrt(2000)
    assert late < 0.05
