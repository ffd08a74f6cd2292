"""Steps of a block of neurons, and how nodes take turns on junctions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.fabric.neuron_timing import (
    SAMPLES_PER_TAU_C,
    demand_junctions,
    neuron_timing,
    parts,
    turns,
)
from mtjlab.fabric.part import LayerShape
from mtjlab.fabric.timing import Timing

BOARD = DaqAbilities(("ai0",), ("ao0",), (1.0,), (10.0,), 16, 16, 5e5, 5e5, 1e6, True, 8191)


@given(nodes=st.integers(1, 200), usable=st.integers(1, 40))
def test_every_node_has_a_place_and_no_turn_too_many(nodes: int, usable: int) -> None:
    turn = turns(nodes, usable)
    assert turn.groups == -(-nodes // usable)
    assert turn.junctions <= usable
    places = {(j // turn.junctions, j % turn.junctions) for j in range(nodes)}
    assert len(places) == nodes <= turn.groups * turn.junctions
    assert max(group for group, _ in places) == turn.groups - 1
    assert np.array_equal(turn.index, np.arange(nodes) % turn.junctions)


def test_groups_are_even() -> None:
    assert turns(8, 5) == turns(8, 4)
    assert (turns(8, 5).junctions, turns(8, 5).groups) == (4, 2)


@given(
    tau_c_s=st.floats(5e-6, 1e-2),
    spacing=st.floats(0.05, 30),
    keep=st.integers(1, 200),
    settled_s=st.floats(0, 2e-5),
)
def test_a_read_begins_when_the_junction_has_followed_and_the_node_has_settled(
    tau_c_s: float, spacing: float, keep: int, settled_s: float
) -> None:
    try:
        when = neuron_timing(tau_c_s, spacing, keep, 5e5, settled_s)
    except ParameterError:
        assert spacing * tau_c_s < max(settled_s, 2e-6)
        return
    rate_hz = when.step_rate_hz * (when.settle + when.keep)
    assert when.keep == keep
    assert rate_hz <= 5e5 * (1 + 1e-9)
    assert when.settle >= 1
    assert when.settle / rate_hz >= max(spacing * tau_c_s, settled_s) * (1 - 1e-6)
    # Not longer than one sample more, and no finer than it must.
    assert (when.settle - 1) / rate_hz < spacing * tau_c_s
    assert rate_hz <= max(SAMPLES_PER_TAU_C / tau_c_s, 1 / (spacing * tau_c_s)) * (1 + 1e-9)


def test_three_correlation_times_are_eighteen_samples() -> None:
    assert neuron_timing(28e-6, 3.0, 4, 5e5, 0.0) == Timing(6 / 28e-6 / 22, 18, 4)


def test_a_wait_that_cannot_be_is_refused_with_the_least_one() -> None:
    with pytest.raises(ParameterError) as refused:
        neuron_timing(20e-6, 0.05, 4, 5e5, 0.0)
    assert "sample_spacing = 0.05 is 1 us" in str(refused.value)
    assert "need 2 us. Reachable: sample_spacing = 0.1 or more" in str(refused.value)
    assert neuron_timing(20e-6, 0.1, 4, 5e5, 0.0).settle == 1


def test_a_long_block_is_counted_in_parts() -> None:
    when = Timing(1e4, 18, 4)
    assert [parts(steps, when, BOARD) for steps in (1, 372, 373, 744, 745)] == [1, 1, 2, 2, 3]


def test_too_few_junctions_are_named_with_what_would_fit() -> None:
    layers = [LayerShape(0, 4, 8, False), LayerShape(1, 8, 3, True)]
    demand_junctions(layers, 1, 8, reuse=True)
    demand_junctions(layers, 8, 8, reuse=False)
    with pytest.raises(BenchError) as refused:
        demand_junctions(layers, 5, 8, reuse=False, masked="3 stuck, such as (14, 0)")
    text = str(refused.value)
    assert "layer 0 has 8 nodes and 5 of 8 junctions can serve" in text
    assert "(masked: 3 stuck, such as (14, 0)): 3 more, each with an output and an input" in text
    assert "5 nodes would fit, or any number with reuse = true" in text
    with pytest.raises(BenchError, match="0 of 8 junctions can serve: 1 more"):
        demand_junctions(layers, 0, 8, reuse=True)
