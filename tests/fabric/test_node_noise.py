"""Timing of reads, what a node gets from its junction, and the moments kept beside."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.interfaces import Block, DaqAbilities
from mtjlab.core.wiring import Cell, InputWire, SingleJunction
from mtjlab.fabric.node_noise import Moments, NodeNoise, Timing, one_board, timing

BOARD = DaqAbilities(
    tuple(f"ai{i}" for i in range(8)), (), (1.0,), (), 16, 0, 5e5, 4e6, 0.0, True, 0
)


def junction(index: int, board: str = "daq") -> SingleJunction:
    wire = InputWire(board, f"ai{index}", 1.0, "differential")
    return SingleJunction(Cell(0, index), "smu", 10e3, 1.0, wire)


class Recorder:
    """A board whose samples are given; remembers what was asked."""

    abilities = BOARD

    def __init__(self, samples_v: Any) -> None:
        self.samples_v = samples_v
        self.asked: dict[str, Any] = {}

    def play_and_record(self, outputs_v: None, **asked: Any) -> Block:
        assert outputs_v is None
        self.asked = asked
        return Block(self.samples_v, asked["step_rate_hz"], 1.5, 1)


@given(spacing_s=st.floats(1e-5, 1e-2), keep=st.integers(1, 50), inputs=st.integers(1, 8))
def test_reads_are_never_closer_than_asked_by_more_than_a_sample(
    spacing_s: float, keep: int, inputs: int
) -> None:
    try:
        when = timing(spacing_s, keep, BOARD, inputs)
    except ParameterError:
        assert keep / BOARD.input_rate_hz > spacing_s
        return
    assert when.keep == keep
    assert when.settle >= 0
    assert when.step_rate_hz * (when.settle + when.keep) <= BOARD.input_rate_hz * (1 + 1e-9)
    assert abs(when.spacing_s - spacing_s) <= 1 / BOARD.input_rate_hz


def test_an_unreachable_spacing_is_refused_with_the_reachable_one() -> None:
    with pytest.raises(ParameterError) as refused:
        timing(1e-6, 4, BOARD, 8)
    assert "Reachable: 8 us or more" in str(refused.value)


def test_a_node_gets_the_deviation_of_its_own_junction_in_units() -> None:
    rng = np.random.default_rng(0)
    samples_v = rng.normal(0.042, 0.006, (6, 2, 3))
    board = Recorder(samples_v)
    mean_v = np.array([0.040, 0.042, 0.044])
    fabric = NodeNoise(
        board,  # type: ignore[arg-type]
        [junction(5), junction(0), junction(2)],
        widths=(2, 1),
        mean_v=mean_v,
        unit_v=0.1,
        when=Timing(1e4, 1, 2),
        source_v=0.1,
    )
    fabric.begin(6)
    assert board.asked["ai"] == ["ai5", "ai0", "ai2"]
    assert (board.asked["steps"], board.asked["settle"], board.asked["keep"]) == (6, 1, 2)
    x = rng.normal(size=(6, 4)).astype(np.float32)
    w = rng.normal(size=(2, 4)).astype(np.float32)
    b = rng.normal(size=2).astype(np.float32)
    hidden = fabric.forward(0, x, w, b)
    noise = (samples_v.mean(axis=1) - mean_v) / 0.1
    assert np.allclose(hidden.activity, x @ w.T + b + noise[:, :2], atol=1e-6)
    assert np.allclose(hidden.output, np.tanh(hidden.activity))
    out = fabric.forward(1, hidden.output, w[:1, :2], b[:1])
    assert out.output is out.activity
    assert np.allclose(out.activity, hidden.output @ w[:1, :2].T + b[:1] + noise[:, 2:], atol=1e-6)
    assert fabric.transactions == 1
    assert fabric.t0_s == 1.5
    volts = samples_v.mean(axis=1)
    power_w = (volts * (0.1 - volts) / 10e3).sum(axis=1).mean()
    assert fabric.moments.mean_power_w() == pytest.approx(power_w)


def test_as_many_junctions_as_nodes() -> None:
    with pytest.raises(BenchError, match="3 nodes need as many junctions; got 2 and 3"):
        NodeNoise(
            Recorder(None),  # type: ignore[arg-type]
            [junction(0), junction(1)],
            widths=(2, 1),
            mean_v=np.zeros(3),
            unit_v=0.1,
            when=Timing(1e4, 0, 1),
            source_v=0.1,
        )


def test_all_nodes_on_one_board() -> None:
    assert one_board([junction(0), junction(1)]) == "daq"
    with pytest.raises(BenchError, match="spread over daq, other"):
        one_board([junction(0), junction(1, "other")])
    unread = SingleJunction(Cell(3, 1), "smu", 10e3, 1.0, None)
    with pytest.raises(BenchError, match=r"\(3, 1\) have no `read` input"):
        one_board([junction(0), unread])


def test_moments_over_blocks_equal_those_of_all_reads() -> None:
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(4000, 3)) @ np.array([[1, 0.3, 0], [0, 1, 0], [0, 0, 2.0]])
    moments = Moments.empty(3)
    for block in np.split(mixed * 1e-3, 8):
        moments.add(block, 1e-6)
    expected = np.corrcoef(mixed.T) - np.eye(3)
    found = moments.largest_correlation()
    assert found.value == pytest.approx(np.abs(expected).max())
    assert (found.first, found.second) == (0, 1)
    assert moments.mean_power_w() == pytest.approx(1e-6)
    again = Moments.restored(vars(moments))
    assert again.largest_correlation() == moments.largest_correlation()


def test_nodes_that_do_not_vary_have_no_correlation() -> None:
    moments = Moments.empty(2)
    moments.add(np.column_stack([np.full(50, 0.01), np.arange(50) * 1e-3]), 0.0)
    assert moments.largest_correlation().value is None
    assert moments.largest_correlation().reason == "1 of 2 nodes vary; at least 2 are needed"
    assert Moments.empty(2).largest_correlation().value is None
