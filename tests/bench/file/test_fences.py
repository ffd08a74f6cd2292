import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtjlab.bench.fences import enough, fence
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.wiring import Cell, SingleJunction, largest_level_v

LIMITS = JunctionLimits(hard_v=0.5, hard_a=50e-6, soft_v=0.3)
dividers = st.floats(1e-3, 1.0)
resistances = st.floats(1.0, 1e7)
limits_of_any_junction = st.builds(
    JunctionLimits,
    hard_v=st.floats(0.01, 5.0),
    hard_a=st.floats(1e-7, 1e-2),
    soft_v=st.just(0.01),
    r_min_ohm=st.sampled_from([0.0, 100.0, 5e3]),
    r_max_ohm=st.sampled_from([1e4, 1e6, math.inf]),
)


def test_full_scale_at_an_open_and_at_a_shorted_junction() -> None:
    found = fence(0.1, 10e3, 10.0, LIMITS)
    assert found.worst_v == pytest.approx(1.0)
    assert found.worst_a == pytest.approx(100e-6)
    assert not found.holds
    assert "0.05" in found.remedy


def test_a_fence_exactly_at_the_limit_holds() -> None:
    assert fence(0.05, 10e3, 10.0, LIMITS).holds
    assert not fence(0.0501, 10e3, 10.0, LIMITS).holds


@given(dividers, resistances, st.floats(0.1, 200.0), limits_of_any_junction)
def test_the_fence_that_is_proposed_holds_and_no_part_of_it_is_needless(
    divider: float, series_ohm: float, full_scale_v: float, limits: JunctionLimits
) -> None:
    assume(not fence(divider, series_ohm, full_scale_v, limits).holds)
    better, more_ohm = enough(divider, series_ohm, full_scale_v, limits)
    assert fence(better, more_ohm, full_scale_v, limits).holds
    assert better <= divider
    assert more_ohm >= series_ohm
    if better < divider:
        assert not fence(better * 1.02, series_ohm, full_scale_v, limits).holds
    if more_ohm > series_ohm:
        assert not fence(better, more_ohm * 0.97, full_scale_v, limits).holds


@given(dividers, resistances, limits_of_any_junction)
def test_the_largest_level_just_passes(
    divider: float, series_ohm: float, limits: JunctionLimits
) -> None:
    junction = SingleJunction(Cell(0, 0), "smu", series_ohm, divider, None)
    level_v = largest_level_v([junction], limits)
    assert fence(divider, series_ohm, level_v, limits).holds
    assert not fence(divider, series_ohm, level_v * 1.001, limits).holds


def test_nothing_wired_bounds_nothing() -> None:
    assert largest_level_v([], LIMITS) == math.inf
