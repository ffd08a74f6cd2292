"""Lines and the half-voltage of TMR: closed forms, coverage, and what cannot be concluded."""

import numpy as np
import pytest

from mtjlab.analysis.bias_dependence import fit_line, fit_magnetoresistance
from mtjlab.analysis.estimate import Estimate

VOLTS = np.linspace(0.02, 0.3, 15)


def measured(rng, true, error):
    return [Estimate.normal(float(v), error) for v in true + rng.normal(0, error, len(true))]


def covered(estimates, truth):
    return np.mean([one.covers(truth) for one in estimates])


def test_a_line_without_noise_is_that_line():
    line = fit_line(VOLTS, [Estimate.normal(5e3 - 100 * v, 1e-6) for v in VOLTS])
    assert line.a.value == pytest.approx(5e3, rel=1e-9)
    assert line.b.value == pytest.approx(-100, rel=1e-6)
    assert line.at(0.1).value == pytest.approx(4990, rel=1e-9)


def test_intervals_of_the_line_cover():
    rng = np.random.default_rng(1)
    lines = [fit_line(VOLTS, measured(rng, 5e3 - 100 * VOLTS, 3.0)) for _ in range(1000)]
    # 95 % of 1000 is within 93 .. 97 with a chance of 99.6 %.
    assert 0.93 <= covered([line.a for line in lines], 5e3) <= 0.97
    assert 0.93 <= covered([line.b for line in lines], -100.0) <= 0.97


def test_intervals_of_tmr_and_half_voltage_cover():
    rng = np.random.default_rng(2)
    true = 0.6 / (1 + (VOLTS / 0.5) ** 2)
    fits = [fit_magnetoresistance(VOLTS, measured(rng, true, 0.003)) for _ in range(1000)]
    assert 0.93 <= covered([fit.tmr0 for fit in fits], 0.6) <= 0.97
    assert 0.93 <= covered([fit.half_v for fit in fits], 0.5) <= 0.97


def test_no_fall_with_bias_is_said_and_bounded():
    rng = np.random.default_rng(3)
    fit = fit_magnetoresistance(VOLTS, measured(rng, np.full(15, 0.6), 0.003))
    assert fit.tmr0.covers(0.6)
    assert not fit.half_v.known
    assert "does not fall" in fit.half_v.reason
    assert 0.5 < fit.half_v.low < np.inf


def test_a_rise_with_bias_has_no_half_voltage():
    fit = fit_magnetoresistance(VOLTS, [Estimate.normal(0.5 * (1 + v**2), 1e-5) for v in VOLTS])
    assert "rises" in fit.half_v.reason


def test_too_few_points_say_so():
    none = Estimate.none("not seen")
    assert "two different" in fit_line([0.1, 0.2], [none, Estimate(1.0, 0.9, 1.1)]).a.reason
    fit = fit_magnetoresistance([0.1], [Estimate(0.6, 0.5, 0.7)])
    assert "two different" in fit.tmr0.reason
    with pytest.raises(ValueError, match="2 values"):
        fit_line([0.1], [none, none])


def test_scatter_beyond_the_errors_widens_the_intervals():
    rng = np.random.default_rng(4)
    values = 5e3 + rng.normal(0, 30.0, 15)
    line = fit_line(VOLTS, [Estimate.normal(float(v), 3.0) for v in values])
    assert "scatter" in line.a.reason
    assert line.a.covers(5e3)
