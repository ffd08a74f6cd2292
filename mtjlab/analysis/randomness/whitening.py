"""From the bits of junctions to bits with less bias: XOR of several, and von Neumann's pairs."""

from typing import Literal

import numpy as np

from mtjlab.analysis.randomness.bits import Bits

XorOf = Literal["junctions", "consecutive"]


def xored(raw: Bits, depth: int, of: XorOf) -> Bits:
    """XOR of 2^depth bits at a time.

    With p of ones each, 2^depth independent bits leave (1 - 2 p)^(2^depth) of 1 - 2 p. Consecutive
    bits of a junction are not independent: their correlation becomes bias.

    Args:
        raw: (times, junctions), 0 or 1.
        depth: number of stages of pairs, >= 0.
        of: "junctions": bits of one time, junction i with i + groups, i + 2 groups, ...;
            "consecutive": bits of one junction. What does not fill 2^depth is dropped.

    Returns:
        (times, junctions / 2^depth), or (times / 2^depth, junctions).
    """
    times, junctions = raw.shape
    many = 2**depth
    if of == "junctions":
        groups = junctions // many
        grouped = raw[:, : groups * many].reshape(times, many, groups)
    else:
        grouped = raw[: times // many * many].reshape(times // many, many, junctions)
    found: Bits = np.bitwise_xor.reduce(grouped, axis=1)
    return found


def von_neumann(bits: Bits) -> Bits:
    """The first of each pair of unlike bits; about a quarter is left.

    Args:
        bits: (n, sources); pairs are of one source. The sources follow each other.
    """
    even = len(bits) // 2 * 2
    kept = [source[:even:2][source[:even:2] != source[1:even:2]] for source in bits.T]
    return np.concatenate(kept)
