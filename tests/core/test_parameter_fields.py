"""Parameters as a form sees them: shipped ones, odd ones, and texts that come back as they went."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Interval
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from mtjlab.core import plugins
from mtjlab.core.errors import ParameterError
from mtjlab.core.field_text import read_text, write_text
from mtjlab.core.field_verdict import judged
from mtjlab.core.parameter_fields import ParameterField, fields_of
from mtjlab.core.parameters import Ge, Gt, Le, Lt, Parameters, Quantity
from mtjlab.core.quantity_text import quantity_text
from mtjlab.core.toml_value import toml_or_text, toml_value
from mtjlab.core.units import SI_UNITS, parse_quantity

PROTOCOLS = plugins.names("protocols")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@cache
def model(protocol: str) -> type[Parameters]:
    made: type[Parameters] = plugins.load("protocols", protocol).parameters
    return made


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_parameter_of_every_protocol_is_understood_and_described(protocol: str) -> None:
    for name, field in fields_of(model(protocol)).items():
        assert field.description, name
        # One name or one for each layer.
        assert field.kind != "any" or name == "fabric", name
        assert bool(field.none_means) == field.optional, name
        assert field.none_means != "left to the protocol" or name == "biases", name
        text = write_text(field, field.default)
        assert (read_text(field, text) if text else None) == field.default, name


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bounds_are_those_that_pydantic_keeps(protocol: str) -> None:
    checked = 0
    for field in fields_of(model(protocol)).values():
        inner, wrap = (field.item, lambda v: [v]) if field.item else (field, lambda v: v)
        for low, bound in ((True, inner.low), (False, inner.high)):
            if bound is None:
                continue
            beyond = -math.inf if low else math.inf
            step = -1 if low else 1
            for value, allowed in (
                (bound.value, bound.inclusive),
                (past(inner, bound.value, beyond, step), False),
                (past(inner, bound.value, -beyond, -step), True),
            ):
                words = refusal(protocol, field, wrap(value))
                assert (words == "") is allowed, (field.name, value)
                assert allowed or inner.range_words in words
                checked += 1
    assert checked > 10


def past(field: ParameterField, value: float, towards: float, step: int) -> float | int:
    return int(value) + step if field.kind == "integer" else math.nextafter(value, towards)


def refusal(protocol: str, field: ParameterField, value: Any) -> str:
    if field.item and field.item.kind == "integer":
        value = [int(one) for one in value]
    try:
        judged(model(protocol), field, int(value) if field.kind == "integer" else value)
    except ParameterError as error:
        return str(error)
    return ""


@given(value=FINITE, unit=st.sampled_from(["", "%", "mA", *SI_UNITS]))
def test_a_quantity_reads_back_as_the_same_float(value: float, unit: str) -> None:
    assert parse_quantity(quantity_text(value, unit), unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5e-6, "A", "5 uA"),
        (-0.1, "V", "-100 mV"),
        (200e3, "Hz", "200 kHz"),
        (0.0, "V", "0 V"),
        (3600.0, "s", "3600 s"),
        (1e12, "ohm", "1000 Gohm"),
        (0.002, "", "0.002"),
        (3e-5, "", "3e-5"),
        (1e6, "", "1000000"),
        (0.5, "%", "0.5 %"),
        (math.inf, "V", "inf V"),
    ],
)
def test_a_quantity_is_written_as_people_read_it(value: float, unit: str, text: str) -> None:
    assert quantity_text(value, unit) == text


def values(field: ParameterField) -> st.SearchStrategy[Any]:
    if field.kind == "list" and field.item is not None:
        return st.lists(values(field.item), max_size=4)
    json = st.recursive(
        st.booleans() | st.integers(-(2**60), 2**60) | FINITE | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    )
    return {
        "number": FINITE,
        "integer": st.integers(-(2**60), 2**60),
        "flag": st.booleans(),
        "choice": st.sampled_from(field.choices or ("",)),
        "text": TEXT,
        "table": st.dictionaries(TEXT, json, max_size=3),
    }.get(field.kind, json)


@settings(max_examples=300)
@given(data=st.data())
def test_text_is_read_as_the_value_it_was_written_for(data: Any) -> None:
    protocol = data.draw(st.sampled_from(PROTOCOLS))
    field = data.draw(st.sampled_from(list(fields_of(model(protocol)).values())))
    value = data.draw(values(field))
    text = write_text(field, value)
    assert read_text(field, text) == value
    assert write_text(field, read_text(field, text)) == text


@given(value=st.recursive(st.booleans() | st.integers(-9, 9) | FINITE | TEXT, st.lists))
def test_toml_on_one_line_reads_back(value: Any) -> None:
    assert toml_or_text(toml_value(value)) == value


@given(text=TEXT)
def test_what_set_takes_for_text_is_text(text: str) -> None:
    assume(isinstance(toml_or_text(text), str))
    assert toml_or_text(toml_value(text)) == text


def one_of(value: Any) -> Any:
    if value not in (1, "x"):
        raise ValueError("expected one of 1, x")
    return value


class Odd(Parameters):
    """As other houses write them."""

    amps: Annotated[float, Quantity("A"), Gt(0), Le(1e-3)]
    band: Annotated[float, Interval(gt=0, lt=5)] = 1.0
    plain: float = Field(2.0, ge=1, le=3)
    anything: Annotated[Any, AfterValidator(one_of)] = 1
    where: Path = Path("here")
    either: int | str = 3
    pair: tuple[int, float] = (1, 2.5)
    level: Literal[1, 2, 3] = 2
    table: Mapping[str, list[int]] = Field(default_factory=dict)
    biases: list[Annotated[float, Quantity("V"), Ge(-1), Lt(1)]] | None = None


ODD = fields_of(Odd)


def test_odd_annotations_are_still_something_to_type() -> None:
    kinds = {name: field.kind for name, field in ODD.items()}
    assert kinds == {
        "amps": "number",
        "band": "number",
        "plain": "number",
        "anything": "any",
        "where": "any",
        "either": "any",
        "pair": "list",
        "level": "choice",
        "table": "table",
        "biases": "list",
    }
    assert ODD["amps"].required
    assert not ODD["band"].required
    assert ODD["band"].range_words == "more than 0, less than 5"
    assert ODD["plain"].range_words == "1 to 3"
    assert ODD["biases"].range_words == "each at least -1 V, less than 1 V"
    assert ODD["biases"].none_means == "left to the protocol"
    assert (ODD["where"].default, ODD["pair"].default) == ("here", [1, 2.5])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amps", "5u", 5e-6),
        ("amps", "0.5 mA", 5e-4),
        ("anything", "x", "x"),
        ("where", "/tmp/there", "/tmp/there"),
        ("either", "7", 7),
        ("pair", "[3, 1]", [3, 1.0]),
        ("level", "3", 3),
        ("table", "{a = [1, 2]}", {"a": [1, 2]}),
        ("biases", "10 mV, -20m", [0.01, -0.02]),
        ("biases", '["10 mV", 0.2]', [0.01, 0.2]),
        ("biases", "[]", []),
    ],
)
def test_typed_texts_become_values(name: str, text: str, value: Any) -> None:
    assert judged(Odd, ODD[name], read_text(ODD[name], text)) == value


@pytest.mark.parametrize(
    ("name", "text", "fragment"),
    [
        ("amps", "5", "5 A is too large; expected more than 0 A, at most 1 mA"),
        ("amps", "0", "0 A is too small"),
        ("amps", "5 V", "is in V; expected a value in A"),
        ("amps", "five", "is not a number"),
        ("band", "5", "5 is too large; expected more than 0, less than 5"),
        ("anything", "y", "expected one of 1, x"),
        ("level", "4", "no level '4'"),
        ("pair", "3", "is not a list such as [1, 2]"),
        ("table", "x", "is not a table such as {name = 1}"),
        ("biases", "10 mV, 3", "number 2: 3 V is too large; expected at least -1 V, less than 1 V"),
        ("biases", "10 mV, ?", "number 2: '?' is not a number"),
        ("biases", '["20 V"]', "number 1: 20 V is too large"),
    ],
)
def test_what_is_wrong_is_said_with_its_range(name: str, text: str, fragment: str) -> None:
    with pytest.raises(ParameterError) as refused:
        judged(Odd, ODD[name], read_text(ODD[name], text))
    assert fragment in str(refused.value)
