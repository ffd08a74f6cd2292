"""Refuse, never clip; the worst case is computed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import LimitError
from mtjlab.core.limits import JunctionLimits, Limit


def test_a_limit_gives_back_what_lies_inside_and_refuses_the_rest() -> None:
    limit = Limit(-0.5, 0.5, "V")
    assert limit.check(0.5, "bias") == 0.5
    with pytest.raises(LimitError, match=r"bias = 600 mV is outside -500 mV .. 500 mV; nothing"):
        limit.check(0.6, "bias")
    with pytest.raises(LimitError):
        limit.check(math.nan, "bias")


def test_open_sees_the_whole_voltage_and_short_the_whole_current() -> None:
    limits = JunctionLimits(hard_v=0.5, hard_a=50e-6, soft_v=0.3)
    volts, amperes = limits.worst_case(-0.1, 10e3)
    assert volts == 0.1
    assert amperes == pytest.approx(10e-6)
    assert limits.worst_case(0.1, 0.0)[1] == math.inf
    assert limits.worst_case(0.0, 0.0) == (0.0, 0.0)


@given(
    source_v=st.floats(0, 10),
    series_ohm=st.floats(1, 1e6),
    r_ohm=st.floats(100, 1e5),
)
def test_declared_range_bounds_every_junction_in_it(
    source_v: float, series_ohm: float, r_ohm: float
) -> None:
    limits = JunctionLimits(0.5, 50e-6, 0.3, r_min_ohm=100, r_max_ohm=1e5)
    worst_v, worst_a = limits.worst_case(source_v, series_ohm)
    current_a = source_v / (series_ohm + r_ohm)
    assert current_a <= worst_a * (1 + 1e-12)
    assert current_a * r_ohm <= worst_v * (1 + 1e-12)
