import math

import numpy as np
import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.hysteresis import switching_fields
from mtjlab.analysis.resistance import (
    fit_resistance,
    magnetoresistance,
    resistance_of_divider,
)

VOLTAGE = np.linspace(-0.1, 0.1, 21)


def test_a_straight_line():
    noise = 1e-8 * np.random.default_rng(1).standard_normal(21)
    found = fit_resistance(VOLTAGE, VOLTAGE / 5660.0 + 2e-7 + noise)
    assert found.resistance_ohm.covers(5660.0)
    assert found.offset_a.covers(2e-7)
    assert found.linear is True


def test_curvature_is_noticed():
    current = VOLTAGE / 5660.0 * (1.0 + (VOLTAGE / 0.3) ** 2)
    noise = 1e-9 * np.random.default_rng(2).standard_normal(21)
    assert fit_resistance(VOLTAGE, current + noise).linear is False


def test_an_open_junction_has_a_lower_bound_only():
    found = fit_resistance(VOLTAGE, 1e-9 * np.random.default_rng(3).standard_normal(21))
    assert "open?" in str(found.resistance_ohm.reason)
    assert found.resistance_ohm.low > 1e6


def test_two_points_are_too_few():
    assert "3 points" in str(fit_resistance([0.0, 1.0], [0.0, 1.0]).resistance_ohm.reason)


def test_magnetoresistance_and_its_error():
    found = magnetoresistance(Estimate.normal(5000.0, 25.0), Estimate.normal(8000.0, 40.0))
    assert found.value == pytest.approx(0.6)
    assert found.error == pytest.approx(1.6 * 0.005 * math.sqrt(2.0), rel=0.01)
    missing = magnetoresistance(Estimate.none("open", low=0.0), Estimate.normal(8e3, 1.0))
    assert "open" in str(missing.reason)


def test_the_published_divider():
    found = resistance_of_divider(Estimate.normal(36.16e-3, 1e-5), 0.1, 10e3)
    assert found.value == pytest.approx(5664.0, rel=1e-3)
    assert not resistance_of_divider(Estimate.normal(0.0999, 1e-3), 0.1, 10e3).known


def loop(sweeps, jitter=0.0, seed=4, centre=1e-3, coercive=5e-3):
    rng = np.random.default_rng(seed)
    up = np.linspace(-20e-3, 20e-3, 81)
    fields, resistances = [], []
    for _ in range(sweeps):
        at_up, at_down = centre + coercive, centre - coercive
        at_up, at_down = at_up + jitter * rng.normal(), at_down + jitter * rng.normal()
        fields += [up, up[::-1]]
        resistances += [np.where(up > at_up, 9e3, 5e3), np.where(up[::-1] > at_down, 9e3, 5e3)]
    resistance = np.concatenate(resistances)
    return np.concatenate(fields), resistance + 20.0 * rng.standard_normal(len(resistance))


def test_one_loop_is_known_to_a_step():
    found = switching_fields(*loop(1))
    assert found.up_t.covers(6e-3)
    assert found.up_t.high - found.up_t.low == pytest.approx(0.5e-3)
    assert found.down_t.covers(-4e-3)
    assert found.coercive_t.value == pytest.approx(5e-3, abs=5e-4)
    assert found.centre_t.value == pytest.approx(1e-3, abs=5e-4)
    assert found.low_ohm.covers(5e3)


def test_several_loops_give_a_mean():
    found = switching_fields(*loop(20, jitter=1e-3))
    assert found.up_t.covers(6e-3)
    assert found.up_t.high - found.up_t.low < 1.5e-3
    assert "20 crossings" in str(found.up_t.reason)


def test_crossings_in_one_step_are_known_to_that_step_however_many_they_are():
    up = np.arange(-8.0, 9.0)
    one = 1.0 / (1.0 + np.exp(-(up - 3.1) / 0.3))
    field, signal = np.tile([*up, *up[::-1]], 5), np.tile([*one, *one[::-1]], 5)
    found = switching_fields(field, signal, threshold_ohm=0.5)
    assert (found.up_t.low, found.up_t.high) == (3.0, 4.0)
    assert found.centre_t.covers(3.1)
    assert found.centre_t.value == pytest.approx(3.1, abs=0.1)
    assert found.coercive_t.value == pytest.approx(0.0, abs=1e-9)


def test_half_a_loop_says_what_is_missing():
    field, resistance = loop(1)
    found = switching_fields(field[:81], resistance[:81])
    assert found.up_t.known
    assert "falls" in str(found.coercive_t.reason)


def test_no_loop():
    found = switching_fields(np.linspace(0, 1, 50), np.random.default_rng(5).normal(5e3, 1, 50))
    assert "no loop" in str(found.centre_t.reason)
