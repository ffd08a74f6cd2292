"""The tables of a run: junctions, correlations, p-values and tests."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.randomness.battery import FEWEST_SEQUENCES, Assessment
from mtjlab.analysis.randomness.bits import Bits
from mtjlab.analysis.randomness.entropy import correlation_of_pairs, lag_correlation, share_of_ones
from mtjlab.core.wiring import SingleJunction
from protocols.randomness.junctions import Chosen

_QUANTITIES = ("level_low_v", "level_high_v", "sigma_v", "occupancy_ap", "tau_c_s")
_RAW = ("ones", "correlation")
JUNCTIONS = (
    "row",
    "column",
    "bias_v",
    *(f"{name}{end}" for name in (*_QUANTITIES, *_RAW) for end in ("", "_low", "_high")),
    "misread",
    "used",
    "reason",
)
LAGS = ("lag", "correlation", "correlation_low", "correlation_high")
MOST_LAGS = 32
P_VALUES = ("test", "part", "sequence", "sequence_bits", "p", "reason")
VERDICTS = ("passed", "failed", "not run")
TESTS = (
    "test",
    "parts",
    "sequences",
    "sequence_bits",
    "p_smallest",
    "p_median",
    "proportion",
    "least_proportion",
    "p_uniformity",
    "parts_outside",
    "verdict",
    "reason",
)
REASONS = {
    "complete": "every number is there",
    "few_bits": "fewer bits than the test takes",
    "few_cycles": "the running sum came back to 0 too seldom for the test",
    "few_sequences": f"fewer than {FEWEST_SEQUENCES} sequences: no test of the p-values themselves",
}


def junction_rows(
    junctions: tuple[SingleJunction, ...],
    bias_v: tuple[float, ...],
    chosen: Chosen,
    raw: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(junctions, columns); `raw` as `Reading` counts it."""
    rows = np.full((len(junctions), len(JUNCTIONS)), np.nan)
    for index, junction in enumerate(junctions):
        rows[index, :3] = junction.cell.row, junction.cell.column, bias_v[index]
        rows[index, 3:18] = chosen.found[index].ravel()
    rows[:, -2], rows[:, -1] = 0.0, chosen.reason
    rows[chosen.used, -2] = 1.0
    rows[chosen.used, -3] = chosen.misread
    for index, counts in zip(chosen.used, raw, strict=True):
        n, ones, pairs, first, second, both = (int(count) for count in counts)
        memory = correlation_of_pairs(first, second, both, pairs)
        share = with_memory(share_of_ones(ones, n), memory)
        rows[index, 18:24] = [*ends(share), *ends(memory)]
    return rows


def with_memory(share: Estimate, memory: Estimate) -> Estimate:
    """Wider where successive bits are alike: fewer independent ones are behind it."""
    alike = min(max(memory.value, 0.0), 0.999) if memory.known else 0.0
    wider = math.sqrt((1.0 + alike) / (1.0 - alike))
    low = share.value - wider * (share.value - share.low)
    high = share.value + wider * (share.high - share.value)
    return Estimate(share.value, max(low, 0.0), min(high, 1.0), share.reason)


def lag_rows(bits: Bits) -> NDArray[np.float64]:
    """(lags, columns)."""
    lags = range(1, min(MOST_LAGS, len(bits) - 1) + 1)
    rows = [[lag, *ends(lag_correlation(bits, lag))] for lag in lags]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(LAGS))


def p_rows(number: int, found: Assessment) -> NDArray[np.float64]:
    """One for each sequence and part."""
    reason = list(REASONS).index(_missing(found)) if found.reason else 0
    return np.array(
        [
            [number, part, sequence, found.sequence_bits, p, 0 if math.isfinite(p) else reason]
            for sequence, row in enumerate(found.p)
            for part, p in enumerate(row)
        ]
    )


def test_row(number: int, found: Assessment) -> NDArray[np.float64]:
    """(len(TESTS),)."""
    run = len(found.tested)
    few = "few_sequences" if run < FEWEST_SEQUENCES else "complete"
    uniformity = found.uniformity
    known = uniformity[np.isfinite(uniformity)]
    # As section 4.2 of the document has it, for each part by itself.
    outside = found.proportions < found.least_proportion
    outside |= np.nan_to_num(uniformity, nan=1.0) < 1e-4
    return np.array(
        [
            number,
            found.p.shape[1],
            run,
            found.sequence_bits,
            found.tested.min() if run else math.nan,
            np.median(found.tested) if run else math.nan,
            found.proportions.min() if run else math.nan,
            found.least_proportion if run else math.nan,
            known.min() if len(known) else math.nan,
            outside.sum() if run else math.nan,
            VERDICTS.index(found.verdict),
            list(REASONS).index(few if run else _missing(found)),
        ]
    )


def ends(estimate: Estimate) -> tuple[float, float, float]:
    """Value, low, high."""
    return estimate.value, estimate.low, estimate.high


def _missing(found: Assessment) -> str:
    return "few_bits" if found.sequence_bits < found.test.least_bits else "few_cycles"
