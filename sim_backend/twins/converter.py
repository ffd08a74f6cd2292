"""What an analogue-digital or digital-analogue converter does to a voltage."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def step_v(range_v: ArrayLike, bits: int) -> NDArray[np.float64]:
    """One code of a two's-complement converter on the range -range_v .. +range_v, V."""
    return np.asarray(range_v, dtype=np.float64) * (2.0 ** (1 - bits))


def quantise(volts: ArrayLike, range_v: ArrayLike, bits: int) -> NDArray[np.float64]:
    """The nearest code, as a voltage; ends at the first and last code as a converter does.

    Args:
        volts: (..., n), V.
        range_v: one for all, or (n,), V.
        bits: resolution; there are 2^bits codes, zero among them, one more below than above.
    """
    lsb_v = step_v(range_v, bits)
    half = 2.0 ** (bits - 1)
    codes = np.rint(np.asarray(volts, dtype=np.float64) / lsb_v)
    # + 0.0 turns the -0.0 of a small negative voltage into the 0 that a code would be.
    settled: NDArray[np.float64] = np.clip(codes, -half, half - 1) * lsb_v + 0.0
    return settled
