import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.analysis.extremes import Extremes, Stretch

SMALL = {"newest": 64, "bins": 32, "levels": 4}


def brute(trace, begun, first, last):
    """(k, 2); nan where there is nothing."""
    part = trace[max(first, begun) - begun : max(last, begun) - begun]
    with np.errstate(all="ignore"):
        low = np.where(np.isnan(part), np.inf, part).min(0, initial=np.inf)
        high = np.where(np.isnan(part), -np.inf, part).max(0, initial=-np.inf)
    found = np.stack([low, high], axis=1)
    found[low > high] = np.nan
    return found


def check(band, trace, begun, first, last):
    extremes = band.extremes
    assert band.first % band.width == 0
    assert band.first <= first
    assert first == last or band.first + extremes.shape[1] * band.width >= last
    for column in range(extremes.shape[1]):
        at = band.first + column * band.width
        expected = brute(trace, begun, at, at + band.width)
        np.testing.assert_array_equal(extremes[:, column], expected)


@settings(deadline=None)
@given(
    blocks=st.lists(st.integers(0, 90), max_size=12),
    begun=st.integers(0, 300),
    k=st.integers(1, 3),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    columns=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_any_window_has_the_extremes_of_all_its_samples(blocks, begun, k, ends, columns, seed):
    rng = np.random.default_rng(seed)
    trace = rng.normal(size=(sum(blocks), k)).astype(np.float32)
    trace[rng.random(trace.shape) < 0.05] = np.nan
    made = Extremes(k, newest=2048, bins=2048, levels=4)
    made.begin(begun)
    at = 0
    for n in blocks:
        for piece in made.pieces(trace[at : at + n]):
            made.add(piece)
        at += n
    total = len(trace)
    first, last = sorted(begun + round(end * total) for end in ends)
    band = made.window(first, last, columns)
    check(band, trace, begun, first, last)
    assert band.extremes.shape[1] <= 2 * columns + 2
    np.testing.assert_array_equal(
        made.samples(first, last), trace[first - begun : last - begun][-2048:]
    )


@settings(deadline=None)
@given(total=st.integers(1, 6000), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_what_single_samples_no_longer_tell_coarser_bins_do(total, ends):
    trace = np.random.default_rng(total).normal(size=(total, 2)).astype(np.float32)
    made = Extremes(2, **SMALL)
    for piece in made.pieces(trace):
        made.add(piece)
    first, last = sorted(round(end * total) for end in ends)
    band = made.window(first, last, 5)
    check(band, trace, 0, first, last)


def test_beyond_what_any_bin_tells_there_is_nothing_and_nothing_wrong():
    made = Extremes(1, newest=64, bins=32, levels=2)
    trace = np.arange(2000, dtype=np.float32)[:, None]
    for piece in made.pieces(trace):
        made.add(piece)
    band = made.window(0, 2000, 50)
    left = band.first + band.width * np.arange(band.extremes.shape[1])
    gone = left + band.width <= 2000 - 32 * 16
    assert np.isnan(band.extremes[0, gone]).all()
    np.testing.assert_array_equal(band.extremes[0, ~gone][1:, 0], left[~gone][1:])


def test_columns_hold_the_same_samples_while_the_window_rolls():
    trace = np.random.default_rng(1).normal(size=(5000, 1)).astype(np.float32)
    made = Extremes(1, newest=64, bins=4096, levels=4)
    seen = {}
    for piece in np.split(trace, 500):
        made.add(piece)
        band = made.window(made.count - 1000, made.count, 37)
        # The newest column still fills, the oldest are not begun.
        for column in range(band.extremes.shape[1] - 1):
            at = band.first + column * band.width
            now = band.extremes[0, column].tolist()
            if at >= 0:
                assert seen.setdefault(at, now) == now


def test_memory_is_taken_at_once_and_never_again():
    made = Extremes(3, **SMALL)
    before = [array.ctypes.data for array in (made._newest, made._low, made._high)]
    for piece in made.pieces(np.zeros((10_000, 3))):
        made.add(piece)
    assert before == [array.ctypes.data for array in (made._newest, made._low, made._high)]


@pytest.mark.parametrize("width", [1, 7, 64])
def test_a_stretch_read_in_pieces_has_the_extremes_of_its_samples(width):
    trace = np.random.default_rng(width).normal(size=(1000, 2)).astype(np.float32)
    made = Stretch(103, 900, 2, width)
    for start, end in ((103, 110), (110, 500), (500, 501), (501, 900)):
        made.add(trace[start:end])
    band = made.bins.columns(200, 800, 11, np.array([1, 0]))
    check(band, trace[:, ::-1], 0, 200, 800)
