import numpy as np
import pytest

from mtjlab.analysis.crosstalk import crosstalk
from mtjlab.analysis.memory import memory_of
from tests.analysis.traces import states


def test_memory_shortens_a_series_as_the_closed_form_says():
    """Of an autoregression with coefficient a, (1 + a) / (1 - a)."""
    rng = np.random.default_rng(1)
    values = np.zeros(200_000)
    kicks = rng.standard_normal(200_000)
    for k in range(1, len(values)):
        values[k] = 0.8 * values[k - 1] + kicks[k]
    assert memory_of(values) == pytest.approx(9.0, rel=0.1)
    assert memory_of(kicks) == pytest.approx(1.0, abs=0.05)


def test_slow_junctions_are_worth_fewer_samples():
    rng = np.random.default_rng(2)
    slow = np.stack([states(rng, 100.0, 100.0, 40_000) for _ in range(2)], axis=1)
    found = crosstalk(slow.astype(float))
    # Autocorrelations exp(-k / 50) each: sum of the product is 25.
    assert found.effective[0, 1] == pytest.approx(40_000 / 51, rel=0.4)
    assert found.pair(0, 1).covers(0.0)
    assert found.chance > 0.05


def test_a_pair_that_moves_together_is_found():
    rng = np.random.default_rng(3)
    one = states(rng, 10.0, 10.0, 20_000).astype(float)
    traces = np.stack([one, 0.3 * one + rng.standard_normal(20_000), np.ones(20_000)], axis=1)
    found = crosstalk(traces)
    assert found.pair(0, 1).value == pytest.approx(0.148, abs=0.04)
    assert found.pair(0, 1).low > 0.0
    assert found.constant == (2,)
    assert "column 2" in str(found.pair(0, 2).reason)
    assert (found.low[:2, :2] <= found.correlation[:2, :2]).all()


@pytest.mark.parametrize("traces", [np.ones(100), np.full((100, 2), np.nan)])
def test_what_are_no_traces_is_refused(traces):
    with pytest.raises(ValueError, match="traces of shape"):
        crosstalk(traces)
