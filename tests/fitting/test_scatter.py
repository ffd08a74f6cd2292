"""Mean and scatter of a chip: coverage on drawn chips, and what few junctions cannot tell.

Of 400 intervals that cover with 95 %, fewer than 360 do once in 50 000 times.
"""

import math

import numpy as np
import pytest

from mtjlab.fitting.scatter import scatter

CHIPS, LEAST = 400, 360


@pytest.mark.parametrize("sigma", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("junctions", [4, 30])
def test_intervals_hold_the_truth(sigma: float, junctions: int) -> None:
    rng = np.random.default_rng(3)
    mean = spread = 0
    for _ in range(CHIPS):
        errors = rng.uniform(0.05, 0.5, junctions)
        values = 2.0 + sigma * rng.standard_normal(junctions)
        found = scatter(values + errors * rng.standard_normal(junctions), errors)
        mean += found.mean.covers(2.0)
        spread += found.sigma.covers(sigma)
    assert mean >= LEAST
    assert spread >= LEAST


def test_the_noise_of_the_estimates_is_taken_off() -> None:
    rng = np.random.default_rng(1)
    errors = np.full(4000, 0.3)
    values = 0.4 * rng.standard_normal(4000) + errors * rng.standard_normal(4000)
    # The plain standard deviation is 0.5.
    assert scatter(values, errors).sigma.value == pytest.approx(0.4, rel=0.05)


def test_a_common_error_widens_the_mean_alone() -> None:
    values, errors = [1.0, 1.1, 0.9, 1.05], [0.1] * 4
    plain, common = scatter(values, errors), scatter(values, errors, common=1.0)
    assert common.sigma == plain.sigma
    assert common.mean.high - common.mean.value > 1.95


def test_one_junction_has_a_mean_and_no_scatter() -> None:
    found = scatter([2.0], [0.1])
    assert found.mean.value == 2.0
    assert found.mean.reason == "of a single junction"
    assert not found.sigma.known
    assert found.sigma.low == 0.0
    assert "single" in (found.sigma.reason or "")


def test_no_junction_has_neither() -> None:
    assert not scatter([], []).mean.known


@pytest.mark.parametrize(
    ("values", "errors"), [([1.0], [0.0]), ([math.nan], [1.0]), ([1.0, 2.0], [1.0])]
)
def test_what_is_no_value_is_refused(values: list[float], errors: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must be|expected"):
        scatter(values, errors)
