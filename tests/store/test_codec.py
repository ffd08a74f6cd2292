import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mtjlab.core.errors import StoreError
from mtjlab.core.generators import Generators
from mtjlab.store.codec import decode, encode

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    hnp.byte_string_dtypes(max_len=5),
    hnp.unicode_string_dtypes(max_len=5),
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**63, max_value=2**140),
    st.floats(),
    st.text(),
    ARRAYS,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        little = a.astype(a.dtype.newbyteorder("<"))
        return bool(
            isinstance(b, np.ndarray)
            and a.shape == b.shape
            and little.dtype == b.dtype
            and little.tobytes() == b.tobytes()
        )
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if isinstance(a, float) and a == 0:
        return math.copysign(1, a) == math.copysign(1, b)
    return type(a) is type(b) and a == b


@settings(deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=6))
def test_every_state_comes_back_with_the_same_bits_and_order(state: dict[str, Any]) -> None:
    back = decode(encode(state))
    assert list(back) == list(state)
    assert all(same(state[name], back[name]) for name in state)


@given(st.data())
def test_a_blob_cut_short_is_refused_or_whole(data: st.DataObject) -> None:
    blob = encode({"weights": np.arange(30.0), "name": "x", "n": 3})
    end = data.draw(st.integers(0, len(blob) - 1))
    with pytest.raises(StoreError, match="cannot be read"):
        decode(blob[:end])


def test_arrays_are_writable_and_keep_their_memory_order() -> None:
    a = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    back = decode(encode({"a": a}))["a"]
    assert isinstance(back, np.ndarray)
    assert back.flags.f_contiguous
    assert back.flags.writeable
    np.testing.assert_array_equal(back, a)
    back[0, 0] = 5


def test_a_view_with_gaps_is_stored_by_value() -> None:
    a = np.arange(20)[::3]
    np.testing.assert_array_equal(decode(encode({"a": a}))["a"], a)


def test_numpy_scalars_become_python_numbers() -> None:
    state: dict[str, Any] = {"a": np.float32(0.1), "b": np.int16(-3), "c": np.bool_(True)}
    back = decode(encode(state))
    assert back == {"a": float(np.float32(0.1)), "b": -3, "c": True}


def test_generators_continue_bit_for_bit() -> None:
    generators = Generators(11)
    generators["noise"].standard_normal(101)
    saved = encode(generators.state())
    expected = generators["noise"].standard_normal(50)
    other = Generators(0)
    other.restore({name: str(text) for name, text in decode(saved).items()})
    np.testing.assert_array_equal(other["noise"].standard_normal(50), expected)


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, b"raw", object()])
def test_other_types_are_refused_by_name(value: Any) -> None:
    with pytest.raises(StoreError, match=f"'odd' is a {type(value).__name__}"):
        encode({"odd": value})


def test_object_arrays_are_refused() -> None:
    with pytest.raises(StoreError, match=r"'odd'.*object"):
        encode({"odd": np.array([object()])})


def test_there_is_no_pickle_inside() -> None:
    blob = encode({"a": np.zeros(2), "b": "text"})
    length = int.from_bytes(blob[8:16], "little")
    assert [e["name"] for e in json.loads(blob[16 : 16 + length])] == ["a", "b"]


def test_an_unknown_kind_is_refused() -> None:
    blob = encode({"b": "text"}).replace(b'"str"', b'"abc"')
    with pytest.raises(StoreError, match="unknown kind"):
        decode(blob)
