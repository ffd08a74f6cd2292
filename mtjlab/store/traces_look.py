"""What is in a recording: levels, dwell times, noise of the junction and of the instrument."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import NoiseRatio, noise_ratio
from mtjlab.analysis.telegraph import Telegraph, characterise
from mtjlab.store.traces import Trace

PIECE_SAMPLES = 2**20

# More values than that are not few bits; fewer may be a telegraph that somebody computed.
_MOST_CODES = 4096
_FEWEST_CODES = 4


@dataclass(frozen=True)
class Look:
    """A first look at a recording.

    Attributes:
        seen: samples that were looked at, the first of the recording.
        resolution_v: step of the converter, V; 0 where none shows.
        telegraph: of these samples.
        noise_ratio: of the junction's noise to what is seen about its levels, which is the
            instrument's: sqrt(sd^2 - sigma^2) / sigma.
    """

    seen: int
    resolution_v: float
    telegraph: Telegraph
    noise_ratio: NoiseRatio


def look(trace: Trace, *, samples: int = PIECE_SAMPLES) -> Look:
    """Characterise the first `samples` samples of a recording; fewer if it is shorter."""
    seen = min(samples, trace.samples)
    volts = trace.read(0, seen)
    step_v = resolution_v(volts)
    found = characterise(volts, trace.interval_s, resolution_v=step_v)
    if found.levels.separated:
        ratio = noise_ratio(found.sd_v, found.levels.sigma_v)
    else:
        ratio = NoiseRatio(None, "one level only: the junction's noise cannot be told apart")
    return Look(seen, step_v, found, ratio)


def resolution_v(volts: NDArray[np.floating]) -> float:
    """Step between the codes of a converter with few of them, V; 0 where the values show none."""
    codes = np.unique(np.asarray(volts, dtype=np.float64))
    if not _FEWEST_CODES <= len(codes) <= _MOST_CODES:
        return 0.0
    steps = np.diff(codes)
    # The same code may have been rounded to two neighbouring floats.
    real = steps[steps > 1e-5 * (codes[-1] - codes[0])]
    return float(real.min())
