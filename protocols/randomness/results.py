"""What random bits of junctions come to, and what may not be concluded from them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.analysis.randomness import battery
from mtjlab.analysis.randomness.bits import Bits
from mtjlab.analysis.randomness.entropy import (
    lag_correlation,
    min_entropy,
    most_common_value,
    share_of_ones,
)
from mtjlab.core.protocol import Results, Rig
from protocols.randomness.junctions import REASONS as MASKED
from protocols.randomness.junctions import Chosen
from protocols.randomness.parameters import RandomnessParameters
from protocols.randomness.reading import (
    ALL_J,
    BLOCKS,
    JUNCTIONS_J,
    PER_BIT_J,
    PER_BIT_SQUARE,
    SECONDS,
    Reading,
)
from protocols.randomness.tables import JUNCTIONS, REASONS, TESTS, VERDICTS, with_memory

_MISREAD = 0.01


def results_of(
    rig: Rig,
    params: RandomnessParameters,
    chosen: Chosen,
    reading: Reading,
    rows: NDArray[np.float64],
    tests: NDArray[np.float64],
) -> Results:
    """Of all bits, the rows of the junctions and those of the tests."""
    bits = reading.bits[: params.bits]
    n, ones = len(bits), int(np.count_nonzero(bits))
    memory = lag_correlation(bits, 1)
    each = [_plain(row) for row in tests]
    verdicts = [one["verdict"] for one in each]
    read = reading.count
    return {
        "bits": n,
        "junctions": len(chosen.used),
        "used_cells": [[int(r), int(c)] for r, c in rows[chosen.used, :2]],
        "xor_depth": chosen.depth,
        "sample_spacing_s": reading.when.spacing_s,
        "ones": with_memory(share_of_ones(ones, n), memory).as_json(),
        "correlation": memory.as_json(),
        "min_entropy": min_entropy(ones, n).as_json(),
        "min_entropy_90b": most_common_value(ones, n),
        "tests": each,
        "passed": verdicts.count("passed"),
        "failed": verdicts.count("failed"),
        "not_run": verdicts.count("not run"),
        "bit_rate_hz": read / float(reading.sums[SECONDS]) if reading.sums[SECONDS] else None,
        "energy_per_bit_j": _energy(reading).as_json(),
        "energy_per_bit_with_resistors_j": float(reading.sums[ALL_J]) / read if read else None,
        "notes": _notes(rig, params, chosen, rows, bits, each),
    }


def _plain(row: NDArray[np.float64]) -> dict[str, Any]:
    test = battery.TESTS[int(row[0])]
    found: dict[str, Any] = {
        name: float(value) if math.isfinite(value) else None
        for name, value in zip(TESTS, row, strict=True)
    }
    for name in ("parts", "sequences", "sequence_bits"):
        found[name] = int(found[name])
    return found | {
        "test": test.name,
        "least_bits": test.least_bits,
        "verdict": VERDICTS[int(row[-2])],
        "reason": list(REASONS)[int(row[-1])],
    }


def _energy(reading: Reading) -> Estimate:
    """Dissipated in the junctions while they were read, per bit; scatter from block to block."""
    if not reading.count:
        return Estimate.none("no bits", low=0.0)
    sums = reading.sums
    value, blocks = float(sums[JUNCTIONS_J]) / reading.count, float(sums[BLOCKS])
    if blocks < 2:
        return Estimate(value, 0.0, math.inf, "one block: its scatter is not known")
    variance = max(float(sums[PER_BIT_SQUARE]) - float(sums[PER_BIT_J]) ** 2 / blocks, 0.0)
    half = Z_95 * math.sqrt(variance / (blocks - 1.0) / blocks)
    return Estimate(value, value - half, value + half)


def _notes(
    rig: Rig,
    params: RandomnessParameters,
    chosen: Chosen,
    rows: NDArray[np.float64],
    bits: Bits,
    tests: Sequence[dict[str, Any]],
) -> list[str]:
    notes = []
    if rig.twin:
        notes.append(
            "the junctions are those of a twin, moved by a pseudo-random generator: the tests show "
            "what bias and memory do to the bits, not that a device is random"
        )
    for code, (name, words) in enumerate(MASKED.items()):
        cells = [f"({int(r)}, {int(c)})" for r, c in rows[chosen.reason == code, :2]]
        if code and cells:
            more = ", ..." if len(cells) > 6 else ""
            notes.append(f"{len(cells)} x {name} ({', '.join(cells[:6])}{more}): {words}")
    if len(bits) < params.bits:
        notes.append(
            f"{len(bits)} of {params.bits} bits in max_duration_s = {params.max_duration_s:g} s"
        )
    notes += _of_raw(params, chosen, rows)
    notes += _of_tests(tests)
    notes.append(
        "min_entropy counts how often the more frequent bit comes (SP 800-90B, 6.3.1) and takes "
        "bits for independent; passing every test of SP 800-22 does not prove them so"
    )
    notes.append(
        "energy_per_bit_j is what the junctions dissipate over the time they were read, latencies "
        "included; the series resistors are in energy_per_bit_with_resistors_j, instruments in none"
    )
    return notes


def _of_raw(params: RandomnessParameters, chosen: Chosen, rows: NDArray[np.float64]) -> list[str]:
    used = rows[chosen.used]
    ones, memory = (used[:, JUNCTIONS.index(name)] for name in ("ones", "correlation"))
    notes = []
    if np.isfinite(ones).any():
        worst = int(np.nanargmax(np.abs(ones - 0.5)))
        largest = float(np.nanmax(np.abs(memory))) if np.isfinite(memory).any() else 0.0
        notes.append(
            f"raw bits: the share of ones is {np.nanmin(ones):.3f} to {np.nanmax(ones):.3f} "
            f"(farthest from 1/2 at ({used[worst, 0]:.0f}, {used[worst, 1]:.0f})), successive ones "
            f"are correlated by up to {largest:.2g}"
        )
        if params.xor_of == "consecutive" and chosen.depth and largest > 1e-3:
            notes.append(
                "the XOR of consecutive bits turns their correlation into bias; raise "
                "sample_spacing, or use xor_of=junctions"
            )
    misread = float(chosen.misread.max())
    if misread > _MISREAD:
        notes.append(
            f"noise of the instrument carries up to {misread:.1%} of the samples of a junction "
            "over the threshold: that much of the randomness is not the junction's"
        )
    return notes


def _of_tests(tests: Sequence[dict[str, Any]]) -> list[str]:
    notes = []
    few = [one for one in tests if one["reason"] == "few_bits"]
    if few:
        named = ", ".join(f"{one['test']} ({one['least_bits']})" for one in few)
        notes.append(f"too few bits for {named}: not run")
    cycles = [one["test"] for one in tests if one["reason"] == "few_cycles"]
    if cycles:
        notes.append(f"{', '.join(cycles)}: not run; {REASONS['few_cycles']}")
    failed = [one["test"] for one in tests if one["verdict"] == "failed"]
    if failed:
        notes.append(
            f"not random by {', '.join(failed)}: raise xor_depth or sample_spacing, or balance the "
            "junctions (operating_point)"
        )
    alone = [one["test"] for one in tests if one["sequences"] == 1]
    if alone:
        notes.append(
            f"one sequence only for {', '.join(alone)}: of random bits one in a hundred fails a "
            "test as well; more bits give more sequences"
        )
    seldom = [one["test"] for one in tests if 1 < one["sequences"] < battery.FEWEST_SEQUENCES]
    if seldom:
        notes.append(
            f"fewer than {battery.FEWEST_SEQUENCES} sequences for {', '.join(seldom)}: their "
            "p-values themselves are not tested for uniformity"
        )
    return notes
