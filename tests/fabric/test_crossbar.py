"""Crossbar without a bench: voltages of rows, mean responses, timing, noise of nodes, wiring."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import BadReply, BenchError, ParameterError
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire, SharedClock, Wiring
from mtjlab.fabric.crossbar import Crossbar
from mtjlab.fabric.crossbar_calibration import Sweep, negative_slope
from mtjlab.fabric.crossbar_drive import Curve, Drive
from mtjlab.fabric.crossbar_noise import MEMORY_STEPS, NodeNoises, contrasts
from mtjlab.fabric.crossbar_options import CrossbarOptions
from mtjlab.fabric.crossbar_timing import crossbar_timing, parts
from mtjlab.fabric.crossbar_wiring import crossbar_wires, reachable_v
from mtjlab.fabric.part import LayerShape, Sampling

WINE = (LayerShape(0, 13, 8, False), LayerShape(1, 8, 3, True))
SAMPLING = Sampling(None, 3.0, 3.0, 10, 8, 2, "on", 0.1, 1000, 1e-3)
BOARD = DaqAbilities(("ai0",), ("ao0",), (10.0,), (10.0,), 16, 16, 5e5, 16e6, 1e6, True, 8191)
LIMITS = JunctionLimits(0.5, 50e-6, 0.3, r_min_ohm=5e3)


def array(rows: int = 14, columns: int = 8, **changes: Any) -> ArrayWiring:
    made = ArrayWiring(
        tuple(range(rows)),
        tuple(range(columns)),
        tuple(f"daq/ao{i}" for i in range(rows)),
        50.0,
        0.0175,
        1.0,
        1.0,
        20e3,
        1.0,
        tuple(InputWire("daq", f"ai{j}", 10.0, "differential") for j in range(columns)),
    )
    return replace(made, **changes)


def rig(*arrays: ArrayWiring, limits: JunctionLimits = LIMITS, **wiring: Any) -> Any:
    daqs = {name: SimpleNamespace(abilities=BOARD) for name in ("daq", "out")}
    return SimpleNamespace(
        wiring=Wiring(arrays=arrays, **wiring), limits=limits, daqs=daqs, sources={}
    )


@given(
    samples=st.integers(1, 4),
    nodes=st.integers(1, 4),
    inputs=st.integers(1, 5),
    offset_v=st.floats(-0.05, 0.05),
    seed=st.integers(0, 99),
)
def test_rows_carry_weight_x_input_node_after_node_and_the_bias_last(
    samples: int, nodes: int, inputs: int, offset_v: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, w, b = (
        rng.normal(size=shape).astype(np.float32)
        for shape in ((samples, inputs), (nodes, inputs), (nodes,))
    )
    drive = Drive(0.05, offset_v, 0.1)
    rows_v, saturated = drive.rows_v(x, w, b)
    assert rows_v.shape == (samples * nodes, inputs + 1)
    count = 0
    for s in range(samples):
        for i in range(nodes):
            wanted = offset_v + 0.05 * np.append(w[i].astype(float) * x[s], b[i])
            count += bool((np.abs(wanted) > 0.1 * (1 + 1e-6)).any())
            assert np.allclose(rows_v[s * nodes + i], np.clip(wanted, -0.1, 0.1), atol=1e-7)
    assert saturated == count


def test_a_curve_sums_over_the_rows() -> None:
    level_v = np.linspace(-0.2, 0.2, 41)
    ohmic = Curve(level_v, 1e-4 * level_v, 1e-16 * (1 + 0 * level_v))
    rows_v = np.array([[0.1, -0.05, 0.2], [0.0, 0.013, -0.2]])
    assert np.allclose(ohmic.mean_a(rows_v), 1e-4 * rows_v.sum(axis=1), atol=1e-18)
    assert np.allclose(ohmic.noise_a2(rows_v), 3e-16)
    assert ohmic.power_w(rows_v) == pytest.approx(1e-4 * (rows_v**2).sum(axis=1).mean())


class TestTiming:
    def test_the_rows_wait_three_tau_c_and_then_samples_are_averaged(self) -> None:
        when = crossbar_timing(20e-6, 3.0, 3.0, 20, 500e3, steps_between=32)
        rate_hz = when.step_rate_hz * (when.settle + when.keep)
        assert rate_hz == pytest.approx(200e3)
        assert (when.settle, when.keep) == (12, 20)

    def test_passes_further_apart_make_the_wait_longer(self) -> None:
        when = crossbar_timing(20e-6, 3.0, 100.0, 20, 500e3, steps_between=4)
        assert 4 * when.spacing_s >= 100 * 20e-6 * (1 - 1e-9)
        assert when.settle > 12

    def test_less_than_a_sample_is_refused_with_what_can_be_had(self) -> None:
        with pytest.raises(ParameterError, match=r"needs 2 us\. Reachable: sample_spacing = 0\.1 "):
            crossbar_timing(20e-6, 0.01, 3.0, 20, 500e3, steps_between=4)
        crossbar_timing(20e-6, 0.1, 3.0, 20, 500e3, steps_between=4)

    def test_a_block_longer_than_the_memory_is_split(self) -> None:
        when = crossbar_timing(20e-6, 3.0, 3.0, 20, 500e3, steps_between=32)
        board = replace(BOARD, block_samples=321)
        assert [parts(steps, when, board) for steps in (1, 10, 11, 20)] == [1, 1, 2, 2]


class TestNoise:
    def test_contrasts_have_the_variance_of_one_read(self) -> None:
        rng = np.random.default_rng(0)
        reads = rng.normal(size=(2, 5, 3))
        assert np.allclose(contrasts(reads), (reads[1] - reads[0]) / math.sqrt(2))
        many = contrasts(rng.normal(3.0, 0.5, size=(4, 5000, 2)))
        assert many.shape == (15000, 2)
        assert np.allclose(many.std(axis=0), 0.5, rtol=4 / math.sqrt(2 * 15000))
        first, second = many[:5000, 0], many[5000:10000, 0]
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(5000)
        assert contrasts(reads[:1]).shape == (0, 3)

    def test_differences_are_weighed_by_the_variance_that_learning_shows(self) -> None:
        rng = np.random.default_rng(1)
        sd = [np.array([0.1, 0.4]), np.array([0.2])]
        noises = NodeNoises([np.ones(2), np.ones(1)], steps=5.0)
        for _ in range(10 * int(MEMORY_STEPS)):
            reads = [rng.normal(size=(8, len(s))) * s for s in sd]
            noises.add(reads, reads, 2)  # type: ignore[arg-type]
        found = np.concatenate(noises.variances)
        # 4 differences a step over a memory of 50 steps: 200 independent squares, or more.
        assert np.allclose(found, np.concatenate(sd) ** 2, rtol=4 * math.sqrt(2 / 200))
        ones = [np.ones((3, 2), np.float32), np.ones((3, 1), np.float32)]
        weighed = np.concatenate([w[0] for w in noises.precision.weigh(ones)])
        assert np.allclose(weighed * found, found.mean(), rtol=1e-5)
        correlation = noises.moments.largest_correlation()
        assert correlation.value is not None
        assert correlation.chance is not None
        assert correlation.value < correlation.chance
        again = NodeNoises.restored(noises.state(), 2)
        assert all(map(np.array_equal, again.variances, noises.variances))
        assert again.moments.largest_correlation() == correlation

    def test_nodes_without_any_noise_keep_a_number(self) -> None:
        for variances in ([np.zeros(2), np.zeros(1)], [np.zeros(2), np.ones(1)]):
            weights = NodeNoises(variances, 1.0).precision.weights
            assert np.isfinite(np.concatenate(weights)).all()


class TestWiring:
    def test_wine_fits_fourteen_rows_and_eight_columns(self) -> None:
        wires = crossbar_wires(rig(array()), WINE, frozenset())
        assert wires.outputs == tuple(f"ao{i}" for i in range(14))
        assert [read.channel for read in wires.reads] == [f"ai{j}" for j in range(8)]
        assert wires.same

    @pytest.mark.parametrize(
        ("made", "missing"),
        [
            (
                array(12),
                r"12 rows and 8 columns with an input: 2 rows missing .*Up to 11 inputs",
            ),
            (
                array(14, 6),
                "2 columns missing .layer 0 is 13 to 8.*13 inputs and 6 nodes would fit",
            ),
            (array(9, 7), "5 rows and 1 column missing"),
            (array(reads=(*array().reads[:3], None, *array().reads[4:])), "5 columns missing"),
            (array(selector="sel"), "behind the selector sel"),
            (array(sources=("smu",) * 14), "1 sources for 14 rows"),
            (array(sources=tuple(f"smu.{i}" for i in range(14))), "need the outputs of one board"),
            (array(reads=(None,) * 8), "is read by nothing"),
            (array(sources=tuple(f"out/ao{i}" for i in range(14))), "without a shared clock"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_the_counts(
        self, made: ArrayWiring, missing: str
    ) -> None:
        with pytest.raises(BenchError, match=missing) as refused:
            crossbar_wires(rig(made), WINE, frozenset())
        assert "14 rows (one per input of a layer, and the bias) and 8 columns" in str(
            refused.value
        )

    def test_no_array_or_one_that_is_taken(self) -> None:
        with pytest.raises(BenchError, match="no array is wired"):
            crossbar_wires(rig(), WINE, frozenset())
        with pytest.raises(BenchError, match="serves another fabric"):
            crossbar_wires(rig(array()), WINE, frozenset({Cell(3, 3)}))

    def test_rows_of_a_board_that_shares_its_clock(self) -> None:
        made = array(sources=tuple(f"out/ao{i}" for i in range(14)))
        wires = crossbar_wires(rig(made, clocks=(SharedClock("out", "daq"),)), WINE, frozenset())
        asked: dict[str, Any] = {}
        wires.reader.play_and_record = lambda v, **how: asked.update(how, v=v)  # type: ignore[method-assign]
        when = crossbar_timing(20e-6, 3.0, 3.0, 20, 500e3, steps_between=32)
        wires.play(np.full((2, 9), 0.07), when)
        assert asked["ao"] == [f"out/ao{i}" for i in range(9)]
        assert asked["rest_v"] == [0.0] * 9
        assert np.allclose(asked["v"], 4.0)

    def test_the_window_is_what_outputs_limits_and_inputs_admit(self) -> None:
        def reach(made: ArrayWiring, limits: JunctionLimits = LIMITS) -> float:
            found = rig(made, limits=limits)
            return reachable_v(found, crossbar_wires(found, WINE, frozenset()))

        assert reach(array()) == pytest.approx(0.175)  # 10 V behind the divider
        # Two rows may stand that far apart.
        assert reach(array(), replace(LIMITS, hard_v=0.2)) == pytest.approx(0.1)
        # 14 junctions of 5 kohm through 20 kohm into a range of 5 V.
        small = tuple(replace(read, range_v=5.0) for read in array().reads if read is not None)
        assert reach(array(reads=small)) == pytest.approx(5.0 / (20e3 * 14 / 5e3))
        assert reach(array(), replace(LIMITS, r_min_ohm=0.0, hard_a=1.0)) == pytest.approx(0.175)

    def test_an_input_at_the_end_of_its_range_is_no_reading(self) -> None:
        wires = crossbar_wires(rig(array()), WINE, frozenset())
        samples_v = np.zeros((3, 2, 8))
        wires.demand_in_range(samples_v)
        samples_v[1, 0, 6] = -10.0
        with pytest.raises(BadReply, match="daq/ai6 reads 10 V, the end of its range"):
            wires.demand_in_range(samples_v)


def build(sampling: Sampling = SAMPLING, **options: Any) -> Crossbar:
    return Crossbar(rig(array()), WINE, sampling, CrossbarOptions(**options), frozenset())


class TestRefusals:
    def test_junctions_off_takes_the_signal_away(self) -> None:
        with pytest.raises(ParameterError, match=r"junctions = off.*stuck.*mean"):
            build(replace(SAMPLING, junctions="off"))

    def test_a_window_that_cannot_be_reached(self) -> None:
        with pytest.raises(ParameterError, match=r"window_v = 200 mV; 14 rows .* to 175 mV"):
            build(window_v=0.2)
        with pytest.raises(ParameterError, match=r"offset_v = 160 mV leaves no room .* of 150 mV"):
            build(offset_v=0.16)
        build(window_v=0.175)

    def test_cells_and_cost_are_known_before_anything_is_touched(self) -> None:
        part = build()
        assert part.cells == frozenset(array().cells)
        assert part.widths == (8, 3)
        found = part.prediction(20)
        # 20 presentations of 11 nodes, 84 us of settling and 20 samples 7 us apart each.
        assert found.transactions == 2
        assert found.block_s == pytest.approx(20 * 11 * (84e-6 + 20 * 7e-6))
        assert "layers 13 to 8, 8 to 3 in turn on 14 rows and 8 columns" in found.about


@pytest.mark.parametrize(("slope", "warned"), [(0.1, False), (0.0, False), (-0.1, True)])
def test_a_falling_current_is_told_from_a_flat_one(slope: float, warned: bool) -> None:
    wires = crossbar_wires(rig(array()), WINE, frozenset())
    level_v = np.linspace(-0.15, 0.15, 61)
    g_s = np.where(np.abs(level_v - 0.05) < 0.012, slope, 1.0) * 1.4e-4
    current_a = 14 * np.cumsum(g_s) * (level_v[1] - level_v[0])
    noise = np.random.default_rng(2).normal(0.0, 1e-2, (61, 20, 8))
    reads_v = -20e3 * current_a[:, np.newaxis, np.newaxis] + noise
    text = negative_slope(wires, Sweep(level_v, reads_v, 1), np.full(8, 1.4e-4))
    assert (text is not None) == warned
    if text is not None:
        assert "negative differential conductance" in text
        assert "between 40 mV and" in text
