"""The row of a junction at the end of its trace, and what is said about it."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.chain import chain_rates
from mtjlab.analysis.drift import telegraph_memory
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.trace_report import TraceReport
from mtjlab.core.wiring import Cell
from protocols.telegraph.running import Running

VERDICTS = ("telegraph", "slow", "too fast", "three levels", "one level", "constant")
METHODS = ("threshold", "hidden Markov model", "none")
QUANTITIES = (
    "low_v",
    "high_v",
    "sigma_v",
    "occupancy_high",
    "tau_low_s",
    "tau_high_s",
    "tau_c_s",
    "acf_tau_c_s",
    "corner_hz",
)
COLUMNS = (
    "row",
    "column",
    "verdict",
    "method",
    "samples",
    "transitions",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
)
# Of the beginning of the trace, as numbers: verdict, method, samples, transitions, quantities.
HEAD = 4 + 3 * len(QUANTITIES)
_DRIFTS = 1e-3
_FEWEST = 10


def head_of(report: TraceReport) -> NDArray[np.float64]:
    """The beginning as numbers, (HEAD,)."""
    estimates = report.estimates
    found = [estimates.get(name) for name in QUANTITIES]
    return np.array(
        [
            VERDICTS.index(report.verdict),
            METHODS.index(report.method),
            report.samples,
            report.transitions,
            *(
                number
                for one in found
                for number in ((math.nan,) * 3 if one is None else (one.value, one.low, one.high))
            ),
        ]
    )


def row_of(
    cell: Cell, head: NDArray[np.float64], running: Running, index: int, interval_s: float
) -> NDArray[np.float64]:
    """(columns,): counts of the whole trace where a threshold tells the levels apart."""
    row = np.concatenate([[cell.row, cell.column], head])
    samples = running.all[index, 0]
    row[4] = samples
    threshold = METHODS[int(head[1])] != "hidden Markov model"
    several = VERDICTS[int(head[0])] == "three levels"
    if several or not threshold or not np.isfinite(running.threshold_v[index]):
        return row
    rates = chain_rates(running.pairs[index], interval_s)
    row[3], row[5] = METHODS.index("threshold"), rates.transitions
    slow = rates.transitions < _FEWEST
    known = rates.tau_c_s.known
    row[2] = VERDICTS.index("slow" if slow else "telegraph" if known else "too fast")
    for name in ("occupancy_high", "tau_low_s", "tau_high_s", "tau_c_s"):
        _put(row, name, getattr(rates, name))
    for level, name in enumerate(("low_v", "high_v")):
        _put(row, name, _level(head, running, index, level, name))
    return row


def _level(
    head: NDArray[np.float64], running: Running, index: int, level: int, name: str
) -> Estimate:
    """Mean of all samples at a level; the interval shrinks as their number has grown."""
    count, total = running.sums[index, level]
    if not count:
        return Estimate.none("the level was not visited")
    at = 4 + 3 * QUANTITIES.index(name)
    half = 0.5 * float(head[at + 2] - head[at + 1])
    if not math.isfinite(half):
        # It was not seen in the beginning: the noise of the only level there will do.
        sigma = head[4 + 3 * QUANTITIES.index("sigma_v")]
        half = 1.96 * float(sigma) / math.sqrt(count)
    else:
        half *= math.sqrt(min(1.0, head[2] / running.all[index, 0]))
    mean = float(total / count)
    return Estimate(mean, mean - half, mean + half)


def _put(row: NDArray[np.float64], name: str, found: Estimate) -> None:
    at = COLUMNS.index(name)
    row[at : at + 3] = found.value, found.low, found.high


def remarks(
    cell: Cell, row: NDArray[np.float64], running: Running, index: int, interval_s: float
) -> list[str]:
    """What a reader must know beside the numbers of one junction."""
    verdict, method = VERDICTS[int(row[2])], METHODS[int(row[3])]
    notes = []
    span_s = row[4] * interval_s
    if verdict != "telegraph":
        what = {
            "slow": f"{int(row[5])} transitions in {span_s:.3g} s: times roughly, or bounds only",
            "too fast": "successive samples may be independent: tau_c has an upper bound only",
            "three levels": "more than a telegraph: no dwell times",
            "one level": f"no flip in {span_s:.3g} s: the other level and all times are not known",
            "constant": "the samples do not vary: neither junction nor noise",
        }[verdict]
        notes.append(f"{cell} {verdict}: {what}")
    if method == "hidden Markov model":
        notes.append(
            f"{cell}: noise overlaps the levels; all numbers are of the beginning of the trace, by "
            "a hidden Markov model"
        )
    tau_c_s = row[COLUMNS.index("tau_c_s")]
    if math.isfinite(tau_c_s):
        p = running.occupancy_drift_p(index, telegraph_memory(float(tau_c_s), interval_s))
        if p is not None and p < _DRIFTS:
            notes.append(
                f"{cell}: the occupancy changes along the trace beyond chance (p = {p:.2g})"
            )
    return notes
