"""Layers of neurons on a scripted board: who gets which level and reading, and what is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from mtjlab.analysis.correlation import Correlation
from mtjlab.core.clock import WallClock
from mtjlab.core.errors import BenchError, LimitError, ParameterError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Block, DaqAbilities
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from mtjlab.fabric.neuron import Neuron
from mtjlab.fabric.neuron_calibration import NeuronCalibration
from mtjlab.fabric.neuron_options import NeuronOptions
from mtjlab.fabric.neuron_response import Response, Values
from mtjlab.fabric.part import LayerShape, Part, Sampling
from mtjlab.fabric.timing import Timing
from mtjlab.learning.fabric import Array

DIVIDER, BIAS_V, GAIN_V = 0.04, 0.119, 0.048
SAMPLING = Sampling(None, 3.0, 3.0, 4, 4, 2, "on", 0.1, 1000, 1e-3)
LAYERS = (LayerShape(0, 3, 5, False), LayerShape(1, 5, 2, True))


class Board:
    """Each input reads a share of its output's level: 0.4 + 0.01 x number of the channel."""

    abilities = DaqAbilities(
        tuple(f"ai{i}" for i in range(8)),
        tuple(f"ao{i}" for i in range(8)),
        (1.0,), (10.0,), 16, 16, 5e5, 4e6, 1e6, True, 8191,
    )  # fmt: skip

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []

    def play_and_record(self, outputs_v: Values, **asked: Any) -> Block:
        self.blocks.append(asked | {"outputs_v": outputs_v})
        share = np.array([0.4 + 0.01 * int(c.removeprefix("ai")) for c in asked["ai"]])
        seen_v = np.repeat((outputs_v * DIVIDER * share)[:, np.newaxis], asked["keep"], axis=1)
        return Block(seen_v, asked["step_rate_hz"], 0.0, 1)

    def write(self, values_v: Mapping[str, float]) -> None:
        raise AssertionError("nothing is written while learning")


def rig(board: Board, singles: Sequence[SingleJunction] | None = None, hard_v: float = 0.5) -> Rig:
    singles = junctions(4) if singles is None else singles
    return Rig(
        bench="scripted",
        twin=False,
        sources={},
        daqs={"daq": board},  # type: ignore[dict-item]
        selectors={},
        wiring=Wiring(singles=tuple(singles)),
        limits=JunctionLimits(hard_v, 50e-6, 0.3),
        clock=WallClock(),
        generators=Generators(0),
        emit=lambda _s, _r: None,
        notice=lambda _l, _t: None,
    )


def junctions(count: int, source: str = "daq/ao{}") -> list[SingleJunction]:
    return [
        SingleJunction(
            Cell(14, i),
            source.format(i),
            10e3,
            DIVIDER,
            InputWire("daq", f"ai{i}", 1.0, "differential"),
            bias_v=BIAS_V,
        )
        for i in range(count)
    ]


def response(n: int) -> Response:
    rng = np.random.default_rng(5)
    return Response(
        rng.uniform(0.34, 0.38, n),
        rng.uniform(0.46, 0.50, n),
        rng.uniform(0.048, 0.052, n),
        rng.uniform(0.009, 0.011, n),
        np.full(n, BIAS_V),
        rng.uniform(2e-5, 3e-5, n),
    )


def calibrated(board: Board, options: NeuronOptions | None = None, usable: int = 4) -> Neuron:
    """On `usable` of four junctions, the last ones first."""
    neuron = Neuron(rig(board), LAYERS, SAMPLING, options or NeuronOptions(), frozenset())
    chosen = np.arange(4)[::-1][:usable].copy()
    counters = dict.fromkeys(("transactions", "saturated", "presented", "below"), 0)
    saved = NeuronCalibration(
        chosen,
        response(usable),
        Timing(1e4, 18, 4),
        np.arange(1.0, usable + 1),
        np.full(usable, 2e-5),
        Correlation(0.02, 0, 1, 0.1, None),
        (),
    ).state()
    state = counters | {"energy_j": 0.0} | {f"calibration_{k}": v for k, v in saved.items()}
    neuron.restore(state)
    return neuron


def inputs(rows: int = 6, scale: float = 0.5) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    w = (scale * rng.normal(size=(5, 3))).astype(np.float32)
    return x, w, (scale * rng.normal(size=5)).astype(np.float32)


def test_it_is_a_part() -> None:
    part: type[Part] = Neuron
    assert part.options is NeuronOptions


