"""How often a given word occurs (SP 800-22, 2.7 and 2.8)."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.randomness.bits import Bits, chi_square_p, classes_p, words

_MATCHES = 5


def aperiodic(length: int) -> tuple[str, ...]:
    """All words that cannot overlap themselves, in order; 148 of length 9."""
    every = (f"{number:0{length}b}" for number in range(2**length))
    return tuple(
        word
        for word in every
        if not any(word[shift:] == word[: length - shift] for shift in range(1, length))
    )


TEMPLATES = aperiodic(9)


def non_overlapping(
    bits: Bits, *, templates: tuple[str, ...] = TEMPLATES, blocks: int = 8
) -> NDArray[np.float64]:
    """A p-value for each template, from its occurrences in each of `blocks` blocks.

    Args:
        bits: (n,).
        templates: words of one length that cannot overlap themselves, so that counting them takes
            no restart behind a match.
        blocks: all of n / blocks bits; what is left over is dropped.
    """
    length, block = len(templates[0]), len(bits) // blocks
    wanted = [int(word, 2) for word in templates]
    counts = np.array(
        [
            np.bincount(words(part, length), minlength=2**length)[wanted]
            for part in bits[: blocks * block].reshape(blocks, block)
        ]
    )
    mean = (block - length + 1) / 2**length
    variance = block * (0.5**length - (2 * length - 1) * 0.25**length)
    statistic = ((counts - mean) ** 2).sum(axis=0) / variance
    return np.array([chi_square_p(float(one), blocks) for one in statistic])


def overlapping(bits: Bits, *, length: int = 9, block: int = 1032) -> float:
    """Occurrences of `length` ones in blocks of `block` bits, overlapping ones counted."""
    counts = overlapping_counts(bits, length, block)
    return classes_p(counts, match_probabilities(length, block))


def overlapping_counts(bits: Bits, length: int, block: int) -> NDArray[np.int64]:
    """Blocks with 0, 1, ..., 4 matches, and with more."""
    blocks = len(bits) // block
    matches = [
        np.count_nonzero(words(part, length) == 2**length - 1)
        for part in bits[: blocks * block].reshape(blocks, block)
    ]
    return np.bincount(np.minimum(matches, _MATCHES), minlength=_MATCHES + 1)


def match_probabilities(length: int, block: int) -> NDArray[np.float64]:
    """Of 0, 1, ..., 4 matches in a block of fair bits, and of more.

    Exact, bit by bit, over the ones in a row so far and the matches so far: Hamano and Kaneko,
    IEICE Trans. E90-A, 1788 (2007), found the document's first ones wrong.
    """
    state = np.zeros((length + 1, _MATCHES + 1))
    state[0, 0] = 1.0
    for _ in range(block):
        after = np.zeros_like(state)
        after[0] = 0.5 * state.sum(axis=0)
        after[1:length] = 0.5 * state[: length - 1]
        matched = 0.5 * (state[length - 1] + state[length])
        after[length, 1:] = matched[:-1]
        after[length, -1] += matched[-1]
        state = after
    found: NDArray[np.float64] = state.sum(axis=0)
    return found
