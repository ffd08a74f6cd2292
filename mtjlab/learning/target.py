"""When a target counts as reached, from the evaluations alone."""

import numpy as np
from numpy.typing import NDArray


def reached_at(
    reads: NDArray[np.float64], accuracy: NDArray[np.float64], target: float
) -> float | None:
    """Reads at the second of two consecutive evaluations at or above the target; None before.

    Args:
        reads: (n,), samples presented when each evaluation was made.
        accuracy: (n,), noisy, single read, of the training set.
        target: fraction.
    """
    at_target = np.asarray(accuracy) >= target
    both = np.flatnonzero(at_target[1:] & at_target[:-1])
    return float(reads[both[0] + 1]) if len(both) else None
