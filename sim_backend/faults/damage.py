"""What a bad line does to a reply."""

import numpy as np

_MOST_DAMAGED = 4


def garbled(reply: bytes, rng: np.random.Generator) -> bytes:
    """One to four bytes with one bit turned over; the line feed at the end stays.

    More than a third of the bits of a digit make another digit of it.
    """
    damaged = bytearray(reply)
    inner = len(reply) - reply.endswith(b"\n")
    count = min(inner, int(rng.integers(1, _MOST_DAMAGED + 1)))
    for position in rng.choice(inner, size=count, replace=False) if inner else ():
        damaged[position] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def cut(reply: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of a reply, at least one byte short; its line feed comes or does not."""
    inner = len(reply) - reply.endswith(b"\n")
    if inner < 2:
        return reply[:inner]
    kept = reply[: int(rng.integers(1, inner))]
    return kept + b"\n" if rng.random() < 0.5 else kept
