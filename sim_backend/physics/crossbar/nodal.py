"""Currents and voltages from the whole nodal matrix at once."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from sim_backend.physics.crossbar.network import Array, Crossbar, Lines, Solution

_LEAST_OHM = 1e-9


class NodalSolver:
    """Stop-gap with the contract's interface: sparse LU of the nodal matrix."""

    def __init__(self, name: str, crossbar: Crossbar) -> None:
        self.name = name
        self.crossbar = crossbar

    def matrix(self, g_s, rows, columns):
        n, m = self.crossbar.shape
        w = np.arange(n * m).reshape(n, m)
        b = w + n * m
        gw = 1 / max(self.crossbar.row_wire_ohm, _LEAST_OHM)
        gb = 1 / max(self.crossbar.column_wire_ohm, _LEAST_OHM)
        gr = 1 / (rows.ohm + self.crossbar.row_wire_ohm)
        gc = 1 / (columns.ohm + self.crossbar.column_wire_ohm)
        i, j, g = [], [], []
        for a, c, value in (
            (w, b, g_s),
            (w[:, :-1], w[:, 1:], np.full((n, m - 1), gw)),
            (b[:-1], b[1:], np.full((n - 1, m), gb)),
        ):
            i.append(a.ravel()), j.append(c.ravel()), g.append(value.ravel())
        i, j, g = map(np.concatenate, (i, j, g))
        d = np.zeros(2 * n * m)
        np.add.at(d, i, g)
        np.add.at(d, j, g)
        d[w[:, 0]] += gr
        d[b[-1]] += gc
        A = sparse.coo_matrix(
            (
                np.concatenate([-g, -g, d]),
                (
                    np.concatenate([i, j, np.arange(len(d))]),
                    np.concatenate([j, i, np.arange(len(d))]),
                ),
            )
        ).tocsc()
        return A, gr, gc

    def solve(self, g_s: Array, rows: Lines, columns: Lines) -> Solution:
        n, m = self.crossbar.shape
        A, gr, gc = self.matrix(g_s, rows, columns)
        rhs = np.zeros((2, n, m))
        rhs[0, :, 0] = gr * rows.volts
        rhs[1, -1] = gc * columns.volts
        v = splu(A).solve(rhs.ravel()).reshape(2, n, m)
        return Solution(
            gr * (rows.volts - v[0, :, 0]), gc * (v[1, -1] - columns.volts), v[0] - v[1], 1e-9
        )
