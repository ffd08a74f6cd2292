"""Passive crossbars: three solvers with one interface, and operating points for a stepping twin."""

from sim_backend.physics.crossbar.network import Crossbar, Lines, Solution, Solver
from sim_backend.physics.crossbar.nodal import NodalSolver
from sim_backend.physics.crossbar.operating_points import OperatingPoints, operating_points

SOLVERS = ("exact", "iterative", "linearised")


def solver(name: str, crossbar: Crossbar) -> Solver:
    """The solver of this name.

    Raises:
        ValueError: there is none; names those that are.
    """
    if name not in SOLVERS:
        raise ValueError(f"no crossbar solver {name!r}; there are {', '.join(SOLVERS)}")
    return NodalSolver(name, crossbar)


__all__ = [
    "SOLVERS",
    "Crossbar",
    "Lines",
    "OperatingPoints",
    "Solution",
    "Solver",
    "operating_points",
    "solver",
]
