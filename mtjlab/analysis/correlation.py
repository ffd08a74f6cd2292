"""Whether nodes are perturbed independently, and whose noise it is that perturbs them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


@dataclass(frozen=True)
class Correlation:
    """The pair of columns that move most alike.

    Attributes:
        value: |correlation coefficient|, 0 .. 1; None where it does not exist.
        first, second: the columns, first < second; None likewise.
        chance: what the largest of all pairs stays below with 99 % probability if all columns
            and rows are independent; None likewise.
        reason: why there is no value; None if there is.
    """

    value: float | None
    first: int | None
    second: int | None
    chance: float | None
    reason: str | None


@dataclass(frozen=True)
class NoiseRatio:
    """Noise of the junction over that of the instrument.

    Attributes:
        value: >= 0; None where it does not exist.
        reason: why it does not exist or is 0; None otherwise.
    """

    value: float | None
    reason: str | None


def largest_correlation(samples: NDArray[np.floating]) -> Correlation:
    """Largest |correlation| between two columns; constant columns are left out.

    Args:
        samples: (reads, nodes), finite.
    """
    wide = np.asarray(samples, dtype=np.float64)
    if wide.ndim != 2:
        raise ValueError(f"samples of shape {wide.shape}: expected (reads, nodes)")
    deviation = wide - wide.mean(axis=0) if len(wide) else wide
    covariance = deviation.T @ deviation / max(1, len(wide))
    # The mean of equal numbers may differ from them in the last bit.
    constant = np.flatnonzero(np.ptp(wide, axis=0) == 0.0) if len(wide) else np.arange(0)
    covariance[constant, constant] = 0.0
    return correlation_of(covariance, len(wide))


def correlation_of(
    covariance: NDArray[np.float64], reads: int, *, floor: float = 0.0
) -> Correlation:
    """The same from a covariance, (nodes, nodes), gathered over `reads` independent rows.

    Args:
        covariance: of the nodes.
        reads: rows behind it.
        floor: a node whose variance is not above this counts as constant and is left out.
    """
    if reads < 3:
        return Correlation(None, None, None, None, f"{reads} reads; at least 3 are needed")
    varying = np.flatnonzero(np.diag(covariance) > floor)
    if len(varying) < 2:
        reason = f"{len(varying)} of {len(covariance)} nodes vary; at least 2 are needed"
        return Correlation(None, None, None, None, reason)
    sd = np.sqrt(np.diag(covariance)[varying])
    strength = np.abs(np.triu(covariance[np.ix_(varying, varying)] / np.outer(sd, sd), k=1))
    first, second = np.unravel_index(int(strength.argmax()), strength.shape)
    pairs = len(varying) * (len(varying) - 1) // 2
    # Fisher: atanh r is normal with variance 1 / (reads - 3).
    chance = float(np.tanh(-ndtri(0.005 / pairs) / np.sqrt(max(reads - 3, 1))))
    value = min(1.0, float(strength[first, second]))
    return Correlation(value, int(varying[first]), int(varying[second]), chance, None)


def noise_ratio(s_on: float, s_off: float) -> NoiseRatio:
    """sqrt(s_on^2 - s_off^2) / s_off of the same channel, range, rate and averaging.

    Args:
        s_on: standard deviation with the junction biased, >= 0.
        s_off: the same with it at 0 V.
    """
    if not (np.isfinite(s_on) and np.isfinite(s_off) and s_on >= 0.0 and s_off >= 0.0):
        raise ValueError(f"s_on = {s_on!r}, s_off = {s_off!r} must be finite and not negative")
    if s_off == 0.0:
        return NoiseRatio(None, "the instrument shows no noise with the junctions at 0 V")
    if s_on <= s_off:
        return NoiseRatio(0.0, "no more noise with the junctions biased than at 0 V")
    return NoiseRatio(float(np.sqrt((s_on / s_off) ** 2 - 1.0)), None)
