"""Transimpedance amplifier: gain, one pole, offset of its virtual ground, noise of its resistor."""

import math

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.electronics.lag import recur

BOLTZMANN_J_PER_K = 1.380649e-23


def time_constant_s(bandwidth_hz: float) -> float:
    """Of one pole at `bandwidth_hz` (Hz, > 0); 0 for an infinite bandwidth."""
    return 1.0 / (2.0 * math.pi * bandwidth_hz)


def johnson_v(feedback_ohm: float, bandwidth_hz: float, temperature_k: float) -> float:
    """Noise at the output of the feedback resistor behind one pole, V rms.

    4 k T R_f over the noise bandwidth of one pole, pi/2 times its corner frequency.
    """
    density = 4.0 * BOLTZMANN_J_PER_K * temperature_k * feedback_ohm
    return math.sqrt(density * 0.5 * math.pi * bandwidth_hz)


def correlated(
    start: NDArray[np.float64], normal: NDArray[np.float64], kept: NDArray[np.float64]
) -> NDArray[np.float64]:
    """White noise behind one pole at n instants, one standard deviation each: (n, k).

    Args:
        start: (k,), the noise at the last instant before; of variance 1.
        normal: (n, k), independent standard normal numbers.
        kept: (n, k), exp(-dt / tau) of the time before each instant.
    """
    found: NDArray[np.float64] = recur(start, np.sqrt(1.0 - kept**2) * normal, kept)
    return found
