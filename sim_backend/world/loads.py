"""What a source terminal sees of the circuits behind it, on average over a time that passes."""

import math
from collections.abc import Sequence
from typing import Protocol

from mtjlab.core.clock import VirtualClock
from sim_backend.world.followers import Followers
from sim_backend.world.instants import Instants

# Instants that an integration is resolved into, and states held in memory at once, at most.
_MOST_INSTANTS, _MOST_STATES = 20_000, 2_000_000


class Load(Protocol):
    """Junctions behind a terminal, of single ones or of an array."""

    def fastest_hz(self, terminal: str, t_s: float) -> float:
        """Largest rate of switching behind the terminal now, 1/s."""
        ...

    def width(self, terminal: str) -> int:
        """How many junctions advance when the terminal is integrated."""
        ...

    def load_sum_s(self, terminal: str, at: Instants) -> float:
        """Sum over the instants of the conductance that the terminal sees, S."""
        ...


def mean_conductance_s(
    loads: Sequence[Load],
    terminal: str,
    duration_s: float,
    clock: VirtualClock,
    followers: Followers,
) -> float:
    """Time average of 1 / load over `duration_s` (s, >= 0), which passes; S.

    The states are looked at every half of the shortest correlation time, or 20 000 times.

    Args:
        loads: at least one.
        terminal: whose.
        duration_s: how long.
        clock: moved by `duration_s`.
        followers: must see the junctions before they have gone on.
    """
    start_s = clock.now_s()
    end_s = start_s + duration_s
    fastest_hz = max(load.fastest_hz(terminal, start_s) for load in loads)
    n = max(1, math.ceil(min(2.0 * duration_s * fastest_hz, _MOST_INSTANTS)))
    dt_s = duration_s / n
    width = sum(load.width(terminal) for load in loads)
    piece = 1 if followers else max(1, _MOST_STATES // width)
    total = 0.0
    for first in range(0, n, piece):
        instants = min(piece, n - first)
        followers.catch_up(clock.now_s())
        at = Instants(clock.now_s(), dt_s, instants, {})
        for load in loads:
            total += load.load_sum_s(terminal, at)
        clock.sleep(instants * dt_s)
    clock.sleep(end_s - clock.now_s())
    return total / n
