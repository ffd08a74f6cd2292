"""Nodes that one junction serves one after the other: neighbours share its noise.

The nodes of all layers are read in their order, layer by layer, at a constant interval, and the
telegraph of the junction has not forgotten the last node at the next one:

    C_ij = s^2 rho^|i - j| + sigma^2 delta_ij,     rho = exp(-interval / tau_c)

The mean update is C times the gradient, which for a random gradient and sigma = 0 points only
sqrt((1 - rho^2) / (1 + rho^2)) along it, however long one averages. C^-1 undoes that. The
inverse of rho^|i - j| is tridiagonal, Q / (1 - rho^2); with white noise C^-1 = Q (1 + w Q)^-1 up
to a factor, where w = (sigma / s)^2 and Q includes 1 / (1 - rho^2): both take O(N).

Two reads of the same sample lie B N intervals apart, as the whole batch of B is read before it is
read again. `Serial` takes their noises as independent, which they are to 5 % where
B N ln(1 / rho) >= 3: see `least_batch`. Neighbouring samples share noise as well: that makes no
error, since a sample's loss knows only its own.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning.fabric import Array
from mtjlab.learning.serial_kernel import weigh_rows


class Serial:
    """Inverse correlation matrix of nodes read in series; a `Precision`.

    Args:
        widths: nodes of each layer; they are read in this order, N in all.
        rho: correlation of the junction's own noise from one node to the next, 0 <= rho < 1.
        white_ratio: variance of the instrument's noise over that of the junction, >= 0: the
            instrument's noise must travel on with the signal, as that of a converter does whose
            readings are what the host computes with.

    Raises:
        ParameterError: rho or the ratio out of range.
    """

    def __init__(self, widths: Sequence[int], rho: float, white_ratio: float = 0.0) -> None:
        if not 0.0 <= rho < 1.0:
            raise ParameterError(
                f"rho = {rho!r} must be at least 0 and below 1: a junction that does not move "
                "between two nodes gives them one noise, which nothing tells apart"
            )
        if not 0.0 <= white_ratio < np.inf:
            raise ParameterError(f"white_ratio = {white_ratio!r} must be 0 or a positive number")
        self.widths = tuple(widths)
        self.rho = rho
        self.white_ratio = white_ratio
        nodes = sum(self.widths)
        forgotten = (1.0 - rho) * (1.0 + rho)
        self._diagonal = np.full(nodes, (1.0 + rho * rho) / forgotten)
        self._diagonal[[0, -1]] = 1.0 / forgotten if nodes > 1 else 1.0
        self._beside = -rho / forgotten
        self._lower, pivot = _factors(
            1.0 + white_ratio * self._diagonal, white_ratio * self._beside
        )
        self._pivot = 1.0 / pivot
        # Variance 1 at every node: where nodes are independent, differences stay as they are.
        self._diagonal *= 1.0 + white_ratio
        self._beside *= 1.0 + white_ratio

    def weigh(self, differences: Sequence[Array]) -> list[Array]:
        """See `Precision.weigh`; computed in float64."""
        shape = differences[0].shape[:-1]
        joined = np.ascontiguousarray(
            np.concatenate(differences, axis=-1).reshape(-1, sum(self.widths)), dtype=np.float32
        )
        weighed = np.empty_like(joined)
        weigh_rows(weighed, joined, self._diagonal, self._beside, self._lower, self._pivot)
        ends = np.cumsum(self.widths)[:-1]
        parts = np.split(weighed, ends, axis=1)
        return [part.reshape(*shape, part.shape[1]) for part in parts]


def least_batch(nodes: int, rho: float, *, tau_c: float = 3.0) -> int:
    """Samples in a batch so that two reads of a sample lie `tau_c` correlation times apart.

    Args:
        nodes: N, read one after the other.
        rho: correlation from one node to the next, 0 <= rho < 1.
        tau_c: 3 leaves 5 % of one read's noise in the other.
    """
    if rho == 0.0 or tau_c == 0.0:
        return 1
    return max(1, math.ceil(tau_c / (nodes * -math.log(rho))))


def _factors(
    diagonal: NDArray[np.float64], beside: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """L below its unit diagonal (the first is 0) and D of a symmetric tridiagonal matrix."""
    lower, pivot = np.zeros_like(diagonal), diagonal.copy()
    for i in range(1, len(diagonal)):
        lower[i] = beside / pivot[i - 1]
        pivot[i] -= lower[i] * beside
    return lower, pivot
