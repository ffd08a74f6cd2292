"""How far the running sum of +1 and -1 goes (SP 800-22, 2.13)."""

import math

import numpy as np
from scipy.special import ndtr

from mtjlab.analysis.randomness.bits import Bits


def cumulative_sums(bits: Bits) -> tuple[float, float]:
    """Forward and backward."""
    steps = 2 * bits.astype(np.int64) - 1
    forward = int(np.abs(np.cumsum(steps)).max())
    backward = int(np.abs(np.cumsum(steps[::-1])).max())
    return excursion_p(forward, len(bits)), excursion_p(backward, len(bits))


def excursion_p(farthest: int, n: int) -> float:
    """That n fair steps lead as far as `farthest` >= 1 or farther."""
    ratio, scale = n / farthest, farthest / math.sqrt(n)

    def between(first: float, low: int, high: int) -> float:
        k = np.arange(int(first), int((ratio - 1.0) / 4.0) + 1)
        return float((ndtr((4 * k + high) * scale) - ndtr((4 * k + low) * scale)).sum())

    inside = between((1.0 - ratio) / 4.0, -1, 1) - between((-3.0 - ratio) / 4.0, 1, 3)
    return min(max(1.0 - inside, 0.0), 1.0)
