"""What cannot be solved is refused before it is tried, with the reason."""

import numpy as np
import pytest

from sim_backend.physics.crossbar import SOLVERS, Crossbar, IterativeSolver, Lines, solver
from sim_backend.physics.crossbar.exact import needed_bytes

G = np.full((3, 4), 1e-4)
ROWS, COLUMNS = Lines.driven(np.ones(3), 50.0), Lines.grounded(4, 10.0)


def test_an_unknown_solver_names_the_three() -> None:
    with pytest.raises(
        ValueError, match=r"no crossbar solver 'fast'.*exact, iterative, linearised"
    ):
        solver("fast", Crossbar(3, 4))


@pytest.mark.parametrize("name", ["exact", "linearised"])
def test_only_the_iterative_solver_has_a_tolerance(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} solver has no tolerance"):
        solver(name, Crossbar(3, 4), tolerance=1e-6)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("bad", [-1e-4, np.nan, np.inf])
def test_an_impossible_conductance_names_the_junction(name: str, bad: float) -> None:
    g_s = G.copy()
    g_s[1, 2] = bad
    with pytest.raises(ValueError, match=r"junction \(1, 2\) has .* S; expected a finite"):
        solver(name, Crossbar(3, 4, 1.0, 1.0)).solve(g_s, ROWS, COLUMNS)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_line_that_nothing_fixes_is_named(name: str) -> None:
    all_float = Lines(np.zeros(3), np.full(3, np.inf)), Lines(np.zeros(4), np.full(4, np.inf))
    made = solver(name, Crossbar(3, 4, 1.0, 1.0))
    with pytest.raises(ValueError, match="nothing fixes the voltage of row 0"):
        made.solve(G, *all_float)
    g_s = G.copy()
    g_s[:, 2] = 0.0
    floats = Lines(np.zeros(4), np.array([10.0, 10.0, np.inf, 10.0]))
    with pytest.raises(ValueError, match="nothing fixes the voltage of column 2"):
        made.solve(g_s, ROWS, floats)


@pytest.mark.parametrize("name", SOLVERS)
def test_wrong_shapes_are_refused(name: str) -> None:
    made = solver(name, Crossbar(3, 4))
    with pytest.raises(ValueError, match="3 x 4 junctions"):
        made.solve(G.T, ROWS, COLUMNS)
    with pytest.raises(ValueError, match="4 columns; 5 are terminated"):
        made.solve(G, ROWS, Lines.grounded(5, 10.0))


def test_what_does_not_fit_is_refused_with_its_bytes() -> None:
    crossbar = Crossbar(20_000, 20_000, 1.0, 1.0)
    needed = f"{needed_bytes(crossbar):,}"
    # A view of one number: nothing of this size exists.
    g_s = np.broadcast_to(1e-4, crossbar.shape)
    lines = Lines.grounded(20_000, 10.0)
    with pytest.raises(ValueError, match=f"needs {needed} bytes"):
        solver("exact", crossbar).solve(g_s, lines, lines)
    with pytest.raises(ValueError, match=r"linearising .* needs .* bytes"):
        solver("linearised", crossbar).around(g_s, lines, lines)  # type: ignore[attr-defined]


def test_the_iteration_says_that_it_did_not_converge() -> None:
    few = IterativeSolver(Crossbar(3, 4, 100.0, 100.0), 1e-11, most_steps=1)
    with pytest.raises(ValueError, match=r"reached .* of the tolerance 1e-11 in 1 steps.*exact"):
        few.solve(np.full((3, 4), 1e-2), ROWS, COLUMNS)
    with pytest.raises(ValueError, match="tolerance = 1e-16"):
        IterativeSolver(Crossbar(3, 4), 1e-16)


def test_the_linearised_solver_keeps_to_its_terminations() -> None:
    made = solver("linearised", Crossbar(3, 4))
    made.solve(G, ROWS, COLUMNS)
    with pytest.raises(ValueError, match="other resistances"):
        made.solve(G, ROWS, Lines.grounded(4, 20.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 0}, "rows = 0 must be at least 1"),
        ({"row_wire_ohm": -1.0}, "row_wire_ohm = -1.0 must be finite"),
        ({"column_wire_ohm": np.inf}, "column_wire_ohm = inf must be finite"),
    ],
)
def test_an_impossible_crossbar(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Crossbar(**({"rows": 3, "columns": 4} | change))  # type: ignore[arg-type]


def test_impossible_lines() -> None:
    with pytest.raises(ValueError, match=r"line 1 has 0\.0 ohm"):
        Lines(np.zeros(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="not a finite number"):
        Lines(np.array([np.nan]), np.ones(1))
    with pytest.raises(ValueError, match="one of each"):
        Lines(np.zeros(2), np.ones(3))
