"""All words of one length equally often (SP 800-22, 2.11 and 2.12)."""

import math

import numpy as np

from mtjlab.analysis.randomness.bits import Bits, chi_square_p, words


def serial(bits: Bits, *, length: int | None = None) -> tuple[float, float]:
    """From the first and the second difference of psi-square over the word length.

    Args:
        bits: (n,).
        length: of the longest word; None: 16, or as many as n allows.
    """
    if length is None:
        length = min(16, int(math.log2(len(bits))) - 3)
    longest, shorter, shortest = (_psi_square(bits, length - less) for less in range(3))
    first, second = longest - shorter, longest - 2.0 * shorter + shortest
    return chi_square_p(first, 2 ** (length - 1)), chi_square_p(second, 2 ** (length - 2))


def approximate_entropy(bits: Bits, *, length: int | None = None) -> float:
    """How much a word of one more bit tells beyond one of `length`.

    Args:
        bits: (n,).
        length: None: 10, or as many as n allows.
    """
    n = len(bits)
    if length is None:
        length = min(10, int(math.log2(n)) - 6)
    gain = _log_share(bits, length) - _log_share(bits, length + 1)
    return chi_square_p(2.0 * n * (math.log(2.0) - gain), 2**length)


def _psi_square(bits: Bits, length: int) -> float:
    if length == 0:
        return 0.0
    counts = np.bincount(words(bits, length, around=True), minlength=2**length)
    squares = float((counts.astype(np.float64) ** 2).sum())
    return squares * float(1 << length) / len(bits) - len(bits)


def _log_share(bits: Bits, length: int) -> float:
    """Mean of ln of the share of each word."""
    counts = np.bincount(words(bits, length, around=True))
    share = counts[counts > 0] / len(bits)
    return float(share @ np.log(share))
