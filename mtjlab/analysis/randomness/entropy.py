"""Share of ones, memory and min-entropy of bits, with intervals."""

import math

import numpy as np
from scipy.special import betaincinv

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.analysis.randomness.bits import Bits

# SP 800-90B, 6.3.1, takes the two-sided quantile of 99 %.
_Z_90B = 2.5758293035489


def share_of_ones(ones: int, n: int) -> Estimate:
    """By Clopper and Pearson, so never too narrow for independent bits."""
    if not n:
        return Estimate.none("no bits", low=0.0, high=1.0)
    low = float(betaincinv(ones, n - ones + 1, 0.025)) if ones else 0.0
    high = float(betaincinv(ones + 1, n - ones, 0.975)) if ones < n else 1.0
    return Estimate(ones / n, low, high)


def correlation_of_pairs(first: int, second: int, both: int, pairs: int) -> Estimate:
    """Correlation of two bits, the interval by Fisher's transformation.

    Args:
        first: how many of the first bits are ones.
        second: of the second ones.
        both: pairs of two ones.
        pairs: how many.
    """
    spread = first * (pairs - first) * second * (pairs - second)
    if pairs < 5 or not spread:
        reason = "too few pairs" if pairs < 5 else "constant bits have no correlation"
        return Estimate.none(reason, low=-1.0, high=1.0)
    value = (both * pairs - first * second) / math.sqrt(spread)
    half = Z_95 / math.sqrt(pairs - 3)
    middle = math.atanh(min(max(value, -1.0 + 1e-15), 1.0 - 1e-15))
    return Estimate(
        value, min(value, math.tanh(middle - half)), max(value, math.tanh(middle + half))
    )


def lag_correlation(bits: Bits, lag: int) -> Estimate:
    """Of bits `lag` places apart."""
    if lag >= len(bits):
        return Estimate.none("fewer bits than the lag", low=-1.0, high=1.0)
    first, second = bits[:-lag], bits[lag:]
    ones = [int(np.count_nonzero(series)) for series in (first, second, first & second)]
    return correlation_of_pairs(ones[0], ones[1], ones[2], len(first))


def min_entropy(ones: int, n: int) -> Estimate:
    """-log2 of the share of the more frequent bit, in bits per bit, and its interval.

    It holds for independent bits; memory between them it does not see.
    """
    share = share_of_ones(ones, n)
    if not share.known:
        return Estimate.none("no bits", low=0.0, high=1.0)
    # Of p and 1 - p, what the more frequent one may be; 1/2 where either may be.
    farthest = max(share.high, 1.0 - share.low)
    nearest = max(share.low, 1.0 - share.high, 0.5)
    value = max(share.value, 1.0 - share.value)
    return Estimate(_information(value), _information(farthest), _information(nearest))


def most_common_value(ones: int, n: int) -> float | None:
    """The estimate of SP 800-90B, 6.3.1: at least so much with 99.5 % confidence.

    None of fewer than two bits.
    """
    if n < 2:
        return None
    share = max(ones, n - ones) / n
    bound = min(1.0, share + _Z_90B * math.sqrt(share * (1.0 - share) / (n - 1)))
    return _information(bound)


def _information(share: float) -> float:
    """-log2, and 0 rather than -0 of a certainty."""
    return max(-math.log2(share), 0.0)
