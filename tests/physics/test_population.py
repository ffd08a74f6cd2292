"""Junctions each known at a time of its own, and what moves their conductance beside the telegraph.

Bounds are in standard errors, with fixed seeds; 4.5 fails once in 150 000 fresh ones.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_backend.physics import population
from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.physics.population import Population
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import Switching, propagate, switching

BOUND = 4.5
PLAIN = JunctionParameters()
RICH = replace(
    PLAIN,
    trap_depth=0.03,
    trap_empty_s=3e-3,
    trap_filled_s=1e-3,
    flicker=1e-6,
    flicker_lowest_hz=10.0,
    flicker_highest_hz=1e4,
)
THREE = (Fault(1, "three_level", level=0.4, dwell_s=2e-3),)


def chip(m: int, kind: JunctionParameters = PLAIN, faults: tuple[Fault, ...] = ()) -> Devices:
    return Devices.draw(kind, Spread(), faults, m, 0)


def process(m: int, total_hz: float = 2e3, occupancy: float = 0.3) -> Rates:
    return Rates(np.full(m, total_hz), np.full(m, occupancy))


def everyone(m: int) -> np.ndarray:
    return np.arange(m, dtype=np.intp)


class TestTelegraph:
    def test_the_random_numbers_of_old_are_drawn(self) -> None:
        """One for each junction to start, then one row per instant, in the order of time."""
        rng, mine = np.random.default_rng(5), np.random.default_rng(5)
        rates, before, index = process(6), process(3, 900.0, 0.8), np.array([0, 3, 4])
        people = Population.start(chip(6), rates.occupancy, 1.0, rng)
        levels = Rates(np.array([[1e3] * 3, [5e3] * 3]), np.array([[0.2] * 3, [0.9] * 3]))
        run = np.array([0, 0, 1, 1, 0])
        seen = people.advance(index, before, levels, run, t0_s=1.5, dt_s=1e-4, n=5, rng=rng)

        ap = mine.random(6) < rates.occupancy
        u = mine.random((5, 3))
        first = propagate(ap[index], switching(before, 0.5), u[:1])
        step = switching(levels, 1e-4)
        step = Switching(step.to_ap[run[:-1]], step.change[run[:-1]])
        expected = np.concatenate([first, propagate(first[0], step, u[1:])])
        assert np.array_equal(seen.ap, expected)
        assert seen.factor is None
        ap[index] = expected[-1]
        assert np.array_equal(people.ap, ap)
        assert people.time_s[0] == pytest.approx(1.5004)
        assert people.time_s[1] == 1.0
        assert rng.random() == mine.random()

    @pytest.mark.parametrize("levels", [1, 3])
    def test_many_steps_are_made_by_machine_code_bit_for_bit(
        self, levels: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lived() -> np.ndarray:
            rng = np.random.default_rng(7)
            rates = process(40)
            people = Population.start(chip(40, RICH), rates.occupancy, 0.0, rng)
            several = Rates(rng.uniform(0, 5e3, (levels, 40)), rng.random((levels, 40)))
            run = rng.integers(0, levels, 600) if levels > 1 else None
            after = several if levels > 1 else Rates(*(part[0] for part in several))
            seen = people.advance(
                everyone(40), rates, after, run, t0_s=1e-3, dt_s=1e-4, n=600, rng=rng
            )
            return seen.ap

        compiled = lived()
        assert compiled.size >= population._WORTH_COMPILING
        monkeypatch.setattr(population, "_WORTH_COMPILING", 10**9)
        assert np.array_equal(lived(), compiled)

    def test_each_junction_may_be_looked_at_a_little_later(self) -> None:
        """A multiplexed scan: after a skew of two correlation times half of an e-fold squared."""
        m = 20_000
        rng = np.random.default_rng(6)
        rates = process(m, 1e3, 0.5)
        people = Population.start(chip(m), rates.occupancy, 0.0, rng)
        started = people.ap.copy()
        skew_s = np.repeat([0.0, 2e-3], m // 2)
        seen = people.advance(everyone(m), rates, rates, None, t0_s=skew_s, dt_s=5e-3, n=2, rng=rng)
        moved = (seen.ap[0] != started).reshape(2, -1).mean(axis=1)
        expected = 0.5 * (1 - np.exp(-2))
        assert moved[0] == 0
        assert abs(moved[1] - expected) < BOUND * np.sqrt(expected * (1 - expected) * 2 / m)
        assert np.array_equal(people.time_s, skew_s + 5e-3)

    def test_twelve_hours_of_a_drifting_junction(self) -> None:
        """One sample a second, the rates of each instant: occupancy follows the drift."""
        n, m = 12 * 3600, 40
        faults = tuple(Fault(i, "drifting", v50_v_per_s=20e-3 / n) for i in range(m))
        devices = chip(m, faults=faults)
        rng = np.random.default_rng(7)
        v = np.full(m, PLAIN.v_ref_v)
        t_s = np.arange(n, dtype=np.float64)
        rates = devices.rates(v, v, t_s=t_s[:, np.newaxis])
        people = Population.start(devices, rates.occupancy[0], 0.0, rng)
        seen = people.advance(
            everyone(m), devices.rates(v, v), rates, np.arange(n), t0_s=0.0, dt_s=1.0, n=n, rng=rng
        )
        # Reading a 42 us junction once a second gives independent samples.
        for hour in (0, 6, 11):
            samples = seen.ap[hour * 3600 : (hour + 1) * 3600]
            shift_v = 20e-3 * t_s[hour * 3600 : (hour + 1) * 3600] / n
            expected = (1 / (1 + np.exp(shift_v / 10e-3))).mean()
            error = np.sqrt(expected * (1 - expected) / samples.size)
            assert abs(samples.mean() - expected) < BOUND * error


class TestFluctuations:
    def test_none_draw_nothing_and_cost_nothing(self) -> None:
        people = Population.start(chip(4), np.full(4, 0.5), 0.0, np.random.default_rng(1))
        assert set(people.state()) == {"ap", "time_s"}

    @settings(max_examples=15)
    @given(cuts=st.lists(st.integers(1, 39), max_size=3, unique=True), seed=st.integers(0, 99))
    def test_read_in_pieces_it_is_the_same_series(self, cuts: list[int], seed: int) -> None:
        def series(edges: list[int]) -> tuple[np.ndarray, np.ndarray]:
            rng = np.random.default_rng(seed)
            rates = process(3)
            people = Population.start(chip(3, RICH, THREE), rates.occupancy, 0.0, rng)
            pieces = [
                people.advance(
                    everyone(3), rates, rates, None, t0_s=a * 1e-4, dt_s=1e-4, n=b - a, rng=rng
                )
                for a, b in pairwise(edges)
            ]
            factors = [piece.factor for piece in pieces if piece.factor is not None]
            return np.concatenate([piece.ap for piece in pieces]), np.concatenate(factors)

        whole, cut = series([0, 40]), series([0, *sorted(cuts), 40])
        assert np.array_equal(whole[0], cut[0])
        assert np.allclose(whole[1], cut[1], rtol=1e-12)

    @pytest.mark.parametrize("dt_s", [2e-5, 1e-3, 0.1])
    def test_a_trap_takes_its_share_of_the_time(self, dt_s: float) -> None:
        m, n = 100, 4000
        rng = np.random.default_rng(8)
        rates = process(m)
        people = Population.start(chip(m, replace(RICH, flicker=0.0)), rates.occupancy, 0.0, rng)
        seen = people.advance(everyone(m), rates, rates, None, t0_s=0.5, dt_s=dt_s, n=n, rng=rng)
        assert seen.factor is not None
        assert set(np.unique(seen.factor)) == {0.97, 1.0}
        filled = seen.factor < 0.99
        share = filled.mean(axis=0)
        assert abs(share.mean() - 0.25) < BOUND * share.std(ddof=1) / np.sqrt(m)
        rho = np.exp(-dt_s * (1 / 3e-3 + 1 / 1e-3))
        covariance = ((filled[1:] - 0.25) * (filled[:-1] - 0.25)).mean(axis=0)
        error = covariance.std(ddof=1) / np.sqrt(m)
        assert abs(covariance.mean() - 0.25 * 0.75 * rho) < BOUND * error

    def test_a_third_level_replaces_ap_for_half_of_its_time(self) -> None:
        n = 200_000
        rng = np.random.default_rng(9)
        rates = process(2, 2e3, 0.6)
        devices = chip(2, faults=THREE)
        people = Population.start(devices, rates.occupancy, 0.0, rng)
        seen = people.advance(everyone(2), rates, rates, None, t0_s=1.0, dt_s=1e-3, n=n, rng=rng)
        assert seen.factor is not None
        assert (seen.factor[:, 0] == 1).all()
        r_p, tmr = PLAIN.r_p_ohm, PLAIN.tmr
        g = np.where(seen.ap[:, 1], 1 / r_p / (1 + tmr), 1 / r_p) * seen.factor[:, 1]
        ohm, count = np.unique(np.round(1 / g, 6), return_counts=True)
        assert ohm == pytest.approx([r_p, r_p * (1 + 0.4 * tmr), r_p * (1 + tmr)])
        # Successive samples are correlated: rho of the two processes, e^-2 and e^-1, add little.
        for share, expected in zip(count / n, (0.4, 0.3, 0.3), strict=True):
            assert abs(share - expected) < BOUND * np.sqrt(expected * (1 - expected) / n) * 1.5

    def test_only_who_has_it_is_told_of_it(self) -> None:
        rng = np.random.default_rng(1)
        rates = process(3)
        people = Population.start(chip(3, faults=THREE), rates.occupancy, 0.0, rng)
        one = Rates(rates.total_hz[:1], rates.occupancy[:1])
        for junction, told in ((0, False), (1, True), (2, False)):
            seen = people.advance(
                np.array([junction]), one, one, None, t0_s=1.0, dt_s=0.0, n=1, rng=rng
            )
            assert (seen.factor is not None) == told


class TestState:
    def test_a_restored_population_goes_on_bit_by_bit(self) -> None:
        rates = process(3)

        def fresh(seed: int) -> Population:
            rng = np.random.default_rng(seed)
            return Population.start(chip(3, RICH, THREE), rates.occupancy, 0.0, rng)

        def go_on(people: Population) -> tuple[bytes, bytes]:
            rng = np.random.default_rng(3)
            seen = people.advance(
                everyone(3), rates, rates, None, t0_s=0.2, dt_s=1e-4, n=50, rng=rng
            )
            assert seen.factor is not None
            return seen.ap.tobytes(), seen.factor.tobytes()

        original = fresh(1)
        saved = original.state()
        expected = go_on(original)
        other = fresh(2)
        other.restore(saved)
        assert go_on(other) == expected
        assert all(isinstance(value, np.ndarray) for value in saved.values())

    def test_of_another_chip_it_is_refused(self) -> None:
        rng = np.random.default_rng(1)
        small, large = (Population.start(chip(m, RICH), np.full(m, 0.5), 0.0, rng) for m in (2, 3))
        with pytest.raises(ValueError, match="the saved state has 2 junctions, expected 3"):
            large.restore(small.state())
