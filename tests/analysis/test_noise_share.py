"""Junction noise over instrument noise, with an interval."""

import numpy as np
import pytest

from mtjlab.analysis.noise_share import noise_share, variance_of


def test_the_interval_holds_the_truth_in_19_of_20_cases():
    rng, inside = np.random.default_rng(7), 0
    for _ in range(300):
        off = rng.standard_normal(2000)
        telegraph = 3.0 * (np.cumsum(rng.random(2000) < 0.2) % 2)
        on = rng.standard_normal(2000) + telegraph
        found = noise_share(variance_of(on), variance_of(off))
        inside += found.covers(1.5)
    # 300 cases, nominally 285; the binomial 99 % range, and memory is only estimated.
    assert 270 <= inside <= 298


def test_what_cannot_be_known_says_why():
    still, noisy = variance_of(np.ones(100)), variance_of(np.arange(100) % 7)
    assert "no noise" in str(noise_share(noisy, still).reason)
    less = noise_share(noisy, (2.0 * noisy[0], noisy[1]))
    assert not less.known
    assert less.low == 0.0
    with pytest.raises(ValueError, match="n >= 10"):
        variance_of(np.ones(3))
