"""A trace cut into equal pieces, whose differences tell the error of what is found in all."""

import numpy as np
from numpy.typing import NDArray

# So many that Student's factor is near the normal one; fewer where a piece would be too short.
MOST, FEWEST = 32, 8
TOO_SHORT = "{} samples are fewer than 8 times 15 correlation times: measure for longer"
# A longer trace is sampled by pieces spread over it.
_MOST_SAMPLES = 1 << 22


def cut(values: NDArray[np.float64], shortest: int) -> NDArray[np.float64] | None:
    """(pieces, samples of each), or None where there are not even eight of `shortest` samples.

    Args:
        values: (n,).
        shortest: least length of a piece, samples: many correlation times.
    """
    pieces = min(MOST, len(values) // max(shortest, 2))
    if pieces < FEWEST:
        return None
    room = len(values) // pieces
    size = min(room, max(_MOST_SAMPLES // pieces, shortest))
    return values[: room * pieces].reshape(pieces, room)[:, :size]


def spread_of_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the mean of rows, (k, k), from (pieces, k) rows."""
    deviation = scores - scores.mean(axis=0)
    pieces = len(scores)
    covariance: NDArray[np.float64] = deviation.T @ deviation / (pieces * (pieces - 1))
    return covariance


def sections(values: NDArray[np.float64], count: int, samples: int) -> NDArray[np.float64]:
    """Sections spread over a trace, end to end: the few joints count for nothing.

    Args:
        values: (n,), n >= samples.
        count: of sections.
        samples: in all.
    """
    size = samples // count
    begins = np.linspace(0, len(values) - size, count).astype(int)
    return np.concatenate([values[begin : begin + size] for begin in begins])
