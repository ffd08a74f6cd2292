import json
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.world.world import World

BOUND = 4.5  # standard errors; the seeds are fixed
V_P, V_AP = 36.161e-3, 48.024e-3
TAU_C = 28.33e-6


def wired(n: int, *, sources: Sequence[str] = ("smu",), series_ohm: float = 10e3) -> Wiring:
    return Wiring(
        tuple(
            SingleJunction(
                Cell(0, i),
                sources[i % len(sources)],
                series_ohm,
                1.0,
                InputWire("daq", f"ai{i}", 1.0, "differential"),
            )
            for i in range(n)
        )
    )


def world(
    n: int = 4,
    *,
    seed: int = 1,
    chip_seed: int = 1,
    sources: Sequence[str] = ("smu",),
    faults: Sequence[Fault] = (),
    spread: Spread | None = None,
) -> World:
    return World(
        wired(n, sources=sources),
        junction=JunctionParameters(),
        spread=spread or Spread(),
        faults=faults,
        chip_seed=chip_seed,
        generators=Generators(seed),
    )


def inputs(n: int) -> list[str]:
    return [f"daq/ai{i}" for i in range(n)]


def is_ap(volts: np.ndarray) -> np.ndarray:
    return volts > (V_P + V_AP) / 2


def test_reference_device_levels_and_flips() -> None:
    w = world(50)
    w.drive("smu", 0.1)
    volts = w.node_voltages(inputs(50), dt_s=5e-6, n=8000)[100:]
    assert sorted(set(np.round(volts.ravel(), 6))) == pytest.approx([V_P, V_AP], abs=2e-6)
    flips = np.diff(is_ap(volts), axis=0).mean(axis=0)
    assert abs(flips.mean() - 0.0809) < BOUND * flips.std(ddof=1) / np.sqrt(50)
    occupancy = is_ap(volts).mean(axis=0)
    assert abs(occupancy.mean() - 0.5) < BOUND * occupancy.std(ddof=1) / np.sqrt(50)


def test_the_first_sample_is_now_and_the_clock_ends_n_steps_later() -> None:
    w = world()
    w.clock.sleep(2.0)
    assert w.node_voltages(inputs(2), dt_s=1e-3, n=7).shape == (7, 2)
    assert w.clock.now_s() == pytest.approx(2.007)


def test_undriven_and_grounded_junctions_read_zero() -> None:
    w = world()
    assert not w.node_voltages(inputs(4), dt_s=1e-6, n=5).any()
    w.drive("smu", 0.1)
    assert w.node_voltages(inputs(4), dt_s=1e-6, n=5).all()
    w.drive("smu", None)
    assert not w.node_voltages(inputs(4), dt_s=1e-6, n=5).any()


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 60), max_size=4), seed=st.integers(0, 99))
def test_reading_in_pieces_gives_the_same_bytes(cuts: list[int], seed: int) -> None:
    whole, pieces = world(seed=seed), world(seed=seed)
    for w in (whole, pieces):
        w.drive("smu", 0.1)
    expected = whole.node_voltages(inputs(4), dt_s=5e-6, n=60)
    edges = [0, *sorted(cuts), 60]
    got = [pieces.node_voltages(inputs(4), dt_s=5e-6, n=b - a) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(got), expected)


def test_order_and_repetition_of_inputs_are_the_callers() -> None:
    w = world(faults=[Fault(0, "stuck_p"), Fault(2, "stuck_ap")])
    w.drive("smu", 0.1)
    volts = w.node_voltages(["daq/ai2", "daq/ai0", "daq/ai2"], dt_s=1e-6, n=3)
    assert np.allclose(volts, [V_AP, V_P, V_AP], atol=2e-6)


@pytest.mark.parametrize("gap_over_tau_c", [0.01, 0.3, 1.0, 5.0, 100.0])
def test_time_that_nobody_watched_passes_all_the_same(gap_over_tau_c: float) -> None:
    n = 20_000
    w = world(n, seed=3)
    w.drive("smu", 0.1)
    w.clock.sleep(1.0)
    before = is_ap(w.node_voltages(inputs(n), dt_s=0.0, n=1)[0])
    w.clock.sleep(gap_over_tau_c * TAU_C)
    after = is_ap(w.node_voltages(inputs(n), dt_s=0.0, n=1)[0])
    expected = 0.5 * (1 - math.exp(-gap_over_tau_c))
    error = math.sqrt(expected * (1 - expected) / n)
    assert abs((before != after).mean() - expected) < BOUND * error


