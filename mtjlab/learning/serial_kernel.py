"""Machine code of `serial_noise`: a tridiagonal product and a tridiagonal solution, row by row."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.compiled import compiled

# Rows that go together: the recursions along a row wait for themselves, rows do not.
LANES = 16


@compiled("void(float32[:,::1], float32[:,::1], float64[::1], float64, float64[::1], float64[::1])")
def weigh_rows(
    out: NDArray[np.float32],
    rows: NDArray[np.float32],
    diagonal: NDArray[np.float64],
    beside: float,
    lower: NDArray[np.float64],
    pivot: NDArray[np.float64],
) -> None:
    """Each row times the symmetric tridiagonal Q, then solved for L D L^T.

    Args:
        out: (R, N).
        rows: (R, N).
        diagonal: (N,), of Q.
        beside: every element of Q beside its diagonal.
        lower: (N,), L below its unit diagonal; the first is 0.
        pivot: (N,), inverse of D.
    """
    count, n = rows.shape
    z = np.zeros((n, LANES))
    for first in range(0, count, LANES):
        lanes = min(LANES, count - first)
        for i in range(n):
            for lane in range(lanes):
                row = first + lane
                value = diagonal[i] * rows[row, i]
                if i > 0:
                    value += beside * rows[row, i - 1]
                if i + 1 < n:
                    value += beside * rows[row, i + 1]
                z[i, lane] = value
        for i in range(1, n):
            for lane in range(LANES):
                z[i, lane] -= lower[i] * z[i - 1, lane]
        for lane in range(LANES):
            z[n - 1, lane] *= pivot[n - 1]
        for i in range(n - 2, -1, -1):
            for lane in range(LANES):
                z[i, lane] = z[i, lane] * pivot[i] - lower[i + 1] * z[i + 1, lane]
        for lane in range(lanes):
            for i in range(n):
                out[first + lane, i] = z[i, lane]
