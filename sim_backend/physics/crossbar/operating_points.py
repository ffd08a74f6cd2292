"""Junction voltages in each state, and column currents, for several sets of row voltages (stop-gap)."""

import numpy as np
from scipy.sparse.linalg import splu

from sim_backend.physics.crossbar.network import Array, Crossbar, Lines
from sim_backend.physics.crossbar.nodal import NodalSolver


class OperatingPoints:
    """`junction_v_p`, `junction_v_ap` (L, N, M): voltage in each own state, others at their mean."""

    def __init__(self, crossbar, g_p_s, g_ap_s, rows_v, row_ohm, columns, v_p, v_ap):
        self.crossbar, self.g_p_s, self.g_ap_s = crossbar, g_p_s, g_ap_s
        self.rows_v, self.row_ohm, self.columns = rows_v, row_ohm, columns
        self.junction_v_p, self.junction_v_ap = v_p, v_ap

    def column_a(self, ap, run=None):
        """(n, M) A for states ap (n, N, M) bool; `run` (n,) chooses the level, None: level 0."""
        run = np.zeros(len(ap), dtype=np.intp) if run is None else run
        solver = NodalSolver("exact", self.crossbar)
        return np.array(
            [
                solver.solve(
                    np.where(s, self.g_ap_s, self.g_p_s),
                    Lines(self.rows_v[k], self.row_ohm),
                    self.columns,
                ).column_a
                for s, k in zip(ap, run, strict=True)
            ]
        )


def operating_points(
    crossbar: Crossbar,
    g_p_s: Array,
    g_ap_s: Array,
    occupancy: Array,
    rows_v: Array,
    row_ohm: Array,
    columns: Lines,
):
    n, m = crossbar.shape
    mean = np.broadcast_to(g_p_s + occupancy * (g_ap_s - g_p_s), (n, m))
    solver = NodalSolver("exact", crossbar)
    x = np.array([solver.solve(mean, Lines(v, row_ohm), columns).junction_v for v in rows_v])
    A, _, _ = solver.matrix(mean, Lines(rows_v[0], row_ohm), columns)
    e = np.concatenate([np.eye(n * m), -np.eye(n * m)])
    z = np.einsum("kd,kd->d", e, splu(A).solve(e)).reshape(n, m)
    return OperatingPoints(
        crossbar,
        g_p_s,
        g_ap_s,
        rows_v,
        row_ohm,
        columns,
        x / (1 + (g_p_s - mean) * z),
        x / (1 + (g_ap_s - mean) * z),
    )
