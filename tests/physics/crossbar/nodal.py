"""An independent solution: the whole nodal matrix, every segment a conductance, one sparse LU."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from sim_backend.physics.crossbar import Crossbar, Lines

Array = NDArray[np.float64]


class Nodal(NamedTuple):
    row_v: Array
    column_v: Array
    row_a: Array
    column_a: Array


def matrix(crossbar: Crossbar, g_s: Array, rows: Lines, columns: Lines) -> sparse.csc_array:
    n, m = crossbar.shape
    row = np.arange(n * m).reshape(n, m)
    column = row + n * m
    edges = [(row, column, g_s)]
    if m > 1:
        edges.append((row[:, :-1], row[:, 1:], np.full((n, m - 1), 1 / crossbar.row_wire_ohm)))
    if n > 1:
        wire_s = np.full((n - 1, m), 1 / crossbar.column_wire_ohm)
        edges.append((column[:-1], column[1:], wire_s))
    a, b, s = (np.concatenate([edge[k].ravel() for edge in edges]) for k in range(3))
    diagonal = np.zeros(2 * n * m)
    np.add.at(diagonal, a, s)
    np.add.at(diagonal, b, s)
    diagonal[row[:, 0]] += 1 / (rows.ohm + crossbar.row_wire_ohm)
    diagonal[column[-1]] += 1 / (columns.ohm + crossbar.column_wire_ohm)
    every = np.arange(2 * n * m)
    entries = np.concatenate([-s, -s, diagonal])
    return sparse.csc_array(
        (entries, (np.concatenate([a, b, every]), np.concatenate([b, a, every])))
    )


def solve(crossbar: Crossbar, g_s: Array, rows: Lines, columns: Lines) -> Nodal:
    n, m = crossbar.shape
    row_s = 1 / (rows.ohm + crossbar.row_wire_ohm)
    column_s = 1 / (columns.ohm + crossbar.column_wire_ohm)
    sources = np.zeros((2, n, m))
    sources[0, :, 0] = row_s * rows.volts
    sources[1, -1] = column_s * columns.volts
    v = splu(matrix(crossbar, g_s, rows, columns)).solve(sources.ravel()).reshape(2, n, m)
    return Nodal(
        v[0], v[1], row_s * (rows.volts - v[0, :, 0]), column_s * (v[1, -1] - columns.volts)
    )
