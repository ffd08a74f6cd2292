"""Every solver against the nodal matrix, Kirchhoff's laws, closed forms and limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_backend.physics.crossbar import (
    SOLVERS,
    Crossbar,
    ExactSolver,
    IterativeSolver,
    LinearisedSolver,
    Lines,
    solver,
)
from tests.physics.crossbar.conftest import Case, cases, random_case
from tests.physics.crossbar.nodal import solve as nodal

SHAPES = [(1, 1), (1, 9), (9, 1), (14, 8), (8, 14), (33, 21), (45, 64), (64, 45)]


def largest(*currents: np.ndarray) -> float:
    return max(float(np.abs(a).max(initial=0.0)) for a in currents)


@pytest.mark.parametrize("name", ["exact", "iterative"])
@settings(deadline=None, max_examples=60)
@given(case=cases)
def test_currents_and_voltages_are_those_of_the_nodal_matrix(name: str, case: Case) -> None:
    found = solver(name, case.crossbar).solve(*case[1:])
    true = nodal(*case)
    scale_a = largest(true.row_a, true.column_a)
    off_a = largest(found.row_a - true.row_a, found.column_a - true.column_a)
    # The nodal matrix itself rounds: short next to floating, segments of 0.1 ohm.
    assert off_a <= max(found.error, 1e-9) * scale_a + 1e-15
    off_v = found.junction_v - (true.row_v - true.column_v)
    assert np.abs(off_v).max() < 1e-6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["exact", "iterative"])
def test_any_shape(name: str, shape: tuple[int, int]) -> None:
    case = random_case(5, *shape)
    found, true = solver(name, case.crossbar).solve(*case[1:]), nodal(*case)
    off_a = largest(found.row_a - true.row_a, found.column_a - true.column_a)
    assert off_a <= max(found.error, 1e-9) * largest(true.row_a, true.column_a) + 1e-15


@pytest.mark.parametrize("name", SOLVERS)
@settings(deadline=None, max_examples=40)
@given(case=cases)
def test_kirchhoff(name: str, case: Case) -> None:
    found = solver(name, case.crossbar).solve(*case[1:])
    scale_a = largest(case.g_s * found.junction_v)
    assert found.row_a.sum() == pytest.approx(found.column_a.sum(), abs=1e-12 * scale_a + 1e-18)
    floats_a = largest(
        found.row_a[np.isinf(case.rows.ohm)], found.column_a[np.isinf(case.columns.ohm)]
    )
    assert floats_a <= 1e-7 * scale_a + 1e-18


@settings(deadline=None, max_examples=40)
@given(case=cases, tolerance=st.sampled_from([1e-3, 1e-6, 1e-9]))
def test_the_iterative_error_is_below_the_stated_one(case: Case, tolerance: float) -> None:
    found = IterativeSolver(case.crossbar, tolerance).solve(*case[1:])
    true = ExactSolver(case.crossbar).solve(*case[1:])
    assert found.error <= tolerance
    off_a = largest(found.row_a - true.row_a, found.column_a - true.column_a)
    assert off_a <= (found.error + true.error) * largest(true.row_a, true.column_a) + 1e-16


@pytest.mark.parametrize("name", SOLVERS)
def test_without_resistance_the_array_is_a_matrix_product(name: str) -> None:
    rng = np.random.default_rng(2)
    g_s, volts = rng.uniform(1e-4, 2e-4, (9, 6)), rng.normal(size=9)
    found = solver(name, Crossbar(9, 6)).solve(
        g_s, Lines.driven(volts, 1e-12), Lines.grounded(6, 1e-12)
    )
    np.testing.assert_allclose(found.column_a, g_s.T @ volts, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(found.row_a, g_s.sum(axis=1) * volts, rtol=1e-9)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_sneak_path_is_three_junctions_in_series(name: str) -> None:
    # 2 x 2: row 0 driven, column 0 read, the others float.
    ohm = np.array([[5e3, 7e3], [11e3, 13e3]])
    found = solver(name, Crossbar(2, 2)).solve(
        1 / ohm,
        Lines(np.array([0.3, 0.0]), np.array([1e-9, np.inf])),
        Lines(np.zeros(2), np.array([1e-9, np.inf])),
    )
    expected_a = 0.3 / 5e3 + 0.3 / (7e3 + 13e3 + 11e3)
    assert found.column_a[0] == pytest.approx(expected_a, rel=1e-9)
    assert found.row_a[0] == pytest.approx(expected_a, rel=1e-9)
    assert found.junction_v[1, 1] == pytest.approx(-0.3 * 13 / 31, rel=1e-9)


@pytest.mark.parametrize("name", SOLVERS)
def test_one_junction_is_a_divider(name: str) -> None:
    found = solver(name, Crossbar(1, 1, 2.0, 3.0)).solve(
        np.array([[1 / 1000.0]]), Lines.driven(np.ones(1), 50.0), Lines.grounded(1, 10.0)
    )
    assert found.column_a[0] == pytest.approx(1 / 1065.0, rel=1e-12)
    assert found.junction_v[0, 0] == pytest.approx(1000 / 1065.0, rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(case=cases)
def test_reciprocity(case: Case) -> None:
    """A volt at a row gives a column the current that a volt at the column gives the row."""
    n, m = case.crossbar.shape
    exact = ExactSolver(case.crossbar)
    transfer_s = exact.transfer_s(*case[1:])
    i, j = n // 2, m // 2
    one_row = exact.solve(
        case.g_s,
        Lines(np.eye(n)[i], case.rows.ohm),
        Lines(np.zeros(m), case.columns.ohm),
    )
    one_column = exact.solve(
        case.g_s,
        Lines(np.zeros(n), case.rows.ohm),
        Lines(np.eye(m)[j], case.columns.ohm),
    )
    np.testing.assert_allclose(one_row.column_a, transfer_s[:, i], rtol=1e-8, atol=1e-16)
    assert -one_column.row_a[i] == pytest.approx(one_row.column_a[j], rel=1e-8, abs=1e-16)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    case = random_case(7, 14, 8)
    rng = np.random.default_rng(1)
    states, inputs = rng.uniform(1e-4, 2e-4, (5, 14, 8)), rng.normal(size=(5, 14))
    iterative = IterativeSolver(case.crossbar)
    many = iterative.solve_many(states, inputs, case.rows, case.columns)
    for k in range(5):
        rows = Lines(inputs[k], case.rows.ohm)
        one = iterative.solve(states[k], rows, case.columns)
        np.testing.assert_array_equal(one.column_a, many.column_a[k])
        np.testing.assert_array_equal(one.junction_v, many.junction_v[k])


def test_the_linearised_error_is_below_the_stated_one() -> None:
    case = random_case(11, 24, 16, faults=False)
    rows, columns = Lines.driven(case.rows.volts, 50.0), Lines.grounded(16, 10.0)
    g_p_s = case.g_s
    mean_s, spread_s = 0.8 * g_p_s, 0.2 * g_p_s
    linear = LinearisedSolver(case.crossbar)
    built = linear.around(mean_s, rows, columns, spread_s=spread_s)
    assert 0 < built < 0.2
    rng = np.random.default_rng(3)
    for _ in range(20):
        g_s = mean_s + spread_s * np.where(rng.random(mean_s.shape) < 0.5, 1, -1)
        found = linear.solve(g_s, rows, columns)
        true = ExactSolver(case.crossbar).solve(g_s, rows, columns)
        off_a = largest(found.row_a - true.row_a, found.column_a - true.column_a)
        assert off_a <= found.error * largest(true.row_a, true.column_a)
    at_point = linear.solve(mean_s, rows, columns)
    true = ExactSolver(case.crossbar).solve(mean_s, rows, columns)
    np.testing.assert_allclose(at_point.row_a, true.row_a, rtol=1e-10, atol=1e-16)


def test_a_single_flip_is_exact_in_the_linearised_solver() -> None:
    case = random_case(13, 10, 12)
    linear = LinearisedSolver(case.crossbar)
    linear.around(*case[1:])
    g_s = case.g_s.copy()
    g_s[4, 7] += 3e-4
    found, true = linear.solve(g_s, *case[2:]), nodal(case.crossbar, g_s, *case[2:])
    scale_a = largest(true.row_a, true.column_a)
    assert largest(found.row_a - true.row_a, found.column_a - true.column_a) < 1e-9 * scale_a


@pytest.mark.parametrize("name", SOLVERS)
def test_equal_sources_drive_nothing(name: str) -> None:
    case = random_case(17, 14, 8)
    found = solver(name, case.crossbar).solve(
        case.g_s, Lines(np.full(14, 0.2), case.rows.ohm), Lines(np.full(8, 0.2), case.columns.ohm)
    )
    assert largest(found.row_a, found.column_a) < 1e-14
    assert largest(found.junction_v) < 1e-11
    assert found.error < 1e-8