@pytest.mark.parametrize("usable", [4, 3, 1])
@pytest.mark.parametrize("readout", ["volt", "state"])
def test_every_node_gets_its_own_level_and_its_own_reading(usable: int, readout: str) -> None:
    board = Board()
    neuron = calibrated(board, NeuronOptions(readout=readout), usable)  # type: ignore[arg-type]
    x, w, b = inputs()
    neuron.begin(6)
    answer = neuron.forward(0, x, w, b)
    (block,) = board.blocks
    groups = -(-5 // usable)
    used = -(-5 // groups)
    channels = [3 - j for j in range(used)]
    assert block["ao"] == [f"ao{c}" for c in channels]
    assert block["ai"] == [f"ai{c}" for c in channels]
    assert (block["settle"], block["keep"], block["step_rate_hz"]) == (18, 4, 1e4)
    assert np.allclose(block["rest_v"], BIAS_V / DIVIDER)
    assert block["outputs_v"].shape == (6 * groups, used)
    level_v = np.clip(BIAS_V + GAIN_V * (x @ w.T + b).astype(float), 0.03, 0.2)
    r = response(usable)
    for node in range(5):
        junction, group = node % used, node // used
        sent_v = block["outputs_v"][group::groups, junction] * DIVIDER
        assert np.allclose(sent_v, level_v[:, node], atol=1e-8)
        seen_v = level_v[:, node] * (0.4 + 0.01 * channels[junction])
        k_p, k_ap = r.k_p[junction], r.k_ap[junction]
        mid = (k_p + k_ap) / 2
        expected = (
            (seen_v - mid * BIAS_V) / (mid * GAIN_V)
            if readout == "volt"
            else 2 * (seen_v / level_v[:, node] - k_p) / (k_ap - k_p) - 1
        )
        assert np.allclose(answer.activity[:, node], expected, atol=1e-5)
    assert answer.output is answer.activity


def test_one_block_for_each_layer_and_the_last_gives_logits() -> None:
    board = Board()
    neuron = calibrated(board, NeuronOptions(logit_scale=3.0))
    x, w, b = inputs(8)
    neuron.begin(8)
    hidden = neuron.forward(0, x, w, b)
    last = neuron.forward(1, hidden.output, np.ones((2, 5), np.float32), np.zeros(2, np.float32))
    assert np.allclose(last.output, 3 * last.activity)
    assert len(board.blocks) == neuron.transactions == neuron.honesty().transactions == 2
    assert neuron.prediction(8).transactions == 2
    # Five nodes on four junctions are two steps per presentation, two nodes are one.
    assert neuron.prediction(8).block_s == pytest.approx(8 * 3 * 1e-4)
    with pytest.raises(ValueError, match="4 rows, but 8 were announced"):
        neuron.forward(0, x[:4], w, b)


def test_saturation_is_counted_and_nothing_outside_the_window_is_sent() -> None:
    board = Board()
    neuron = calibrated(board)
    x, w, b = inputs(40, scale=5.0)
    wanted_v = BIAS_V + GAIN_V * (x @ w.T + b).astype(float)
    neuron.begin(40)
    neuron.forward(0, x, w, b)
    sent_v = board.blocks[0]["outputs_v"] * DIVIDER
    assert sent_v.min() == pytest.approx(0.03)
    assert sent_v.max() == pytest.approx(0.2)
    outside = int(((wanted_v < 0.03) | (wanted_v > 0.2)).sum())
    told = neuron.honesty()
    assert (told.saturated, told.presented) == (outside, 200)
    assert 20 < outside < 180
    assert len(board.blocks) == 1
    neuron.clean(0, x, w, b)
    assert neuron.honesty().presented == 200


def test_the_energy_is_that_of_voltage_and_current() -> None:
    board = Board()
    neuron = calibrated(board)
    x, w, b = inputs()
    neuron.begin(6)
    neuron.forward(0, x, w, b)
    level_v = board.blocks[0]["outputs_v"] * DIVIDER
    seen_v = level_v * np.array([0.4 + 0.01 * c for c in (3, 2, 1)])
    power_w = (seen_v * (level_v - seen_v) / 10e3).sum()
    assert neuron.honesty().energy_j == pytest.approx(power_w / 1e4)


@pytest.mark.parametrize("readout", ["volt", "state"])
def test_the_model_and_its_slope(readout: str) -> None:
    neuron = calibrated(Board(), NeuronOptions(readout=readout))  # type: ignore[arg-type]
    x, w, b = inputs(20)
    clean = neuron.clean(0, x, w, b)
    node = response(4).take(np.arange(5) % 3)
    level_v = np.clip(BIAS_V + GAIN_V * (x @ w.T + b).astype(float), 0.03, 0.2)
    p = 1 / (1 + np.exp(-(node.k_mid * level_v - node.v50_v) / node.width_v))
    if readout == "state":
        assert np.allclose(clean.activity, 2 * p - 1, atol=1e-5)
    else:
        mean_v = level_v * (node.k_p + (node.k_ap - node.k_p) * p)
        expected = (mean_v - node.k_mid * BIAS_V) / (node.k_mid * GAIN_V)
        assert np.allclose(clean.activity, expected, atol=1e-5)
    h = np.float32(1e-2)
    rise = neuron.clean(0, x, w, b + h).activity - neuron.clean(0, x, w, b - h).activity
    inside = (level_v > 0.032) & (level_v < 0.198)
    slope = neuron.slope(0, clean)
    assert np.allclose(slope[inside], (rise / (2 * h))[inside], rtol=0.03, atol=0.01)
    far = neuron.clean(0, x, w, b + np.float32(100))
    far.activity[:] += 0.01
    assert not neuron.slope(0, far).any()


def test_what_it_says_of_itself_goes_by_node() -> None:
    told = calibrated(Board()).honesty()
    assert told.noise_ratio.tolist() == [1, 2, 3, 1, 2, 1, 2]
    assert told.below_instrument is None
    assert told.sample_spacing_s == pytest.approx(1e-4)
    # The second layer has one step per presentation: its passes are nearest.
    assert told.pass_spacing_s == pytest.approx(4e-4)
    assert told.slowest_tau_c_s == pytest.approx(response(4).tau_c_s.max())


def test_a_bias_without_noise_counts_as_below_the_instrument() -> None:
    board = Board()
    neuron = calibrated(board)
    neuron.begin(2)
    x = np.zeros((2, 3), np.float32)
    b = np.array([0.0, 0.0, 0.0, -9.0, -9.0], np.float32)
    neuron.forward(0, x, np.zeros((5, 3), np.float32), b)
    r = response(4)
    end_v = np.full(4, 0.03)
    audible = r.sd_v(end_v, 4, 1e-4 / 22) >= 2e-5
    assert neuron.honesty().below_instrument == pytest.approx(2 * (~audible[:2]).sum() / 10)


def test_a_restored_part_goes_on_with_the_same_numbers() -> None:
    board = Board()
    neuron = calibrated(board, usable=3)
    x, w, b = inputs(scale=3.0)
    neuron.begin(6)
    neuron.forward(0, x, w, b)
    other = Neuron(rig(Board()), LAYERS, SAMPLING, NeuronOptions(), frozenset())
    other.restore(neuron.state())
    assert np.array_equal(other.clean(0, x, w, b).activity, neuron.clean(0, x, w, b).activity)
    one, two = vars(neuron.honesty()), vars(other.honesty())
    assert one.pop("noise_ratio").tolist() == two.pop("noise_ratio").tolist()
    assert one == two
    state = neuron.state()
    assert all(isinstance(v, np.ndarray | int | float | str | bool | None) for v in state.values())


def test_off_is_no_control_and_is_refused_with_those_that_are() -> None:
    sampling = Sampling(None, 3.0, 3.0, 4, 4, 2, "off", 0.1, 1000, 1e-3)
    with pytest.raises(ParameterError, match=r"junctions=stuck .* and junctions=mean"):
        Neuron(rig(Board()), LAYERS, sampling, NeuronOptions(), frozenset())


def test_held_junctions_lend_no_noise() -> None:
    neuron = calibrated(Board())
    held = Neuron(
        rig(Board()),
        LAYERS,
        Sampling(None, 3.0, 3.0, 4, 4, 2, "mean", 0.1, 1000, 1e-3),
        NeuronOptions(),
        frozenset(),
    )
    held.restore(neuron.state())
    assert not held.honesty().noise_ratio.any()
    assert held.honesty().below_instrument is None


def test_a_window_beyond_the_limits_is_refused_with_the_one_within_reach() -> None:
    with pytest.raises(LimitError) as refused:
        Neuron(rig(Board(), hard_v=0.15), LAYERS, SAMPLING, NeuronOptions(), frozenset())
    text = str(refused.value)
    assert "30 mV .. 200 mV behind the divider of junction (14, 0)" in text
    assert "Within reach: 30 mV .. 150 mV" in text
    higher, empty = NeuronOptions(highest_v=0.45), NeuronOptions(lowest_v=0.25)
    with pytest.raises(LimitError, match=r"what the output admits.*Within reach: 30 mV .. 400 mV"):
        Neuron(rig(Board()), LAYERS, SAMPLING, higher, frozenset())
    with pytest.raises(ParameterError, match="lowest_v = 250 mV must be below highest_v = 200 mV"):
        Neuron(rig(Board()), LAYERS, SAMPLING, empty, frozenset())
    with pytest.raises(ParameterError, match="the bias 20 mV of junction"):
        Neuron(rig(Board()), LAYERS, SAMPLING, NeuronOptions(bias_v=0.02), frozenset())


def test_only_junctions_with_an_output_of_their_own_are_neurons() -> None:
    shared = junctions(3, "daq/ao0")
    with pytest.raises(BenchError, match="0 junctions of this bench can be neurons"):
        Neuron(rig(Board(), shared), LAYERS, SAMPLING, NeuronOptions(), frozenset())
    elsewhere = junctions(3, "smu")
    with pytest.raises(BenchError, match="3 single junctions are wired, 0 of them taken"):
        Neuron(rig(Board(), elsewhere), LAYERS, SAMPLING, NeuronOptions(), frozenset())
    claimed = frozenset({Cell(14, 0), Cell(14, 1)})
    some = Neuron(rig(Board()), LAYERS, SAMPLING, NeuronOptions(), claimed)
    assert some.cells == {Cell(14, 2), Cell(14, 3)}
    fewer = Neuron(rig(Board()), LAYERS, SAMPLING, NeuronOptions(most_junctions=1), frozenset())
    assert fewer.cells == {Cell(14, 0)}
    with pytest.raises(BenchError, match="layer 0 has 5 nodes and 4 of 4 junctions can serve"):
        Neuron(rig(Board()), LAYERS, SAMPLING, NeuronOptions(reuse=False), frozenset())
