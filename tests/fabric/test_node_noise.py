"""Timing of reads, what a node gets from its junction, and the moments kept beside."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Block, DaqAbilities
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from mtjlab.fabric.moments import Moments
from mtjlab.fabric.node_calibration import NodeCalibration
from mtjlab.fabric.node_noise import NodeNoise, NodeNoiseOptions
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.fabric.reading import one_board
from mtjlab.fabric.timing import timing

BOARD = DaqAbilities(
    tuple(f"ai{i}" for i in range(8)), (), (1.0,), (), 16, 0, 5e5, 4e6, 0.0, True, 0
)
LAYERS = [LayerShape(0, 4, 2, False), LayerShape(1, 2, 1, True)]


def junction(index: int, board: str = "daq", source: str = "smu") -> SingleJunction:
    wire = InputWire(board, f"ai{index}", 1.0, "differential")
    return SingleJunction(Cell(0, index), source, 10e3, 1.0, wire)


class Recorder:
    """A board whose samples are given; remembers what was asked. Reading takes 2 s."""

    abilities = BOARD

    def __init__(self, clock: VirtualClock, samples_v: Any) -> None:
        self.clock = clock
        self.samples_v = samples_v
        self.asked: dict[str, Any] = {}

    def play_and_record(self, outputs_v: None, **asked: Any) -> Block:
        assert outputs_v is None
        self.asked = asked
        self.clock.sleep(2.0)
        return Block(self.samples_v, asked["step_rate_hz"], 1.5, 1)


def bench(samples_v: Any, *junctions: SingleJunction) -> Rig:
    clock = VirtualClock()
    board = Recorder(clock, samples_v)
    return Rig(
        bench="fake",
        twin=True,
        sources={"smu": object()},  # type: ignore[dict-item]
        daqs={"daq": board, "other": board},  # type: ignore[dict-item]
        selectors={},
        wiring=Wiring(junctions),
        limits=JunctionLimits(0.5, 50e-6, 0.3),
        clock=clock,
        generators=Generators(0),
        emit=lambda _stream, _rows: None,
        notice=lambda _level, _text: None,
    )


def sampling(keep: int | None = None, junctions: str = "on") -> Sampling:
    return Sampling(keep, 3.0, 3.0, 4, 3, 2, junctions, 0.1, 1000, 1e-3)


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
    rig = bench(samples_v, *(junction(index) for index in range(6)))
    board: Any = rig.daqs["daq"]
    fabric = NodeNoise(rig, LAYERS, sampling(keep=2), NodeNoiseOptions())
    mean_v = np.array([0.040, 0.042, 0.044])
    fabric.learn_with(NodeCalibration(np.array([5, 0, 2]), mean_v, np.full(3, 9.0), 4e-6, ("x",)))
    fabric.begin(6)
    assert board.asked["ai"] == ["ai5", "ai0", "ai2"]
    # 12 us apart: 6 samples at 500 kS/s, of which 2 are averaged.
    assert (board.asked["steps"], board.asked["settle"], board.asked["keep"]) == (6, 4, 2)
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
    honest = fabric.honesty()
    assert honest.energy_j == pytest.approx(2.0 * power_w)
    assert (honest.sample_spacing_s, honest.pass_spacing_s) == pytest.approx((12e-6, 36e-6))
    assert honest.notes == ("x",)


def test_a_part_goes_on_from_its_state() -> None:
    samples_v = np.random.default_rng(2).normal(0.04, 0.006, (6, 1, 3))
    rig = bench(samples_v, *(junction(index) for index in range(6)))
    first = NodeNoise(rig, LAYERS, sampling(), NodeNoiseOptions())
    first.learn_with(
        NodeCalibration(np.array([1, 2, 3]), np.zeros(3), np.array([9.0, 0.5, np.nan]), 20e-6, ())
    )
    first.begin(6)
    second = NodeNoise(rig, LAYERS, sampling(), NodeNoiseOptions())
    second.restore(first.state())
    for part in (first, second):
        part.begin(6)
    one, two = first.state(), second.state()
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert np.array_equal(value, two[name], equal_nan=name == "noise_ratio"), name
    assert first.honesty().below_instrument is None


def test_hidden_layers_alone_give_no_logits() -> None:
    rig = bench(np.zeros((1, 1, 2)), junction(0), junction(1))
    fabric = NodeNoise(rig, LAYERS[:1], sampling(), NodeNoiseOptions())
    fabric.learn_with(NodeCalibration(np.arange(2), np.zeros(2), np.ones(2), 20e-6, ()))
    x, w = np.ones((1, 4), dtype=np.float32), np.ones((2, 4), dtype=np.float32)
    fabric.begin(1)
    answer = fabric.forward(0, x, w, np.zeros(2, dtype=np.float32))
    assert np.allclose(answer.output, np.tanh(4.0))


def test_a_network_that_does_not_fit_says_what_would() -> None:
    wired = (junction(0), junction(1), junction(2, "other"))
    with pytest.raises(BenchError) as refused:
        NodeNoise(bench(None, *wired), LAYERS, sampling(), NodeNoiseOptions())
    text = str(refused.value)
    assert "3 nodes on node_noise" in text
    assert "has 2 (1 more are read by other boards), 1 are missing" in text
    assert "2 nodes would fit" in text


def test_junctions_that_others_have_claimed_are_left_to_them() -> None:
    rig = bench(None, *(junction(index) for index in range(4)))
    claimed = frozenset({Cell(0, 1)})
    fabric = NodeNoise(rig, LAYERS, sampling(), NodeNoiseOptions(), claimed)
    assert fabric.cells == {Cell(0, 0), Cell(0, 2), Cell(0, 3)}
    with pytest.raises(BenchError, match="1 are missing; 2 junctions serve other layers"):
        NodeNoise(rig, LAYERS, sampling(), NodeNoiseOptions(), claimed | {Cell(0, 0)})


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


def test_the_node_that_moved_furthest_is_found() -> None:
    rng = np.random.default_rng(3)
    deviation_v = rng.normal(0.0, 6e-3, (4000, 3)) + np.array([0.0, -4e-3, 1e-3])
    moments = Moments.empty(3)
    for block in np.split(deviation_v, 40):
        moments.add(block, 0.0)
    node, mean_v, share = moments.largest_shift()
    assert node == 1
    # Four standard errors of a mean of 4000 reads.
    assert mean_v == pytest.approx(-4e-3, abs=4 * 6e-3 / np.sqrt(4000))
    assert share == pytest.approx(-4 / 6, abs=0.1)


def test_nodes_that_do_not_vary_have_not_moved() -> None:
    moments = Moments.empty(2)
    moments.add(np.full((10, 2), 1e-3), 0.0)
    assert moments.largest_shift()[2] == 0.0
