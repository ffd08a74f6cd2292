import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.channels import indices, shorten, terminals

numbers = st.lists(st.integers(0, 60), min_size=1, max_size=30)
boards = st.lists(
    st.builds(
        "{}/{}{}".format,
        st.sampled_from(["daq", "daq2", "b-1"]),
        st.sampled_from(["ai", "ao"]),
        st.integers(0, 40),
    ),
    min_size=1,
    max_size=30,
)


@given(numbers)
def test_columns_survive_being_shortened(columns: list[int]) -> None:
    assert indices(shorten(columns)) == tuple(columns)


@given(boards)
def test_channels_survive_being_shortened(channels: list[str]) -> None:
    assert terminals(shorten(channels)) == tuple(channels)


@given(st.integers(0, 1000), st.integers(0, 200))
def test_a_range_includes_both_ends(first: int, more: int) -> None:
    text = f"daq/ai{first}:{first + more}"
    found = terminals(text)
    assert len(found) == more + 1
    assert (found[0], found[-1]) == (f"daq/ai{first}", f"daq/ai{first + more}")
    assert indices(f"{first}:{first + more}") == tuple(range(first, first + more + 1))


def test_the_differential_inputs_of_a_multiplexed_board_fit_one_text() -> None:
    found = terminals("daq/ai0:7, ai16:23")
    assert len(found) == 16
    assert found[8] == "daq/ai16"
    assert shorten(found) == "daq/ai0:7, ai16:23"


def test_a_source_meter_or_a_channel_of_one_is_one_terminal() -> None:
    assert terminals("smu") == ("smu",)
    assert terminals("smu.a") == ("smu.a",)
    assert shorten(["smu.a"]) == "smu.a"


def test_a_column_may_be_a_number() -> None:
    assert indices(3) == (3,)


@pytest.mark.parametrize("text", ["", "a", "0:", ":3", "0-3", "-1", "0:3:1", "1.5", "01", "0,,1"])
def test_other_texts_are_no_columns(text: str) -> None:
    with pytest.raises(ValueError, match="expected a column"):
        indices(text)


@pytest.mark.parametrize("value", [-1, True, 1.5, None, [0, 1]])
def test_other_values_are_no_columns(value: object) -> None:
    with pytest.raises(ValueError, match="expected a column"):
        indices(value)


@pytest.mark.parametrize(
    "text", ["", "ai0:3", "daq/", "daq/ai", "daq/0", "daq/ai0-3", "/ai0", "daq/ai0:ai3", "smu, daq"]
)
def test_other_texts_are_no_terminals(text: str) -> None:
    with pytest.raises(ValueError, match="expected a terminal"):
        terminals(text)


def test_a_range_that_counts_down_is_refused() -> None:
    with pytest.raises(ValueError, match="'daq/ai7:0' counts down"):
        terminals("daq/ai7:0")


def test_a_slip_of_the_finger_does_not_fill_the_memory() -> None:
    with pytest.raises(ValueError, match="is a range of 1000000000"):
        indices("0:999999999")
