"""What an analogue-digital or digital-analogue converter does to a voltage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Volts = NDArray[np.float64]


def step_v(range_v: ArrayLike, bits: int) -> Volts:
    """One code of a two's-complement converter on the range -range_v .. +range_v, V."""
    return np.asarray(range_v, dtype=np.float64) * (2.0 ** (1 - bits))


def quantise(volts: ArrayLike, range_v: ArrayLike, bits: int) -> Volts:
    """The nearest code, as a voltage; ends at the first and last code as a converter does.

    Args:
        volts: (..., n), V.
        range_v: one for all, or (n,), V.
        bits: resolution; there are 2^bits codes, zero among them, one more below than above.
    """
    return _round(np.array(volts, dtype=np.float64), step_v(range_v, bits), bits)


def _round(volts: Volts, lsb_v: Volts, bits: int) -> Volts:
    """In place."""
    half = 2.0 ** (bits - 1)
    volts /= lsb_v
    np.rint(volts, out=volts)
    np.clip(volts, -half, half - 1, out=volts)
    volts *= lsb_v
    # + 0.0 turns the -0.0 of a small negative voltage into the 0 that a code would be.
    volts += 0.0
    return volts


@dataclass(frozen=True)
class Converters:
    """Converters side by side, (n,) values each; a reading is round(gain V + offset + noise).

    Attributes:
        bits: of all.
        range_v: largest |V|.
        gain: 1 for a perfect one.
        offset_v: added to the input, V.
        noise_v: one standard deviation per sample, V.
    """

    bits: int
    range_v: Volts
    gain: Volts
    offset_v: Volts
    noise_v: Volts

    def read(self, volts: Volts, noise: np.random.Generator | None) -> Volts:
        """Digitise (m, n) voltages, in place; `noise` None adds none."""
        if (self.gain != 1.0).any():
            volts *= self.gain
        if self.offset_v.any():
            volts += self.offset_v
        if noise is not None:
            random = noise.standard_normal(volts.shape)
            random *= self.noise_v
            volts += random
        return _round(volts, step_v(self.range_v, self.bits), self.bits)

    def write(self, volts: ArrayLike) -> Volts:
        """What outputs asked for (m, n) voltages settle to, without noise; a copy."""
        settled = quantise(volts, self.range_v, self.bits)
        return settled * self.gain + self.offset_v
