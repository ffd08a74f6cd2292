import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.learning import recorded
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.recorded import Recorded
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching


class InMemory:
    """A recording as an array, that remembers what was asked of it."""

    def __init__(self, volts, interval_s=5e-6):
        self.volts = np.asarray(volts)
        self.interval_s = interval_s
        self.longest = 0

    @property
    def samples(self):
        return len(self.volts)

    def read(self, start, count):
        self.longest = max(self.longest, count)
        assert start >= 0
        assert start + count <= len(self.volts)
        return self.volts[start : start + count]


def counting(samples):
    return InMemory(np.arange(samples, dtype=np.float64))


def made(nodes, recording, **options):
    return Recorded(nodes, recording, **({"mean_v": 0.0, "unit_v": 1.0} | options))


@given(
    nodes=st.integers(1, 7),
    stride=st.integers(1, 5),
    step_rows=st.integers(1, 6),
    extra=st.integers(0, 300),
    order=st.sampled_from(["independent", "serial"]),
    piece=st.sampled_from([1, 50, 10_000]),
)
def test_the_stated_map_is_what_is_read_and_a_lap_uses_a_sample_once(
    nodes, stride, step_rows, extra, order, piece
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "PIECE_SAMPLES", piece)
        recording = counting(nodes * stride * step_rows + extra)
        source = made(nodes, recording, order=order, stride=stride, step_rows=step_rows)
    rows = source.rows_per_lap
    noise = np.concatenate([source(1), source(rows), source(3)])
    stated = [[source.sample_of(r, j) for j in range(nodes)] for r in range(rows + 4)]
    np.testing.assert_array_equal(noise, stated)
    assert len(np.unique(noise[:rows])) == rows * nodes
    assert source.laps == (rows + 4) // rows
    # What is left over at the end is less than one row of every piece.
    assert recording.samples - rows * nodes < nodes * stride * (1 + recording.samples / piece)


@given(st.integers(1, 6), st.integers(2, 6), st.integers(2, 12), st.integers(0, 200))
def test_rows_of_one_step_are_a_stride_apart_on_every_node(nodes, stride, step_rows, start):
    source = made(nodes, counting(nodes * stride * 40), stride=stride, step_rows=step_rows)
    start = start % (source.rows_per_lap - step_rows)
    for node in range(nodes):
        samples = sorted(source.sample_of(start + r, node) for r in range(step_rows))
        assert np.diff(samples).min() >= stride - 1


def test_in_units_of_the_activity_without_its_mean():
    volts = np.array([0.036, 0.048, 0.036, 0.048])
    source = Recorded(1, InMemory(volts), mean_v=0.042, unit_v=0.1)
    np.testing.assert_allclose(source(4)[:, 0], [-0.06, 0.06, -0.06, 0.06], rtol=1e-6)
    assert source(0).shape == (0, 1)
    assert source(2).dtype == np.float32


def test_spacings_are_told_in_seconds():
    source = made(4, counting(4 * 3 * 10), stride=3)
    assert source.read_spacing_s == pytest.approx(15e-6)
    assert source.node_spacing_s == pytest.approx(150e-6)
    serial = made(4, counting(4 * 3 * 10), stride=3, order="serial")
    assert serial.node_spacing_s == pytest.approx(15e-6)
    assert serial.read_spacing_s == pytest.approx(60e-6)


def test_after_a_lap_the_stretches_change_hands():
    source = made(3, counting(3 * 5))
    first, second = source(5), source(5)
    np.testing.assert_array_equal(second, np.roll(first, -1, axis=1))
    serial = made(3, counting(3 * 5), order="serial")
    np.testing.assert_array_equal(serial(5), serial(5))


@given(st.integers(0, 400), st.integers(0, 50))
def test_goes_on_from_its_state(before, after):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "PIECE_SAMPLES", 60)
        source, other = (made(3, counting(200), stride=2) for _ in range(2))
    source(before)
    other(7)
    other.restore(source.state())
    np.testing.assert_array_equal(other(after), source(after))


def test_a_long_recording_is_read_in_bounded_blocks():
    recording = InMemory(np.zeros(3 * recorded.PIECE_SAMPLES, dtype=np.float32))
    source = made(2, recording, stride=3)
    source(5)
    assert recording.longest <= 2**20
    assert source._table.size < 2 * recorded.PIECE_SAMPLES


def telegraph(samples, *, per_sample, seed):
    """+-1 with correlation `per_sample` between neighbours."""
    rng = np.random.default_rng(seed)
    step = switching(Rates(np.ones(1), np.full(1, 0.5)), -np.log(per_sample))
    states = propagate(np.array([True]), step, rng.random((samples, 1)))
    return InMemory(np.where(states[:, 0], 1.0, -1.0).astype(np.float32))


def test_serial_nodes_are_correlated_as_the_samples_are_and_independent_ones_are_not():
    recording = telegraph(400_000, per_sample=0.838, seed=5)
    serial = made(8, recording, order="serial")(40_000)
    chain = 0.838 ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    # 40 000 correlated rows: an error of 0.01 is two standard deviations of the widest.
    np.testing.assert_allclose(np.corrcoef(serial.T), chain, atol=0.03)
    apart = made(8, recording)(40_000)
    np.testing.assert_allclose(np.corrcoef(apart.T), np.eye(8), atol=0.06)
    far = made(8, recording, order="serial", stride=17)(20_000)
    # 5 % of the noise is left after 17 samples
    assert abs(np.corrcoef(far.T)[0, 1]) < 0.09


def test_lends_its_noise_to_a_network():
    fabric = HostSum((2, 1), made(3, counting(30)))
    fabric.begin(2)
    x = np.zeros((2, 4), dtype=np.float32)
    first = fabric.forward(0, x, np.zeros((2, 4), np.float32), np.zeros(2, np.float32))
    np.testing.assert_array_equal(first.activity, [[0, 10], [1, 11]])


def test_too_short_a_recording_is_refused_with_what_it_needs():
    with pytest.raises(DataError, match=r"has 679 samples; 4 nodes, 10 rows .* at least 680\."):
        made(4, counting(679), stride=17, step_rows=10)
    made(4, counting(680), stride=17, step_rows=10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, "stride = 0 must be at least 1"),
        ({"step_rows": 0}, "step_rows = 0"),
        ({"unit_v": 0.0}, "unit_v = 0.0 V must be positive"),
        ({"order": "shuffled"}, "'shuffled': known are 'independent' and 'serial'"),
    ],
)
def test_impossible_arguments_are_refused_in_words(options, message):
    with pytest.raises(ParameterError, match=message):
        made(3, counting(100), **options)
