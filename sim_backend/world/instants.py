"""When a world is looked at, and what its sources do meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Volts = NDArray[np.float64]
Index = NDArray[np.intp]


class Instants(NamedTuple):
    """Instants t0 + i dt, i = 0 .. n - 1, with a delay of its own for each input.

    Attributes:
        t0_s, dt_s: s, dt >= 0.
        n: >= 1.
        skew_s: by input; absent or 0 is none; below dt.
    """

    t0_s: float
    dt_s: float
    n: int
    skew_s: Mapping[str, float]

    def times_s(self, address: str) -> Volts:
        """Bench times at which this input is looked at, (n,), s."""
        grid_s: Volts = self.t0_s + self.dt_s * np.arange(self.n, dtype=np.float64)
        return grid_s + self.skew_s.get(address, 0.0)


@dataclass(frozen=True)
class Waveforms:
    """What sources do during the instants of a look.

    Attributes:
        played: terminal -> (n,), V: each value holds from its instant to the next.
        deviation: terminal -> (n,), V: by how much the terminal differs from what it was told.
    """

    played: Mapping[str, Volts] = field(default_factory=dict)
    deviation: Mapping[str, Volts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(volts) for volts in self.played.values()}
        assert len(lengths) <= 1


NOTHING_PLAYED = Waveforms()


def levels(source_v: Volts) -> tuple[Volts, Index]:
    """The different levels of a waveform (n, k), one row per stretch, and which holds when."""
    changed = np.zeros(len(source_v), dtype=np.bool_)
    changed[1:] = (source_v[1:] != source_v[:-1]).any(axis=1)
    starts = changed.copy()
    starts[0] = True
    return source_v[starts], np.cumsum(changed)
