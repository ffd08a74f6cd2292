import math

import numpy as np
import pytest

from mtjlab.core.errors import DataError
from mtjlab.learning.serial_fit import fit_serial
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching


def trace(rho: float, white: float, samples: int, seed: int, occupancy: float = 0.4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    step = switching(Rates(np.ones(1), np.full(1, occupancy)), -math.log(rho))
    upper = propagate(rng.random(1) < occupancy, step, rng.random((samples, 1)))[:, 0]
    sigma_v = 12e-3 * math.sqrt(white * occupancy * (1.0 - occupancy))
    noisy = 36e-3 + 12e-3 * upper + sigma_v * rng.standard_normal(samples)
    return noisy.astype(np.float32)


@pytest.mark.parametrize("rho", [0.3, 0.838, 0.99])
@pytest.mark.parametrize("white", [0.0, 0.0234, 1.0])
def test_rho_and_white_part_are_found_within_their_errors(rho, white):
    found = fit_serial(trace(rho, white, 200_000, seed=round(1000 * rho)))
    # 4.5 sigma: of 18 numbers none is that far off once in 8000 times; errors are known to 13 %.
    assert abs(found.rho - rho) < 4.5 * found.rho_error
    assert abs(found.white_ratio - white) < 4.5 * found.white_ratio_error
    assert found.rho_error < 0.02
    assert found.white_ratio_error < 0.15


def test_the_stated_errors_are_those_of_repetition():
    fits = [fit_serial(trace(0.838, 0.1, 30_000, seed)) for seed in range(30)]
    for value, error in (("rho", "rho_error"), ("white_ratio", "white_ratio_error")):
        spread = np.std([getattr(f, value) for f in fits])
        stated = np.mean([getattr(f, error) for f in fits])
        # The spread of 30 is itself known to 13 %.
        assert stated == pytest.approx(spread, rel=0.45)


def test_slow_junctions_are_looked_at_over_longer_lags():
    found = fit_serial(trace(0.999, 3.0, 400_000, seed=4))
    assert found.rho == pytest.approx(0.999, abs=4.5 * found.rho_error)
    assert found.white_ratio == pytest.approx(3.0, abs=4.5 * found.white_ratio_error)
    assert found.rho_error < 3e-4


def test_independent_reads_leave_nothing_to_undo():
    white = np.random.default_rng(0).standard_normal(50_000)
    found = fit_serial(white)
    assert found.rho == 0.0
    assert found.white_ratio == 0.0
    assert 0.0 < found.rho_error < 0.01


def test_where_only_neighbours_share_noise_rho_is_theirs():
    found = fit_serial(trace(0.05, 0.0, 200_000, seed=1))
    assert found.rho == pytest.approx(0.05, abs=4.5 * found.rho_error)
    assert math.isnan(found.white_ratio_error)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.zeros(10), "at least 640"),
        (np.zeros((100, 100)), "shape"),
        (np.full(1000, 0.042), "constant"),
        (np.r_[np.zeros(999), np.nan], "finite"),
        (np.repeat([0.0, 1.0], 5000), "too short"),
    ],
)
def test_what_cannot_be_measured_is_said(bad, said):
    with pytest.raises(DataError, match=said):
        fit_serial(bad)
