"""Thousands of junctions at fixed rates, 64 to a machine word.

For arrays of junctions whose rates stay as they are for many samples: every step moves all of them,
which costs less than a tenth of a nanosecond each. Where rates follow voltages, or where junctions
are looked at one by one and at odd times, use `population`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sim_backend.physics.packed_kernels import BLOCK, DIGITS, NOISE, ROWS, TABLE, flip, read
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import switching

Words = NDArray[np.uint64]
Reals = NDArray[np.float32]

_LANES = 8  # words of a vector register
_PIECE = 64  # instants that `read` makes at once: their words stay in the cache


class Packed:
    """m junctions that flip together, step by step.

    Junction j is bit j % 64 of word j // 64, 1 is AP; the bits beyond the last junction stay 0.

    The probabilities of a step are exact for any `dt_s` (see `telegraph`) and are compared with
    uniform numbers of 128 binary digits: a probability of 2^-75 or more is kept to the last bit of
    its double, one of 3e-36 to 1e-3 of itself. Like everywhere else AP is left with 1 - occupancy,
    which a double holds to 1e-16. All numbers follow from `rng` at construction or `start`.

    Args:
        rates: of m junctions, m >= 1, each array of shape (m,) or one value for all.
        dt_s: one step, s, >= 0.
        m: number of junctions.
        rng: draws the first states, stationary, and seeds the generators of this one.

    Attributes:
        m: number of junctions.
        width: words of one packed instant: m / 64 and up to seven more per 4096 junctions.
    """

    def __init__(self, rates: Rates, dt_s: float, m: int, rng: np.random.Generator) -> None:
        if m < 1:
            raise ValueError(f"m = {m} junctions; expected at least one")
        self.m = m
        words = -(-m // 64)
        self._blocks = -(-words // BLOCK)
        # Blocks of equal length, in whole registers.
        self._words = -(-words // (self._blocks * _LANES)) * _LANES
        self.width = self._blocks * self._words
        self._memory = np.zeros((self._blocks, ROWS, BLOCK), dtype=np.uint64)
        self.start(rng.random(m) < rates.occupancy, rng)
        self.retune(rates, dt_s)
        # Compiled here, not in the middle of what is timed.
        self.advance(0)
        self.read(0, 0.0, 0.0, 0.0)

    def start(self, ap: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Begin anew from states (m,); all that follows comes from `rng` as it is now."""
        if ap.shape != (self.m,):
            raise ValueError(f"states of shape {ap.shape} for {self.m} junctions")
        self._memory[:, 4, : self._words] = _pack(ap, self.width).reshape(self._blocks, -1)
        shape = (self._blocks, 4, BLOCK)
        self._memory[:, :4] = rng.integers(0, 2**64, shape, dtype=np.uint64)
        self._noise = rng.integers(0, 2**64, 4 * NOISE, dtype=np.uint64)

    def retune(self, rates: Rates, dt_s: float) -> None:
        """Other rates or another step from now on; the states stay."""
        step = switching(rates, dt_s)
        up = np.broadcast_to(step.to_ap, self.m)
        down = np.broadcast_to(step.change - step.to_ap, self.m)
        self._digits = np.zeros((self._blocks, DIGITS, 2, BLOCK), dtype=np.uint64)
        for k, (to_ap, to_p) in enumerate(zip(_digits(up), _digits(down), strict=True)):
            one, other = _pack(to_ap, self.width), _pack(to_p, self.width)
            self._digits[:, k, 0, : self._words] = one.reshape(self._blocks, -1)
            self._digits[:, k, 1, : self._words] = (one ^ other).reshape(self._blocks, -1)

    @property
    def words(self) -> Words:
        """(width,), the states now, packed."""
        return self._memory[:, 4, : self._words].flatten()

    @property
    def ap(self) -> NDArray[np.bool_]:
        """(m,), the states now, True is AP."""
        states: NDArray[np.bool_] = unpack(self.words[np.newaxis], self.m)[0]
        return states

    def advance(self, n: int, *, out: Words | None = None) -> Words:
        """States after each of n steps, packed; see `unpack`.

        Args:
            n: number of steps.
            out: (n, width), where to put them; new memory costs as much as what is done here.

        Returns:
            (n, width), a word for 64 junctions, zeros beyond the last one.
        """
        if out is None:
            out = np.empty((n, self.width), dtype=np.uint64)
        _check(out, (n, self.width), np.uint64)
        memory = self._memory.reshape(self._blocks, -1)
        flip(out, memory, self._digits.reshape(self._blocks, -1), self._words)
        return out

    def read(
        self,
        n: int,
        p: ArrayLike,
        ap: ArrayLike,
        sigma: ArrayLike,
        *,
        out: Reals | None = None,
    ) -> Reals:
        """Readings after each of n steps, with the noise of the instrument that reads.

        The noise takes one of 65 536 values, the middles of equally likely slices of a normal
        distribution: its variance is exact, its tails end at 4.3 sigma.

        Args:
            n: number of steps.
            p: reading of a junction in P, one value or (m,).
            ap: reading in AP.
            sigma: standard deviation of the noise.
            out: (n, m), where to put them.

        Returns:
            (n, m), float32.
        """
        low, change, noise = (np.empty(self.m, dtype=np.float32) for _ in range(3))
        low[:], change[:], noise[:] = p, np.subtract(ap, p), sigma
        if out is None:
            out = np.empty((n, self.m), dtype=np.float32)
        _check(out, (n, self.m), np.float32)
        states = np.empty((_PIECE, self.width), dtype=np.uint64)
        for first in range(0, n, _PIECE):
            piece = out[first : first + _PIECE]
            seen = self.advance(len(piece), out=states[: len(piece)])
            read(piece, seen, self._noise, _normals(), low, change, noise)
        return out

    def state(self) -> dict[str, Any]:
        """Everything that changes, flat; the rates are not among it."""
        memory = self._memory[:, :5].copy()
        return {"junctions": self.m, "memory": memory, "noise": self._noise.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on, bit by bit, from `state()` of as many junctions at the same rates.

        Raises:
            ValueError: another number of junctions; nothing was changed.
        """
        if state["junctions"] != self.m:
            raise ValueError(
                f"the saved state has {state['junctions']} junctions, expected {self.m}"
            )
        self._memory[:, :5] = state["memory"]
        self._noise[:] = state["noise"]


def _check(out: NDArray[Any], shape: tuple[int, int], dtype: type[np.generic]) -> None:
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out is {out.dtype} of shape {out.shape}; "
            f"expected {np.dtype(dtype)} of shape {shape}, rows one after the other"
        )


def unpack(words: Words, m: int) -> NDArray[np.bool_]:
    """States (n, m) from packed ones (n, W), True is AP."""
    as_bytes = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    bits = np.unpackbits(as_bytes, axis=1, count=m, bitorder="little")
    states: NDArray[np.bool_] = bits.view(np.bool_)
    return states


def _pack(bits: NDArray[np.bool_], words: int) -> Words:
    padded = np.zeros(64 * words, dtype=np.bool_)
    padded[: len(bits)] = bits
    packed: Words = np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)
    return packed


def _digits(probability: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Binary digits after the point, the first one first; 1 becomes 0.111..."""
    rest = probability.astype(np.float64)
    digits = []
    for _ in range(DIGITS):
        rest *= 2.0
        digit = rest >= 1.0
        rest -= digit
        digits.append(digit)
    return digits


@cache
def _normals() -> NDArray[np.float32]:
    middle = ndtri((np.arange(TABLE) + 0.5) / TABLE)
    table: NDArray[np.float32] = (middle / middle.std()).astype(np.float32)
    return table
