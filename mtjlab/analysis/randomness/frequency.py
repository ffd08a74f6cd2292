"""As many ones as zeros, over all and in blocks (SP 800-22, 2.1 and 2.2)."""

import math

from mtjlab.analysis.randomness.bits import Bits, chi_square_p, normal_p


def frequency(bits: Bits) -> float:
    """The sum of +1 and -1 is normal with variance n."""
    return normal_p((2.0 * float(bits.sum()) - len(bits)) / math.sqrt(len(bits)))


def block_frequency(bits: Bits, *, block: int = 128) -> float:
    """Chi-square of the share of ones in blocks of `block` bits; what is left over is dropped."""
    blocks = len(bits) // block
    share = bits[: blocks * block].reshape(blocks, block).mean(axis=1)
    return chi_square_p(4.0 * block * float(((share - 0.5) ** 2).sum()), blocks)
