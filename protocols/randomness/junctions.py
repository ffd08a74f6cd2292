"""Which junctions give bits: their levels and correlation times from a trace of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.two_levels import two_levels
from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.reading import record
from mtjlab.fabric.timing import Timing
from protocols.randomness.parameters import RandomnessParameters

SURVEY_RATE_HZ = 200e3
REASONS = {
    "complete": "it gives bits",
    "one_level": "one level only: no flip stood out of the noise",
    "unbounded": "it flips too seldom, or too fast, for a correlation time",
    "slow": "its correlation time is above max_tau_c_s",
    "spare": "it could serve, but 2^depth junctions make a bit and it was left over",
}
_NAMES = list(REASONS)
# What the survey says of a junction, in the order of the columns of a table.
LEVEL_LOW, LEVEL_HIGH, SIGMA, OCCUPANCY, TAU_C = range(5)


@dataclass(frozen=True)
class Chosen:
    """Of a survey.

    Attributes:
        found: (junctions, 5, 3), value, low and high of each quantity; nan where there is none.
        reason: (junctions,), codes of `REASONS`.
        used: indices of those that give bits.
        depth: of the XOR.
    """

    found: NDArray[np.float64]
    reason: NDArray[np.int64]
    used: NDArray[np.int64]
    depth: int

    @property
    def threshold_v(self) -> NDArray[np.float64]:
        """(used,), half-way between the levels, V."""
        levels = self.found[self.used][:, [LEVEL_LOW, LEVEL_HIGH], 0]
        middle: NDArray[np.float64] = levels.mean(axis=1)
        return middle

    @property
    def slowest_s(self) -> float:
        """Largest correlation time of the used ones, s."""
        return float(self.found[self.used, TAU_C, 0].max())

    @property
    def misread(self) -> NDArray[np.float64]:
        """(used,), share of samples that noise carries over the threshold."""
        found = self.found[self.used, :, 0]
        sigma = np.maximum(found[:, SIGMA], 1e-12)
        beyond = -0.5 * np.abs(found[:, LEVEL_HIGH] - found[:, LEVEL_LOW]) / sigma
        return np.asarray(ndtr(beyond), dtype=np.float64)


def candidates(rig: Rig, params: RandomnessParameters) -> tuple[SingleJunction, ...]:
    """Single junctions on inputs of one board, with the bias of each.

    Raises:
        ParameterError: no cell, or one twice.
        BenchError: a cell that is not wired so, junctions of several boards, or too few.
    """
    biases = {(row, column): volts for row, column, volts in params.biases or ()}
    cells = params.cells if params.cells is not None or not biases else list(biases)
    asked = wanted_singles(rig, cells, "randomness")
    boards: dict[str, list[SingleJunction]] = {}
    for junction in asked:
        assert junction.read is not None
        boards.setdefault(junction.read.instrument, []).append(junction)
    most = max(boards.values(), key=len)
    if cells is not None and len(boards) > 1:
        raise BenchError(
            f"randomness reads all junctions in one block, but those of `cells` are on "
            f"{', '.join(sorted(boards))}; name junctions of one board"
        )
    needed = 2 ** (params.xor_depth or 0) if params.xor_of == "junctions" else 1
    if len(most) < needed:
        raise BenchError(
            f"xor_depth = {params.xor_depth} takes {needed} junctions on inputs of one board; "
            f"there are {len(most)}. Use a smaller depth, or xor_of=consecutive"
        )
    return tuple(
        replace(j, bias_v=biases.get((j.cell.row, j.cell.column), params.bias_v or j.bias_v))
        for j in most
    )


def surveyed(
    rig: Rig,
    junctions: Sequence[SingleJunction],
    bias: CommonBias,
    params: RandomnessParameters,
) -> Chosen:
    """Record all of them at their bias and choose.

    Raises:
        BenchError: too few can serve.
    """
    first = junctions[0].read
    assert first is not None
    daq = rig.daqs[first.instrument]
    rate_hz = min(SURVEY_RATE_HZ, daq.abilities.rate_limit_hz(len(junctions)))
    samples = max(100, round(params.survey_s * rate_hz))
    traces_v, block = record(daq, junctions, samples, Timing(rate_hz, 0, 1))
    found = np.full((len(junctions), 5, 3), np.nan)
    reason = np.zeros(len(junctions), dtype=np.int64)
    for index, junction in enumerate(junctions):
        assert junction.read is not None
        # The level of more resistance, AP, is a one whatever the sign of the bias.
        sign = np.sign(bias.behind_divider_v[index]) or 1.0
        seen = rig.compute(
            two_levels,
            sign * traces_v[:, index],
            1.0 / block.step_rate_hz,
            resolution_v=2.0 * junction.read.range_v / 2**daq.abilities.input_bits,
        )
        if seen is None:
            reason[index] = _NAMES.index("one_level")
            continue
        rates = seen.rates
        levels = (seen.found.low_v, seen.found.high_v, seen.found.sigma_v)
        found[index] = [_ends(e) for e in (*levels, rates.occupancy_high, rates.tau_c_s)]
        if not rates.tau_c_s.known:
            reason[index] = _NAMES.index("unbounded")
        elif rates.tau_c_s.value > params.max_tau_c_s:
            reason[index] = _NAMES.index("slow")
    return _choose(junctions, found, reason, params)


def _choose(
    junctions: Sequence[SingleJunction],
    found: NDArray[np.float64],
    reason: NDArray[np.int64],
    params: RandomnessParameters,
) -> Chosen:
    good = np.flatnonzero(reason == 0)
    depth = params.xor_depth
    if not len(good):
        raise BenchError(
            f"none of {len(junctions)} junctions gives bits: {_masked(junctions, reason)}"
        )
    if depth is None:
        depth = min(3, int(np.log2(len(good)))) if params.xor_of == "junctions" else 3
    many = 2**depth if params.xor_of == "junctions" else 1
    if len(good) < many:
        raise BenchError(
            f"xor_depth = {depth} takes {many} junctions; {len(good)} of {len(junctions)} can "
            f"serve ({_masked(junctions, reason)}). Use a smaller depth, another bias, or "
            "xor_of=consecutive"
        )
    # The best balanced ones; those that are left over do not fill another XOR.
    order = good[np.argsort(np.abs(found[good, OCCUPANCY, 0] - 0.5), kind="stable")]
    used = np.sort(order[: len(good) // many * many])
    reason[np.setdiff1d(good, used)] = _NAMES.index("spare")
    return Chosen(found, reason, used, depth)


def _masked(junctions: Sequence[SingleJunction], reason: NDArray[np.int64]) -> str:
    texts = []
    for code, (name, words) in enumerate(REASONS.items()):
        where = np.flatnonzero(reason == code)
        if code and len(where):
            texts.append(f"{len(where)} {name}, such as {junctions[where[0]].cell}: {words}")
    return "; ".join(texts)


def taken_note(chosen: Chosen, junctions: Sequence[SingleJunction]) -> str:
    """For log and screen."""
    return (
        f"{len(chosen.used)} of {len(junctions)} junctions give bits, slowest tau_c "
        f"{si(chosen.slowest_s, 's')}, XOR of {2**chosen.depth}"
    )


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high
