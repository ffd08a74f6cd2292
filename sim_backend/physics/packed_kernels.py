"""Machine code of `packed`: flip 64 junctions with one word, read them as noisy voltages.

Junctions are taken in blocks of 64 words; the words of a block fill the vector registers, so every
line of the inner loops below is done for up to 4096 junctions. Random words come from one
xoshiro256++ per word (Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021)): its neighbouring
bits are independent, where those of a shift-register generator such as xorshift64 would make
neighbouring junctions flip together.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Words in a block, and rows of its memory: four of the generator, then states and what is
# undecided.
BLOCK = 64
ROWS = 6
# Binary digits of a probability; the first ones are compared for all junctions at once, the
# others where these have not decided, which is once in 2^12.
DIGITS = 128
_FIRST = 12
# Generators of the noise: each yields four table entries, so all of them a word of junctions.
NOISE = 16
TABLE = 1 << 16

Words = NDArray[np.uint64]
Reals = NDArray[np.float32]
_Function = TypeVar("_Function", bound=Callable[..., Any])

_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_NONE = np.uint64(0)
_ONE = np.uint64(1)
_LOW_16 = np.uint64(0xFFFF)
_S17, _S19, _S23, _S41, _S45 = (np.uint64(bits) for bits in (17, 19, 23, 41, 45))


def _compiled(function: _Function) -> _Function:
    """Compile at the first call and keep the result on disk where there is a place for it."""
    try:
        cached: _Function = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # an installation that cannot be written to, without a home
        return njit(nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]
    return cached


@njit(inline="always")  # type: ignore[untyped-decorator]
def _next(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """A random word, and the state that follows."""
    x = a + d
    random = ((x << _S23) | (x >> _S41)) + a
    t = b << _S17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    return random, a, b, c, (d << _S45) | (d >> _S19)


@_compiled
def flip(out: Words, memory: Words, digits: Words, words: int) -> None:
    """Make n steps of all junctions.

    A junction flips when a uniform number is below its probability. Both are compared digit by
    digit from the first one: the first that differs decides.

    Args:
        out: (n, blocks * words), the states after each step.
        memory: (blocks, ROWS * BLOCK), see `ROWS`; changed.
        digits: (blocks, DIGITS * 2 * BLOCK): for each digit the words of P -> AP, and those that
            differ for AP -> P.
        words: used of each block, a multiple of 8 up to BLOCK.
    """
    for block in range(memory.shape[0]):
        m = memory[block]
        p = digits[block]
        for step in range(out.shape[0]):
            doubtful = _NONE
            for w in range(words):
                a, b, c, d = m[w], m[BLOCK + w], m[2 * BLOCK + w], m[3 * BLOCK + w]
                state = m[4 * BLOCK + w]
                undecided = _ALL
                below = _NONE
                for k in range(_FIRST):
                    random, a, b, c, d = _next(a, b, c, d)
                    probable = p[2 * BLOCK * k + w] ^ (state & p[2 * BLOCK * k + BLOCK + w])
                    differ = random ^ probable
                    below |= undecided & differ & probable
                    undecided &= ~differ
                m[w], m[BLOCK + w], m[2 * BLOCK + w], m[3 * BLOCK + w] = a, b, c, d
                m[4 * BLOCK + w] = state ^ below
                m[5 * BLOCK + w] = undecided
                doubtful |= undecided
            if doubtful != _NONE:
                for w in range(words):
                    undecided = m[5 * BLOCK + w]
                    if undecided == _NONE:
                        continue
                    a, b, c, d = m[w], m[BLOCK + w], m[2 * BLOCK + w], m[3 * BLOCK + w]
                    # Who is undecided has not flipped, so the states are still those before.
                    state = m[4 * BLOCK + w]
                    below = _NONE
                    k = _FIRST
                    while undecided != _NONE and k < DIGITS:
                        random, a, b, c, d = _next(a, b, c, d)
                        probable = p[2 * BLOCK * k + w] ^ (state & p[2 * BLOCK * k + BLOCK + w])
                        differ = random ^ probable
                        below |= undecided & differ & probable
                        undecided &= ~differ
                        k += 1
                    m[w], m[BLOCK + w], m[2 * BLOCK + w], m[3 * BLOCK + w] = a, b, c, d
                    m[4 * BLOCK + w] = state ^ below
            for w in range(words):
                out[step, words * block + w] = m[4 * BLOCK + w]


@_compiled
def read(
    out: Reals, states: Words, memory: Words, table: Reals, p: Reals, change: Reals, sigma: Reals
) -> None:
    """Two levels and noise from a table, for every junction at every instant.

    Args:
        out: (n, m).
        states: (n, W), with 64 W >= m.
        memory: (4 * NOISE,), the generators; changed.
        table: (TABLE,), normal numbers, each equally likely.
        p: (m,), reading of P.
        change: (m,), reading of AP minus that of P.
        sigma: (m,), of the noise.
    """
    drawn = np.empty(NOISE, np.uint64)
    m = out.shape[1]
    for i in range(out.shape[0]):
        for w in range((m + 63) // 64):
            for g in range(NOISE):
                a, b, c, d = (
                    memory[g],
                    memory[NOISE + g],
                    memory[2 * NOISE + g],
                    memory[3 * NOISE + g],
                )
                drawn[g], a, b, c, d = _next(a, b, c, d)
                memory[g], memory[NOISE + g], memory[2 * NOISE + g], memory[3 * NOISE + g] = (
                    a,
                    b,
                    c,
                    d,
                )
            word = states[i, w]
            for quarter in range(4):
                first = 64 * w + NOISE * quarter
                for g in range(min(NOISE, m - first)):
                    z = table[(drawn[g] >> np.uint64(16 * quarter)) & _LOW_16]
                    ap = np.float32((word >> np.uint64(NOISE * quarter + g)) & _ONE)
                    out[i, first + g] = p[first + g] + ap * change[first + g] + sigma[first + g] * z
