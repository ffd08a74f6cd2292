import math

import numpy as np
import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.log_tau import crossing, fit_log_tau
from mtjlab.analysis.logistic import effective_count, fit_logistic, fit_occupancies

BIAS = np.linspace(0.08, 0.14, 9)


def curve(v50=0.11, width=0.012):
    return 1.0 / (1.0 + np.exp(-(BIAS - v50) / width))


@pytest.mark.parametrize("width", [0.012, -0.012])
def test_a_curve_without_scatter_comes_back(width):
    found = fit_logistic(BIAS, curve(width=width), np.full(9, 400.0))
    assert found.v50_v.value == pytest.approx(0.11)
    assert found.width_v.value == pytest.approx(width)
    assert found.at(0.11) == pytest.approx(0.5)
    assert found.v50_v.low < 0.11 < found.v50_v.high


def test_a_smaller_count_widens_the_interval_as_its_root():
    many, few = (fit_logistic(BIAS, curve(), np.full(9, n)).v50_v.error for n in (400.0, 100.0))
    assert few == pytest.approx(2.0 * many)


def test_the_count_of_an_occupancy_is_that_of_its_interval():
    p, n = 0.3, 500.0
    error = 1.0 / math.sqrt(n * p * (1 - p))
    odds = math.log(p / (1 - p))
    ends = [1 / (1 + math.exp(-odds - z * error)) for z in (-1.959964, 1.959964)]
    assert effective_count(Estimate(p, *ends)) == pytest.approx(n)
    assert math.isnan(effective_count(Estimate.none("no transition", low=0.0, high=1.0)))


def test_points_without_a_value_are_left_out():
    points = [Estimate(p, p - 0.03, p + 0.03) for p in curve()]
    points[4] = Estimate.none("no transition", low=0.0, high=1.0)
    assert fit_occupancies(BIAS, points).v50_v.covers(0.11)


def test_scatter_beyond_the_errors_stretches_them_and_says_so():
    off = np.clip(curve() + 0.1 * np.cos(np.pi * np.arange(9)), 0.0, 1.0)
    found = fit_logistic(BIAS, off, np.full(9, 4000.0))
    assert found.p_value.value < 0.01
    assert "scatter" in str(found.v50_v.reason)
    assert found.v50_v.error > 3 * fit_logistic(BIAS, curve(), np.full(9, 4000.0)).v50_v.error


@pytest.mark.parametrize(
    ("share", "reason"),
    [
        (np.full(9, 0.5), "does not change"),
        ((BIAS > 0.11).astype(float), "jumps"),
    ],
)
def test_what_is_no_curve_says_so(share, reason):
    assert reason in str(fit_logistic(BIAS, share, np.full(9, 400.0)).v50_v.reason)


def test_one_bias_value_is_no_curve():
    found = fit_logistic([0.1, 0.1], [0.5, 0.6], [10.0, 10.0])
    assert "1 bias values" in str(found.width_v.reason)


def test_impossible_occupancies_are_refused():
    with pytest.raises(ValueError, match="occupancies"):
        fit_logistic([0.1, 0.2], [0.5, 1.2], [10.0, 10.0])


def lines(low_slope=-40.0, high_slope=30.0, relative=0.05):
    taus = []
    for slope in (low_slope, high_slope):
        tau = 1e-4 * np.exp(slope * (BIAS - 0.105))
        taus.append([Estimate.positive(float(t), relative) for t in tau])
    return taus


def test_lines_and_where_they_cross():
    low, high = (fit_log_tau(BIAS, tau) for tau in lines())
    assert low.coefficients[1].value == pytest.approx(-40.0)
    assert low.coefficients[1].error == pytest.approx(
        0.05 / math.sqrt(((BIAS - BIAS.mean()) ** 2).sum())
    )
    at = crossing(low, high)
    assert at.value == pytest.approx(0.105)
    expected = 0.05 * math.sqrt(2 / 9 + 2 * (0.005**2) / ((BIAS - BIAS.mean()) ** 2).sum()) / 70.0
    assert at.error == pytest.approx(expected, rel=0.02)


def test_a_parabola():
    tau = 1e-4 * np.exp(10 * (BIAS - 0.1) + 200 * (BIAS - 0.1) ** 2)
    points = [Estimate.positive(float(t), 0.05) for t in tau]
    found = fit_log_tau(BIAS, points, reference_v=0.1, degree=2)
    assert [c.value for c in found.coefficients] == pytest.approx([math.log(1e-4), 10.0, 200.0])


def test_parallel_lines_do_not_cross():
    low, high = (fit_log_tau(BIAS, tau) for tau in lines(30.0, 30.0))
    assert "same slope" in str(crossing(low, high).reason)


def test_bounds_are_not_points():
    points = [Estimate.none("never left", low=1.0)] * 8 + [Estimate.positive(1.0, 0.1)]
    found = fit_log_tau(BIAS, points)
    assert "1 of 9 dwell times" in str(found.coefficients[0].reason)
    assert not crossing(found, found).known
