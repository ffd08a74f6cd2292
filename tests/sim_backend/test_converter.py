import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim_backend.twins.converter import quantise, step_v

RANGES = st.sampled_from([0.2, 1.0, 2.0, 5.0, 10.0])
BITS = st.integers(8, 24)


@given(v=st.floats(-1, 1), range_v=RANGES, bits=BITS)
def test_nearest_code(v: float, range_v: float, bits: int) -> None:
    got = float(quantise(v * range_v * 0.99, range_v, bits))
    assert abs(got - v * range_v * 0.99) <= step_v(range_v, bits) / 2 * (1 + 1e-9)


@given(v=st.floats(-1e6, 1e6), range_v=RANGES, bits=BITS)
def test_what_came_out_goes_through_unchanged(v: float, range_v: float, bits: int) -> None:
    once = quantise(v, range_v, bits)
    assert quantise(once, range_v, bits) == once
    assert -range_v <= once <= range_v - step_v(range_v, bits)


def test_codes_of_a_16_bit_board() -> None:
    assert step_v(10.0, 16) == 20 / 65536
    ramp = quantise(np.linspace(-1.1, 1.1, 200_001), 1.0, 8)
    assert len(np.unique(ramp)) == 256
    assert quantise(0.0, 10.0, 16) == 0.0
    assert not np.signbit(quantise(-1e-9, 10.0, 16))


def test_every_channel_has_its_own_range() -> None:
    got = quantise([[5.0, 5.0]], [1.0, 10.0], 16)
    assert np.allclose(got, [[1.0 - 2 / 65536, 5.0]])
