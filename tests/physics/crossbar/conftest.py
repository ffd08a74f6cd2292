"""Random arrays: wires, terminations of every kind, open and shorted junctions."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim_backend.physics.crossbar import Crossbar, Lines

HALF_V = 0.15


class Case(NamedTuple):
    crossbar: Crossbar
    g_s: NDArray[np.float64]
    rows: Lines
    columns: Lines


def random_case(seed: int, rows: int, columns: int, *, faults: bool = True) -> Case:
    """Rows driven, grounded, at half bias or floating; the same of columns; faulty junctions."""
    rng = np.random.default_rng(seed)
    crossbar = Crossbar(rows, columns, *(10.0 ** rng.uniform(-1, 1, 2)))
    g_s = np.exp(0.3 * rng.normal(size=(rows, columns))) / rng.choice([5664.0, 9240.0])
    if faults:
        kind = rng.random((rows, columns))
        g_s[kind < 0.1] = 0.0
        g_s[kind > 0.95] = 1 / 100.0
        # No line is cut off altogether.
        g_s[:, 0] = g_s[0] = 1e-4
    return Case(crossbar, g_s, _lines(rng, rows), _lines(rng, columns, anchor=True))


def _lines(rng: np.random.Generator, count: int, *, anchor: bool = False) -> Lines:
    volts = rng.choice([0.0, HALF_V, 2 * HALF_V], size=count) + 0.01 * rng.normal(size=count)
    ohm = 10.0 ** rng.uniform(-1, 3, count)
    ohm[rng.random(count) < 0.3] = np.inf
    if anchor:
        ohm[0] = 10.0
    return Lines(volts, ohm)


cases = st.builds(random_case, st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 12))