def test_before_a_change_of_source_the_old_bias_ruled() -> None:
    n = 2000
    w = world(n)
    w.drive("smu", 0.3)
    w.clock.sleep(1.0)
    w.drive("smu", 0.1)
    # Everything was driven into AP, and shows it at the new voltage.
    assert is_ap(w.node_voltages(inputs(n), dt_s=0.0, n=1)).mean() > 0.99
    w.clock.sleep(100 * TAU_C)
    share = is_ap(w.node_voltages(inputs(n), dt_s=0.0, n=1)).mean()
    assert abs(share - 0.5) < BOUND * 0.5 / math.sqrt(n)


def test_a_repeated_setting_draws_nothing() -> None:
    one, other = world(), world()
    for w in (one, other):
        w.drive("smu", 0.1)
        w.clock.sleep(1e-5)
    other.drive("smu", 0.1)
    samples = [w.node_voltages(inputs(4), dt_s=5e-6, n=50) for w in (one, other)]
    assert np.array_equal(*samples)


class TestWaveform:
    def test_each_value_holds_from_its_instant_and_the_last_one_on(self) -> None:
        w = world(2, sources=("daq/ao0", "smu"), faults=[Fault(0, "stuck_p"), Fault(1, "stuck_ap")])
        w.drive("smu", 0.1)
        wave = np.array([0.05, 0.05, -0.2, 0.1])
        volts = w.node_voltages(inputs(2), dt_s=1e-5, n=4, drive={"daq/ao0": wave})
        assert np.allclose(volts[:, 0], wave * V_P / 0.1, rtol=1e-4)
        assert np.allclose(volts[:, 1], V_AP, rtol=1e-4)
        after = w.node_voltages(["daq/ai0"], dt_s=1e-5, n=2)
        assert np.allclose(after, V_P, rtol=1e-4)

    def test_junctions_live_through_it_whether_or_not_they_are_read(self) -> None:
        n = 2000
        w = world(n, sources=("daq/ao0",))
        # 20 us at 0.3 V is long at that bias; the sample after the step shows what it left.
        wave = np.concatenate([np.full(20, 0.3), np.full(2, 0.1)])
        volts = w.node_voltages(["daq/ai0"], dt_s=1e-6, n=22, drive={"daq/ao0": wave})
        assert volts.shape == (22, 1)
        unread = is_ap(w.node_voltages(inputs(n)[1:], dt_s=0.0, n=1))
        assert unread.mean() > 0.9

    def test_a_step_is_made_under_the_value_that_held_while_it_passed(self) -> None:
        n = 4000
        w = world(n, sources=("daq/ao0",))
        w.clock.sleep(1.0)
        volts = w.node_voltages(
            inputs(n), dt_s=1.0, n=3, drive={"daq/ao0": np.array([0.1, 0.3, 0.1])}
        )
        occupancy = [is_ap(volts[0]).mean(), is_ap(volts[2]).mean()]
        at_zero_volts = 1 / (1 + math.exp(42.092e-3 / 10e-3))
        assert abs(occupancy[0] - at_zero_volts) < BOUND * math.sqrt(at_zero_volts / n)
        assert occupancy[1] > 0.99

    def test_equals_setting_the_source_by_hand(self) -> None:
        """In distribution: both at the same bias history, compared by the occupancy."""
        n, wave = 4000, np.repeat([0.05, 0.13, 0.09], 4)
        by_block, by_hand = (world(n, seed=s, sources=("daq/ao0",)) for s in (1, 2))
        block = by_block.node_voltages(inputs(n), dt_s=1e-5, n=12, drive={"daq/ao0": wave})
        steps = []
        for value in wave:
            by_hand.drive("daq/ao0", float(value))
            steps.append(by_hand.node_voltages(inputs(n), dt_s=1e-5, n=1)[0])
        for k, value in enumerate(wave):
            cut = value * (V_P + V_AP) / 2 / 0.1
            p, q = (block[k] > cut).mean(), (steps[k] > cut).mean()
            assert abs(p - q) < BOUND * math.sqrt((p * (1 - p) + q * (1 - q)) / n)

    def test_wrong_length_or_not_a_number(self) -> None:
        w = world(sources=("daq/ao0",))
        for wave in (np.zeros(3), np.array([0.0, np.nan])):
            with pytest.raises(ValueError, match="daq/ao0: expected 2 finite voltages"):
                w.node_voltages(inputs(1), dt_s=1e-6, n=2, drive={"daq/ao0": wave})


