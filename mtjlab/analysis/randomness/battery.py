"""All tests of SP 800-22 rev. 1a, and what they say of many sequences (its section 4.2).

A test is passed where p >= 0.01. Of several sequences 99 % should pass, and their p-values be
uniform. The document lets the share of passes be 3 sigma too small and the uniformity have a
p-value of 1e-4; with a dozen sequences or a hundred templates these bounds are crossed by chance,
so here the same levels are exact (binomial) and shared among the p-values of a test.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from mtjlab.analysis.randomness import excursions
from mtjlab.analysis.randomness.bits import Bits, chi_square_p
from mtjlab.analysis.randomness.frequency import block_frequency, frequency
from mtjlab.analysis.randomness.linear_complexity import linear_complexity
from mtjlab.analysis.randomness.patterns import approximate_entropy, serial
from mtjlab.analysis.randomness.rank import matrix_rank
from mtjlab.analysis.randomness.runs import longest_run, runs
from mtjlab.analysis.randomness.spectral import spectral
from mtjlab.analysis.randomness.sums import cumulative_sums
from mtjlab.analysis.randomness.templates import TEMPLATES, non_overlapping, overlapping
from mtjlab.analysis.randomness.universal import LEAST_BITS, universal

ALPHA = 0.01
# For the uniformity of p-values.
FEWEST_SEQUENCES = 55
_THREE_SIGMA, _NOT_UNIFORM = 0.00135, 1e-4

Verdict = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class Test:
    """One test.

    Attributes:
        name: of the test.
        least_bits: it says nothing of fewer.
        parts: of each p-value: a template, a level, a direction; ("",) of a single one.
        run: bits to p-values.
    """

    name: str
    least_bits: int
    parts: tuple[str, ...]
    run: Callable[[Bits], Any]

    def p_values(self, bits: Bits) -> tuple[NDArray[np.float64], str | None]:
        """(parts,), nan where there are none, and why."""
        reason = self._refused(bits)
        if reason is not None:
            return np.full(len(self.parts), np.nan), reason
        return np.atleast_1d(np.asarray(self.run(bits), dtype=np.float64)), None

    def _refused(self, bits: Bits) -> str | None:
        if len(bits) < self.least_bits:
            return f"{len(bits)} bits; it takes {self.least_bits}"
        if self.name.startswith("random_excursions"):
            cycles, fewest = excursions.walk(bits)[1], excursions.fewest_cycles(len(bits))
            if cycles < fewest:
                return f"the running sum came back to 0 {cycles} times; it takes {fewest:.0f}"
        return None


def _levels(levels: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{level:+d}" for level in levels)


# Least numbers are those that the document recommends, or the length its formulas ask for.
TESTS = (
    Test("frequency", 100, ("",), frequency),
    Test("block_frequency", 1_280, ("",), block_frequency),
    Test("cumulative_sums", 100, ("forward", "backward"), cumulative_sums),
    Test("runs", 100, ("",), runs),
    Test("longest_run", 128, ("",), longest_run),
    Test("matrix_rank", 38_912, ("",), matrix_rank),
    # Of fewer bits there are too few different p-values for them to be uniform.
    Test("spectral", 10_000, ("",), spectral),
    Test("non_overlapping_template", 65_536, TEMPLATES, non_overlapping),
    Test("overlapping_template", 1_000_000, ("",), overlapping),
    Test("universal", LEAST_BITS, ("",), universal),
    Test("approximate_entropy", 1_024, ("",), approximate_entropy),
    Test("serial", 1_024, ("first", "second"), serial),
    Test("linear_complexity", 1_000_000, ("",), linear_complexity),
    Test("random_excursions", 1_000_000, _levels(excursions.NEAR), excursions.random_excursions),
    Test(
        "random_excursions_variant",
        1_000_000,
        _levels(excursions.FAR),
        excursions.random_excursions_variant,
    ),
)


@dataclass(frozen=True)
class Assessment:
    """What one test says of some sequences.

    Attributes:
        test: which.
        sequence_bits: of each sequence.
        p: (sequences, parts); a row of nan where the test refused.
        reason: why it refused the last one that it refused; None if none.
    """

    test: Test
    sequence_bits: int
    p: NDArray[np.float64]
    reason: str | None

    @cached_property
    def tested(self) -> NDArray[np.float64]:
        """(k, parts), of the k sequences that have p-values."""
        return self.p[np.isfinite(self.p).all(axis=1)]

    @property
    def proportions(self) -> NDArray[np.float64]:
        """(parts,), the share of sequences that pass."""
        if not len(self.tested):
            return np.full(self.p.shape[1], np.nan)
        return np.asarray((self.tested >= ALPHA).mean(axis=0), dtype=np.float64)

    @property
    def least_proportion(self) -> float:
        """Of section 4.2.1: 3 sigma below 0.99."""
        return 1.0 - ALPHA - 3.0 * float(np.sqrt(ALPHA * (1.0 - ALPHA) / max(len(self.tested), 1)))

    @cached_property
    def uniformity(self) -> NDArray[np.float64]:
        """(parts,), p-values of section 4.2.2; nan with fewer than 55 sequences."""
        k, parts = self.tested.shape
        if k < FEWEST_SEQUENCES:
            return np.full(parts, np.nan)
        bins = np.minimum((10.0 * self.tested).astype(int), 9)
        counts = np.array([np.bincount(column, minlength=10) for column in bins.T])
        statistics = ((counts - k / 10) ** 2).sum(axis=1) * 10 / k
        return np.array([chi_square_p(float(one), 9) for one in statistics])

    @property
    def verdict(self) -> Verdict:
        """Whether chance alone would have done it."""
        k, parts = self.tested.shape
        if not k:
            return "not run"
        smallest = float(self.tested.min())
        if k == 1:
            return "failed" if smallest * parts < ALPHA else "passed"
        fewest = int((self.tested >= ALPHA).sum(axis=0).min())
        few = float(bdtr(fewest, k, 1.0 - ALPHA)) * parts < _THREE_SIGMA
        uneven = float(np.nanmin([1.0, *self.uniformity])) * parts < _NOT_UNIFORM
        return "failed" if few or uneven or smallest * parts * k < _NOT_UNIFORM else "passed"


def assess(bits: Bits, test: Test, sequences: int) -> Assessment:
    """One test on as many equal parts of `bits` as leave it enough, at most `sequences`.

    Args:
        bits: (n,), n >= 1, each 0 or 1.
        test: one of `TESTS`.
        sequences: >= 1.
    """
    count = min(sequences, max(1, len(bits) // test.least_bits))
    size = len(bits) // count
    found = [test.p_values(bits[i * size : (i + 1) * size]) for i in range(count)]
    reasons = [reason for _, reason in found if reason is not None]
    return Assessment(test, size, np.array([p for p, _ in found]), reasons[-1] if reasons else None)
