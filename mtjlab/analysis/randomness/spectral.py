"""Peaks of the discrete Fourier transform (SP 800-22, 2.6)."""

import math

import numpy as np
from scipy.fft import rfft

from mtjlab.analysis.randomness.bits import Bits, normal_p


def spectral(bits: Bits) -> float:
    """How many of the first n/2 amplitudes are below what 95 % of them should be."""
    n = len(bits)
    amplitude = np.abs(rfft(2.0 * bits - 1.0)[: n // 2])
    below = int(np.count_nonzero(amplitude < math.sqrt(n * math.log(1.0 / 0.05))))
    return normal_p((below - 0.95 * n / 2.0) / math.sqrt(n * 0.95 * 0.05 / 4.0))
