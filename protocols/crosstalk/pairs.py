"""From simultaneous traces to a row for each pair of junctions, and the resistance they share.

In a row of an array, a junction that flips changes the current through whatever it shares with its
neighbours, dI_k = -q g_k dI_j with g_k the conductance of the neighbour and q the shared
resistance; so the covariance of two currents is -q (g_k var_j + g_j var_k). That needs no knowledge
of the junctions, only that they flip independently of each other.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mtjlab.analysis.crosstalk import Crosstalk, crosstalk
from mtjlab.analysis.slope import SUMS, added
from protocols.crosstalk.groups import Group

PAIRS = (
    "row",
    "column",
    "other_row",
    "other_column",
    "correlation",
    "correlation_low",
    "correlation_high",
    "effective",
    "chance",
    "quiet_correlation",
    "quiet_low",
    "quiet_high",
)


def pairs_of(
    group: Group, traces_v: NDArray[np.float64], quiet_v: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Crosstalk]:
    """(pairs, columns): at the bias, and with everything at 0 V; nan of a channel that is still.

    Args:
        group: the junctions.
        traces_v: (n, k), V, at the bias.
        quiet_v: (m, k), V, at 0 V.

    `chance` is what no pair of the group passes, each in its own error, with 99 % probability if
    all are independent.
    """
    found, quiet = crosstalk(traces_v), crosstalk(quiet_v)
    beyond = -float(ndtri(0.005 / max(1, len(group.cells) * (len(group.cells) - 1) // 2)))
    rows = []
    for one, cell in enumerate(group.cells):
        for other in range(one + 1, len(group.cells)):
            pair, still = found.pair(one, other), quiet.pair(one, other)
            beside = group.cells[other]
            rows.append(
                (
                    cell.row,
                    cell.column,
                    beside.row,
                    beside.column,
                    pair.value,
                    pair.low,
                    pair.high,
                    found.effective[one, other],
                    math.tanh(beyond / math.sqrt(max(found.effective[one, other] - 3.0, 0.25))),
                    still.value,
                    still.low,
                    still.high,
                )
            )
    return np.array(rows, dtype=np.float64).reshape(-1, len(PAIRS)), found


def no_sums() -> NDArray[np.float64]:
    """Of a line of shared resistance against shared segments, before the first row."""
    return np.zeros(SUMS)


def shared(
    sums: NDArray[np.float64],
    group: Group,
    traces_v: NDArray[np.float64],
    found: Crosstalk,
    conductance_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The sums with all pairs of a row: q in ohm against the segments that both use."""
    assert group.array is not None
    columns = [group.array.columns.index(cell.column) for cell in group.cells]
    sd = traces_v.std(axis=0)
    for one in range(len(group.cells)):
        for other in range(one + 1, len(group.cells)):
            r = found.correlation[one, other]
            # Each of the two flips and is answered by the other.
            taken = conductance_s[other] * sd[one] ** 2 + conductance_s[one] * sd[other] ** 2
            if not math.isfinite(r) or taken <= 0.0:
                continue
            per_r_ohm = float(sd[one] * sd[other] / taken)
            error = per_r_ohm / math.sqrt(max(found.effective[one, other] - 3.0, 1.0))
            sums = added(sums, 1.0 + min(columns[one], columns[other]), -r * per_r_ohm, error)
    return sums
