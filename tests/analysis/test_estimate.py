import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.analysis.estimate import Estimate


def test_the_interval_of_a_normal_law():
    found = Estimate.normal(2.0, 0.5)
    assert found.low == pytest.approx(2.0 - 0.5 * 1.95996, abs=1e-5)
    assert found.error == pytest.approx(0.5)
    assert found.covers(2.9)
    assert not found.covers(3.0)


def test_few_degrees_of_freedom_widen_it():
    assert Estimate.normal(0.0, 1.0, dof=4).high == pytest.approx(2.776, abs=1e-3)


@given(st.floats(1e-9, 1e9), st.floats(1e-3, 2.0))
def test_a_positive_quantity_and_its_reciprocal_say_the_same(value, relative):
    found = Estimate.positive(value, relative)
    back = found.reciprocal().reciprocal()
    assert 0.0 < found.low < found.value < found.high
    assert (back.low, back.high) == pytest.approx((found.low, found.high))
    assert found.reciprocal().covers(1.0 / value)


def test_what_bounds_it_survives_the_reciprocal():
    rate = Estimate.none("never left", low=0.0, high=0.5).reciprocal()
    assert (rate.low, rate.high) == (2.0, math.inf)
    assert rate.reason == "never left"


def test_no_value_without_a_reason():
    with pytest.raises(ValueError, match="without a reason"):
        Estimate(math.nan, 0.0, 1.0)
    with pytest.raises(ValueError, match="interval"):
        Estimate(1.0, 2.0, 1.0)


def test_json_has_neither_nan_nor_infinity():
    text = json.dumps(Estimate.none("too short", low=1.0).as_json(), allow_nan=False)
    assert json.loads(text) == {"value": None, "low": 1.0, "high": None, "reason": "too short"}
