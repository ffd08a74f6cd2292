"""The linearised twin: own-state voltages and steps are exact, sums agree in every form."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sim_backend.physics.crossbar import (
    Crossbar,
    Lines,
    OperatingPoints,
    operating_points,
    packed_bits,
)
from tests.physics.crossbar.nodal import solve as nodal

OHM = 1 / 5664.3


class Twin:
    """An array with spread, one open and one shorted junction, and 3 levels of every line."""

    def __init__(self, rows: int, columns: int, *, seed: int = 4, faults: bool = True) -> None:
        rng = np.random.default_rng(seed)
        self.crossbar = Crossbar(rows, columns, 1.0, 2.0)
        self.p_s = OHM * np.exp(0.1 * rng.normal(size=(rows, columns)))
        self.ap_s = self.p_s / 1.63
        if faults:
            self.p_s[0, 0] = self.ap_s[0, 0] = 0.0
            self.p_s[-1, -1] = self.ap_s[-1, -1] = 0.01
        self.occupancy = rng.random((rows, columns))
        self.rows_v = rng.uniform(-0.3, 0.3, (3, rows))
        self.row_ohm = np.full(rows, 50.0)
        self.row_ohm[1:2] = np.inf
        self.columns = Lines(0.01 * rng.normal(size=columns), np.full(columns, 10.0))

    def points(self, **changes: NDArray[np.float64]) -> OperatingPoints:
        given = {"g_p_s": self.p_s, "g_ap_s": self.ap_s, "occupancy": self.occupancy} | changes
        return operating_points(
            self.crossbar,
            given["g_p_s"],
            given["g_ap_s"],
            given["occupancy"],
            self.rows_v,
            self.row_ohm,
            self.columns,
        )

    def true(self, g_s: NDArray[np.float64], level: int) -> tuple[NDArray[np.float64], ...]:
        rows = Lines(self.rows_v[level], self.row_ohm)
        found = nodal(self.crossbar, g_s, rows, self.columns)
        return found.row_v - found.column_v, found.column_a


@pytest.mark.parametrize("shape", [(14, 8), (8, 14), (5, 5)])
@pytest.mark.parametrize("level", [0, 2])
def test_a_junction_in_its_own_state_is_exact(shape: tuple[int, int], level: int) -> None:
    twin = Twin(*shape)
    points = twin.points()
    mean_s = twin.p_s + twin.occupancy * (twin.ap_s - twin.p_s)
    for i, j in ((0, 0), (2, 3), (4, 1), (shape[0] - 1, shape[1] - 1)):
        seen_a = []
        for own_s, voltages in ((twin.p_s, points.junction_v_p), (twin.ap_s, points.junction_v_ap)):
            g_s = mean_s.copy()
            g_s[i, j] = own_s[i, j]
            junction_v, column_a = twin.true(g_s, level)
            assert voltages[level, i, j] == pytest.approx(junction_v[i, j], rel=1e-8)
            seen_a.append(column_a[j])
        step_a = seen_a[1] - seen_a[0]
        assert points.step_a[level, i, j] == pytest.approx(step_a, rel=1e-7, abs=1e-15)
    np.testing.assert_allclose(points.mean_a[level], twin.true(mean_s, level)[1], rtol=1e-8)


def test_levels_with_their_own_states_are_as_each_alone() -> None:
    twin = Twin(14, 8)
    rng = np.random.default_rng(9)
    occupancy = rng.random((3, 14, 8))
    together = twin.points(occupancy=occupancy)
    for level in range(3):
        alone = twin.points(occupancy=occupancy[level])
        np.testing.assert_allclose(
            together.junction_v_ap[level], alone.junction_v_ap[level], rtol=1e-12, atol=1e-15
        )
        np.testing.assert_allclose(together.step_a[level], alone.step_a[level], rtol=1e-10)


def test_columns_may_move_with_the_level() -> None:
    twin = Twin(6, 9)
    columns_v = np.linspace(-0.1, 0.1, 27).reshape(3, 9)
    arguments = (twin.crossbar, twin.p_s, twin.ap_s, twin.occupancy, twin.rows_v, twin.row_ohm)
    together = operating_points(*arguments, twin.columns, columns_v=columns_v)
    alone = operating_points(*arguments, Lines(columns_v[2], twin.columns.ohm))
    np.testing.assert_allclose(together.junction_v_p[2], alone.junction_v_p[2], rtol=1e-12)
    np.testing.assert_allclose(together.base_a[2], alone.base_a[2], rtol=1e-12)


@pytest.mark.parametrize("shape", [(14, 8), (3, 5), (64, 4), (65, 3), (128, 2)])
@pytest.mark.parametrize("samples", [40, 2000])
def test_packed_states_give_the_same_currents(shape: tuple[int, int], samples: int) -> None:
    twin = Twin(*shape)
    points = twin.points()
    rng = np.random.default_rng(6)
    ap = rng.random((samples, *shape)) < 0.5
    run = np.sort(rng.integers(0, 3, samples))
    bits = packed_bits(twin.crossbar)
    loose = np.zeros((samples, 64 * (1 + bits.max() // 64)), dtype=np.bool_)
    loose[:, bits.ravel()] = ap.reshape(samples, -1)
    as_bytes = np.packbits(loose, axis=1, bitorder="little")
    plain = points.column_a(ap, run)
    expected = points.base_a[run] + np.einsum("tij,tij->tj", ap, points.step_a[run])
    np.testing.assert_allclose(plain, expected, rtol=1e-9, atol=1e-15)
    for packed in (as_bytes, as_bytes.view(np.uint64)):
        np.testing.assert_allclose(points.column_a(packed, run), plain, rtol=1e-9, atol=1e-15)


def test_the_error_is_measured_and_small() -> None:
    twin = Twin(32, 32, faults=False)
    twin.row_ohm[:] = 1.0
    error = twin.points().error(np.random.default_rng(0))
    assert 0 < error.of_sd < 0.05
    assert 0 < error.relative < 0.02


def test_a_single_row_has_an_error_of_other_columns_only() -> None:
    """Behind an ideal source the columns of one row do not feel each other."""
    twin = Twin(1, 6, faults=False)
    twin.row_ohm[:] = 1e-9
    twin.crossbar = Crossbar(1, 6)
    assert twin.points().error(np.random.default_rng(0)).of_sd < 1e-8


def test_wrong_arguments_are_refused() -> None:
    twin = Twin(14, 8)
    points = twin.points()
    with pytest.raises(ValueError, match="states of shape"):
        points.column_a(np.zeros((2, 8, 14), dtype=np.bool_))
    with pytest.raises(ValueError, match="packed states"):
        points.column_a(np.zeros((2, 15), dtype=np.uint8))
    with pytest.raises(ValueError, match="run of shape"):
        points.column_a(np.zeros((2, 14, 8), dtype=np.bool_), np.array([0, 3]))
    with pytest.raises(ValueError, match=r"occupancy .* 0 \.\. 1"):
        twin.points(occupancy=np.full((14, 8), 1.5))
    with pytest.raises(ValueError, match="2 levels; there are 3"):
        twin.points(occupancy=np.full((2, 14, 8), 0.5))
