"""Quantities as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import ParameterError
from mtjlab.core.units import PREFIXES, parse_quantity, si


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5u", "A", 5e-6),
        ("50 uA", "A", 50e-6),
        ("200k", "Hz", 200e3),
        ("0.1 V", "V", 0.1),
        ("100 mV", "V", 0.1),
        ("10 kohm", "ohm", 10e3),
        ("10 kΩ", "ohm", 10e3),
        ("1e-3", "s", 1e-3),
        ("28.3 us", "s", 28.3e-6),
        ("28.3 µs", "s", 28.3e-6),
        ("-3 mT", "T", -3e-3),
        ("1.5M", "", 1.5e6),
        ("2 m", "m", 2.0),
        ("2 m", "V", 2e-3),
        (".5", "", 0.5),
    ],
)
def test_reads_what_people_write(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "fragment"),
    [
        ("10 kV", "ohm", "is in V; expected a value in ohm"),
        ("ten", "V", "is not a number"),
        ("5 x", "V", "neither an SI prefix nor a unit"),
        ("", "V", "is not a number"),
        ("5 V", "", "expected a value without a unit"),
        ("1e999", "V", "too large"),
        ("nan", "V", "is not a number"),
        ("1 2", "V", "is not a number"),
    ],
)
def test_refuses_what_it_cannot_mean(text: str, unit: str, fragment: str) -> None:
    with pytest.raises(ParameterError) as refused:
        parse_quantity(text, unit)
    assert fragment in str(refused.value)
    assert repr(text) in str(refused.value)


@given(
    mantissa=st.integers(-999_999, 999_999),
    prefix=st.sampled_from(sorted(PREFIXES)),
    unit=st.sampled_from(["V", "A", "s", "ohm", "Hz"]),
    space=st.sampled_from(["", " "]),
)
def test_a_prefix_means_the_float_with_that_exponent(
    mantissa: int, prefix: str, unit: str, space: str
) -> None:
    value = parse_quantity(f"{mantissa}{space}{prefix}{unit}", unit)
    assert value == float(f"{mantissa}e{PREFIXES[prefix]}")


@given(st.floats(1e-14, 1e10), st.sampled_from(["V", "A", "ohm"]))
def test_what_is_shown_can_be_read_back(value: float, unit: str) -> None:
    assert math.isclose(parse_quantity(si(value, unit, digits=12), unit), value, rel_tol=1e-10)


def test_people_see_prefixes() -> None:
    assert si(5e-6, "A") == "5 uA"
    assert si(0.0, "V") == "0 V"
    assert si(-0.1, "V") == "-100 mV"
    assert si(9240, "ohm") == "9.24 kohm"
    assert si(math.inf, "ohm") == "inf ohm"
    assert si(1000.0, "s") == "1 ks"
