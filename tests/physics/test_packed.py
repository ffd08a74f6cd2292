"""Junctions by the word: the same process as junction by junction, and independent ones.

Bounds are in standard errors, with fixed seeds; 4.5 fails once in 150 000 fresh ones, a Kolmogorov-
Smirnov test once in 10 000.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest, poisson

from sim_backend.physics import packed
from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.physics.packed import Packed, unpack
from sim_backend.physics.population import Population
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching

BOUND = 4.5
SMALLEST_P = 1e-4


def various(m: int, seed: int = 1) -> Rates:
    """Correlation times over three decades, occupancies from 1 to 99 %."""
    rng = np.random.default_rng(seed)
    return Rates(10.0 ** rng.uniform(-2, 1, m), rng.uniform(0.01, 0.99, m))


def series(engine: Packed, n: int) -> np.ndarray:
    return unpack(engine.advance(n), engine.m)


class TestProbabilities:
    @given(st.floats(1e-30, 1.0))
    def test_digits_keep_a_probability_to_a_thousandth_and_far_better(self, p: float) -> None:
        digits = packed._digits(np.array([p]))
        kept = sum(Fraction(1, 2 ** (k + 1)) for k, digit in enumerate(digits) if digit[0])
        assert abs(kept / Fraction(p) - 1) < Fraction(1, 10**8)
        if p > 2.0**-70 and p < 1.0:
            assert kept == Fraction(p)

    def test_each_junction_leaves_each_state_with_its_own_probability(self) -> None:
        """4096 of them from 10^-4 to 1/2 in each direction: chi-square over all junctions."""
        m, n = 4096, 1 << 14
        rng = np.random.default_rng(2)
        up, down = 10.0 ** rng.uniform(-4, np.log10(0.5), (2, m))
        # Probabilities of a step of 1 s from the rates that give them.
        change = up + down
        engine = Packed(Rates(-np.log1p(-np.minimum(change, 0.999999)), up / change), 1.0, m, rng)
        step = switching(Rates(-np.log1p(-np.minimum(change, 0.999999)), up / change), 1.0)
        states = series(engine, n)
        before, after = states[:-1], states[1:]
        for state, p in ((False, step.to_ap), (True, step.change - step.to_ap)):
            tried = (before == state).sum(axis=0)
            left = ((before == state) & (after != state)).sum(axis=0)
            enough = tried * p > 20
            assert enough.sum() > 1000
            z = (left - tried * p)[enough] / np.sqrt(tried * p * (1 - p))[enough]
            total = (z**2).sum()
            assert chi2.sf(total, enough.sum()) > SMALLEST_P
            assert chi2.cdf(total, enough.sum()) > SMALLEST_P

    @pytest.mark.parametrize(("p", "rounds"), [(1e-4, 1), (1e-6, 1), (1e-8, 16)])
    def test_rare_flips_are_as_rare_as_they_should_be(self, p: float, rounds: int) -> None:
        """Beyond the twelve digits that are compared at once. Flips are counted, seed 3."""
        m, n = 4096, 1 << 16
        rates = Rates(np.full(m, -np.log1p(-2 * p)), np.full(m, 0.5))
        engine = Packed(rates, 1.0, m, np.random.default_rng(3))
        flips = 0
        for _ in range(rounds):
            words = np.concatenate([engine.words[np.newaxis], engine.advance(n)])
            flips += int(np.bitwise_count(words[1:] ^ words[:-1]).sum())
        expected = p * m * n * rounds
        assert poisson.cdf(flips, expected) > SMALLEST_P
        assert poisson.sf(flips - 1, expected) > SMALLEST_P

    def test_certain_and_impossible(self) -> None:
        m = 70
        always = Packed(Rates(np.full(m, 1e9), np.ones(m)), 1.0, m, np.random.default_rng(0))
        assert series(always, 100).all()
        rng = np.random.default_rng(0)
        frozen = Packed(Rates(np.zeros(m), np.full(m, 0.5)), 1.0, m, rng)
        first = frozen.ap
        assert 0 < first.sum() < m
        assert (series(frozen, 1000) == first).all()


class TestAgainstPropagate:
    @pytest.mark.parametrize("dt_s", [0.01, 0.3, 10.0])
    def test_same_occupancy_and_correlation(self, dt_s: float) -> None:
        """Both against the closed form and with each other, junction by junction."""
        m, n = 512, 1 << 14
        rates = various(m)
        rng = np.random.default_rng(4)
        step = switching(rates, dt_s)
        one = series(Packed(rates, dt_s, m, rng), n)
        other = propagate(rng.random(m) < rates.occupancy, step, rng.random((n, m)))
        q, rho = rates.occupancy, np.exp(-rates.total_hz * dt_s)
        # Of the mean of n samples of an exponentially correlated series, exact for any rho.
        spread = n * (1 - rho**2) - 2 * rho * (1 - rho**n)
        error = np.sqrt(q * (1 - q) * spread / (1 - rho) ** 2) / n
        for states in (one, other):
            z = (states.mean(axis=0) - q) / error
            assert abs(z.mean()) < BOUND / np.sqrt(m)
            assert abs(z.std() - 1) < BOUND / np.sqrt(2 * m) + 0.05
        lag1 = [((s[1:] - q) * (s[:-1] - q)).mean(axis=0) for s in (one, other)]
        for found, expected in ((lag1[0], q * (1 - q) * rho), (lag1[0], lag1[1])):
            away = found - expected
            assert abs(away.mean()) < BOUND * away.std(ddof=1) / np.sqrt(m)

    def test_dwell_times_are_geometric(self) -> None:
        """Exponential once the step is undone, as in test_telegraph_statistics."""
        m, n, leaving = 1024, 1 << 13, 0.02
        rng = np.random.default_rng(5)
        rates = Rates(np.full(m, -np.log1p(-2 * leaving)), np.full(m, 0.5))
        states = series(Packed(rates, 1.0, m, rng), n)
        dwells = []
        for one in states.T:
            edges = np.flatnonzero(one[1:] != one[:-1])
            dwells.append(np.diff(edges)[edges[:-1] < n // 2])
        samples = np.concatenate(dwells)
        rate = -np.log1p(-leaving)
        within = -np.log1p(rng.random(len(samples)) * np.expm1(-rate)) / rate
        assert kstest((samples - 1 + within) * rate, "expon").pvalue > SMALLEST_P


class TestIndependence:
    def test_no_junction_flips_with_another_one(self) -> None:
        """Pairs 1 to 63 and 512 bits apart, at the same step and one later; flips of 1 in 500.

        A shift-register generator fails here: its words share bits.
        """
        m, n, p = 4096, 1 << 14, 2e-3
        rng = np.random.default_rng(6)
        engine = Packed(Rates(np.full(m, -np.log1p(-2 * p)), np.full(m, 0.5)), 1.0, m, rng)
        words = engine.advance(n)
        flips = words[1:] ^ words[:-1]
        smallest = 1e-6  # of 256 comparisons
        for later in (0, 1):
            now, then = flips[: len(flips) - later], flips[later:]
            for apart in range(1, 64):
                mask = np.uint64((1 << (64 - apart)) - 1)
                both = int(np.bitwise_count(now & (then >> np.uint64(apart)) & mask).sum())
                expected = p * p * len(now) * 64 * (64 - apart)
                assert poisson.cdf(both, expected) > smallest
                assert poisson.sf(both - 1, expected) > smallest
            both = int(np.bitwise_count(now[:, :56] & then[:, 8:]).sum())
            expected = p * p * len(now) * 56 * 64
            assert poisson.cdf(both, expected) > smallest
            assert poisson.sf(both - 1, expected) > smallest


class TestReadings:
    def test_levels_and_noise(self) -> None:
        m, n = 200, 2000
        rates = various(m)
        levels = np.linspace(0.03, 0.04, m)
        engine, twin = (Packed(rates, 0.1, m, np.random.default_rng(7)) for _ in range(2))
        volts = engine.read(n, levels, levels + 0.012, 0.9e-3)
        assert volts.dtype == np.float32
        states = series(twin, n)
        noise = (volts - (levels + 0.012 * states)) / 0.9e-3
        assert abs(noise.mean()) < BOUND / np.sqrt(noise.size)
        assert abs(noise.std() - 1) < BOUND / np.sqrt(2 * noise.size)
        assert kstest(noise.ravel(), "norm").pvalue > SMALLEST_P
        for x, y in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1])):
            assert abs((x * y).mean()) < BOUND / np.sqrt(x.size)

    def test_each_junction_has_its_own_noise(self) -> None:
        sigma = np.linspace(0.0, 2.0, 5)
        engine = Packed(various(5), 0.1, 5, np.random.default_rng(8))
        found = engine.read(20_000, 0.0, 0.0, sigma).std(axis=0)
        assert found == pytest.approx(sigma, rel=BOUND / np.sqrt(40_000))


class TestUse:
    @settings(max_examples=10, deadline=None)
    @given(m=st.sampled_from([1, 63, 64, 65, 700, 5000]), cut=st.integers(0, 130))
    def test_in_pieces_it_is_the_same(self, m: int, cut: int) -> None:
        whole, pieces = (Packed(various(m), 0.2, m, np.random.default_rng(9)) for _ in range(2))
        expected = whole.advance(130)
        got = np.concatenate([pieces.advance(cut), pieces.advance(130 - cut)])
        assert np.array_equal(got, expected)
        assert expected.shape == (130, whole.width)
        assert np.array_equal(unpack(expected, m)[-1], whole.ap)
        # Nothing lives beyond the last junction.
        assert not unpack(expected, 64 * whole.width)[:, m:].any()
        volts = whole.read(130, 0.0, 1.0, 0.1)
        cuts = np.concatenate(
            [pieces.read(cut, 0.0, 1.0, 0.1), pieces.read(130 - cut, 0.0, 1.0, 0.1)]
        )
        assert np.array_equal(volts, cuts)

    def test_junction_j_is_bit_j(self) -> None:
        occupancy = (np.arange(300) % 7 == 0).astype(float)
        engine = Packed(Rates(np.full(300, 1e9), occupancy), 1.0, 300, np.random.default_rng(0))
        assert np.array_equal(series(engine, 3), np.tile(occupancy == 1, (3, 1)))

    def test_restored_it_goes_on_bit_by_bit(self) -> None:
        original, other = (Packed(various(100), 0.2, 100, np.random.default_rng(s)) for s in (1, 2))
        original.read(77, 0.0, 1.0, 0.1)
        saved = original.state()
        expected = (original.advance(50), original.read(50, 0.0, 1.0, 0.1))
        other.restore(saved)
        assert np.array_equal(other.advance(50), expected[0])
        assert np.array_equal(other.read(50, 0.0, 1.0, 0.1), expected[1])
        with pytest.raises(ValueError, match="the saved state has 100 junctions, expected 101"):
            Packed(various(101), 0.2, 101, np.random.default_rng(0)).restore(saved)

    def test_retuned_it_keeps_its_states(self) -> None:
        engine = Packed(various(100), 0.2, 100, np.random.default_rng(1))
        before, words = engine.ap, engine.words
        engine.advance(1)
        assert np.array_equal(unpack(words[np.newaxis], 100)[0], before)  # not a view
        before = engine.ap
        engine.retune(Rates(np.zeros(100), np.full(100, 0.5)), 1.0)
        assert np.array_equal(series(engine, 5)[-1], before)

    def test_memory_of_the_callers_is_used_or_refused(self) -> None:
        engine = Packed(various(100), 0.2, 100, np.random.default_rng(1))
        mine = np.empty((4, engine.width), dtype=np.uint64)
        assert engine.advance(4, out=mine) is mine
        for wrong in (mine[:3], mine.view(np.int64), np.empty((8, engine.width), np.uint64)[::2]):
            with pytest.raises(ValueError, match="out is"):
                engine.advance(4, out=wrong)
        with pytest.raises(ValueError, match="m = 0 junctions"):
            Packed(various(1), 0.2, 0, np.random.default_rng(1))


class TestPopulation:
    KIND = JunctionParameters()

    def population(self, kind: JunctionParameters, m: int, seed: int) -> Population:
        devices = Devices.draw(kind, Spread(), (), m, 0)
        return Population.start(devices, np.full(m, 0.5), 0.0, np.random.default_rng(seed))

    def test_a_population_goes_on_by_the_word(self) -> None:
        m, n = 600, 4000
        index = np.arange(100, 600)
        rates = various(500)
        results = []
        for _ in range(2):
            people = self.population(self.KIND, m, 1)
            untouched = people.ap[:100].copy()
            rng = np.random.default_rng(2)
            engine = Packed(rates, 0.2, 500, np.random.default_rng(77))
            words = people.advance_packed(index, rates, engine, t0_s=1e6, dt_s=0.2, n=n, rng=rng)
            results.append(words)
            states = unpack(words, 500)
            assert np.array_equal(people.ap[index], states[-1])
            assert np.array_equal(people.ap[:100], untouched)
            assert people.time_s[300] == pytest.approx(1e6 + (n - 1) * 0.2)
            flips = (states[1:] != states[:-1]).mean(axis=0)
            step = switching(rates, 0.2)
            expected = 2 * rates.occupancy * (step.change - step.to_ap)
            away = flips - expected
            assert abs(away.mean()) < BOUND * away.std(ddof=1) / np.sqrt(500)
        # All from the generator given, whatever the engine did before.
        assert np.array_equal(*results)

    def test_what_has_no_packed_form_is_refused(self) -> None:
        people = self.population(JunctionParameters(trap_depth=0.1), 3, 1)
        engine = Packed(various(3), 0.2, 3, np.random.default_rng(0))
        with pytest.raises(ValueError, match="cannot be taken by the word"):
            people.advance_packed(
                np.arange(3),
                various(3),
                engine,
                t0_s=1.0,
                dt_s=0.2,
                n=2,
                rng=np.random.default_rng(0),
            )
