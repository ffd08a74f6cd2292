"""Passive crossbars: three solvers with one interface, and operating points for a stepping twin."""

from sim_backend.physics.crossbar.exact import ExactSolver
from sim_backend.physics.crossbar.iterative import IterativeSolver
from sim_backend.physics.crossbar.linearised import LinearisedSolver
from sim_backend.physics.crossbar.network import Crossbar, Lines, Solution, Solver
from sim_backend.physics.crossbar.operating_points import (
    OperatingPoints,
    TwinError,
    operating_points,
    packed_bits,
)

SOLVERS = ("exact", "iterative", "linearised")


def solver(name: str, crossbar: Crossbar, *, tolerance: float | None = None) -> Solver:
    """The solver of this name.

    Args:
        name: exact, iterative or linearised.
        crossbar: what it is to solve.
        tolerance: of the iterative one; the others have none.

    Raises:
        ValueError: there is none of this name, or it has no tolerance.
    """
    if name not in SOLVERS:
        raise ValueError(f"no crossbar solver {name!r}; there are {', '.join(SOLVERS)}")
    if name == "iterative":
        if tolerance is None:
            return IterativeSolver(crossbar)
        return IterativeSolver(crossbar, tolerance)
    if tolerance is not None:
        raise ValueError(f"the {name} solver has no tolerance; the iterative one has")
    return ExactSolver(crossbar) if name == "exact" else LinearisedSolver(crossbar)


__all__ = [
    "SOLVERS",
    "Crossbar",
    "ExactSolver",
    "IterativeSolver",
    "LinearisedSolver",
    "Lines",
    "OperatingPoints",
    "Solution",
    "Solver",
    "TwinError",
    "operating_points",
    "packed_bits",
    "solver",
]