class TestLoad:
    def test_junctions_on_one_terminal_are_in_parallel(self) -> None:
        w = world(3, faults=[Fault(0, "stuck_p"), Fault(1, "stuck_ap"), Fault(2, "open")])
        expected = 1 / (1 / 15664.3 + 1 / (10e3 + 5664.3 * 1.63119))
        assert w.load_ohm("smu") == pytest.approx(expected)

    def test_nothing_connected(self) -> None:
        w = world()
        assert w.load_ohm("daq/ao3") == math.inf
        assert w.mean_conductance_s("daq/ao3", 0.02) == 0.0
        assert w.clock.now_s() == pytest.approx(0.02)

    def test_an_integration_over_one_power_line_cycle(self) -> None:
        n, duration = 100, 20e-3
        w = world(n)
        w.drive("smu", 0.1)
        w.clock.sleep(1.0)
        readings = np.array([w.mean_conductance_s("smu", duration) for _ in range(30)])
        g_p, g_ap = 1 / 15664.3, 1 / (10e3 + 5664.3 * 1.63119)
        mean = n * (g_p + g_ap) / 2
        # Averaged telegraph: variance x 2 tau_c / T for T >> tau_c; the sampling adds a little.
        sd = math.sqrt(n) * (g_p - g_ap) / 2 * math.sqrt(2 * TAU_C / duration)
        assert abs(readings.mean() - mean) < BOUND * 1.1 * sd / math.sqrt(30)
        assert 0.6 * sd < readings.std(ddof=1) < 1.6 * sd
        assert w.clock.now_s() == pytest.approx(1.0 + 30 * duration)

    def test_whoever_follows_sees_the_junctions_before_they_go_on(self) -> None:
        w = world(1)
        w.drive("smu", 0.1)
        seen: list[float] = []

        class Sampler:
            def next_change_s(self) -> float:
                return math.inf

            def catch_up(self, until_s: float) -> None:
                while len(seen) * 5e-6 <= until_s:
                    at = len(seen) * 5e-6
                    seen.append(float(w.sample(["daq/ai0"], t0_s=at, dt_s=0.0, n=1)[0, 0]))

        sampler = Sampler()
        w.follow(sampler)
        w.mean_conductance_s("smu", 20e-3)
        w.unfollow(sampler)
        flips = np.diff(is_ap(np.array(seen))).mean()
        assert len(seen) == pytest.approx(4000, abs=2)
        assert abs(flips - 0.0809) < BOUND * math.sqrt(0.0809 / len(seen)) * 1.5


class TestState:
    def use(self, w: World) -> bytes:
        volts = [w.node_voltages(inputs(3), dt_s=5e-6, n=40)]
        w.drive("smu", 0.11)
        volts.append(w.node_voltages(inputs(4), dt_s=7e-6, n=11))
        noise = w.generators["instruments"].random(3)
        conductance = w.mean_conductance_s("smu", 1e-3)
        return b"".join(v.tobytes() for v in volts) + noise.tobytes() + repr(conductance).encode()

    def test_a_restored_world_goes_on_bit_by_bit(self) -> None:
        original = world(spread=Spread(0.1, 0.03, 0.7, 0.01))
        original.drive("smu", 0.1)
        original.drive("daq/ao0", None)
        self.use(original)
        saved = original.state()
        expected = self.use(original)

        fresh = world(seed=77, spread=Spread(0.1, 0.03, 0.7, 0.01))
        fresh.drive("smu", 0.2)
        fresh.restore(saved)
        assert fresh.clock.now_s() == saved["clock_s"]
        assert self.use(fresh) == expected
        assert json.dumps({k: v for k, v in saved.items() if not isinstance(v, np.ndarray)})

    def test_it_is_flat(self) -> None:
        for value in world().state().values():
            assert isinstance(value, np.ndarray | int | float | str | bool | None)

    def test_another_chip_is_refused(self) -> None:
        with pytest.raises(BenchError, match="has 4 junctions, this bench has 5"):
            world(5).restore(world(4).state())


def test_chip_and_run_have_seeds_of_their_own() -> None:
    spread = Spread(0.1, 0.03, 0.7, 0.01)

    def levels(seed: int, chip_seed: int) -> tuple[np.ndarray, np.ndarray]:
        w = world(4, seed=seed, chip_seed=chip_seed, spread=spread)
        w.drive("smu", 0.1)
        volts = w.node_voltages(inputs(4), dt_s=5e-6, n=4000)
        return volts.min(axis=0), volts

    assert np.array_equal(levels(1, 1)[1], levels(1, 1)[1])
    assert np.array_equal(levels(1, 1)[0], levels(2, 1)[0])
    assert not np.array_equal(levels(1, 1)[1], levels(2, 1)[1])
    assert not np.array_equal(levels(1, 1)[0], levels(1, 2)[0])


def test_messages() -> None:
    w = world()
    with pytest.raises(BenchError, match=r"wired to the input 'daq/ai9'; did you mean 'daq/ai"):
        w.node_voltages(["daq/ai9"], dt_s=1e-6, n=1)
    with pytest.raises(ValueError, match="smu driven with nan V"):
        w.drive("smu", math.nan)
