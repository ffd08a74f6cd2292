"""Junctions in series through one resistor: each one's rates follow the states of all.

source --[series]--[junction 0]--[junction 1]-- ... -- ground

One that goes to AP takes voltage from the others. Talatchian et al., arXiv 2106.03604, measured two
such junctions and found the Markov chain of four states that follows from the rates of single ones.
This is that chain, and its simulation event by event: small circuits, exact, slow.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.devices import Devices
from sim_backend.physics.rates import Values

_MOST_JUNCTIONS = 10  # the chain has 2^m states and 4^m rates
_MOST_ROUNDS = 500
_SETTLED = 1e-13


class Joint(NamedTuple):
    """The chain: joint state s = sum of 2^j over the junctions j that are in AP.

    Attributes:
        ap: (2^m, m), the state of each junction in each joint state.
        v: (2^m, m), voltage across each, V.
        leaving_hz: (2^m, m), rate at which each leaves its own state, 1/s.
    """

    ap: NDArray[np.bool_]
    v: NDArray[np.float64]
    leaving_hz: NDArray[np.float64]

    def generator(self) -> NDArray[np.float64]:
        """(2^m, 2^m), rate from row to column, rows summing to 0, 1/s."""
        states, m = self.ap.shape
        q = np.zeros((states, states))
        here = np.arange(states)
        for j in range(m):
            q[here, here ^ (1 << j)] = self.leaving_hz[:, j]
        np.fill_diagonal(q, -q.sum(axis=1))
        return q

    def stationary(self) -> NDArray[np.float64]:
        """(2^m,), probability of each joint state after long."""
        q = self.generator()
        # One balance follows from the others; the probabilities sum to 1 in its place.
        balance = np.vstack([q.T[1:], np.ones(len(q))])
        scale = np.abs(balance).max(axis=1)
        right = np.zeros(len(q))
        right[-1] = 1.0
        return np.linalg.solve(balance / scale[:, np.newaxis], right)

    def run(
        self, start: NDArray[np.intp], duration_s: float, rng: np.random.Generator
    ) -> NDArray[np.intp]:
        """Joint states of r independent circuits after `duration_s`, event by event.

        Args:
            start: (r,), joint states.
            duration_s: >= 0.
            rng: two numbers per round and circuit still on its way.
        """
        state = start.copy()
        left_s = np.full(len(state), duration_s)
        going = np.arange(len(state))
        while len(going):
            leaving = self.leaving_hz[state[going]]
            total = leaving.sum(axis=1)
            with np.errstate(divide="ignore"):
                left_s[going] -= rng.standard_exponential(len(going)) / total
            which = rng.random(len(going)) * total
            happened = left_s[going] > 0
            j = (which[:, np.newaxis] >= np.cumsum(leaving, axis=1)).sum(axis=1)
            going, j = going[happened], j[happened]
            state[going] ^= 1 << j
        return state


@dataclass(frozen=True)
class Series:
    """m junctions in series with one resistor, m <= 10.

    Attributes:
        devices: the junctions, from the source to ground.
        series_ohm: of the resistor, with the source's own, >= 0.

    Raises:
        ValueError: too many junctions, an open one, or a negative resistance.
    """

    devices: Devices
    series_ohm: float

    def __post_init__(self) -> None:
        if not 1 <= len(self.devices) <= _MOST_JUNCTIONS:
            raise ValueError(f"{len(self.devices)} junctions in series; expected 1 to 10")
        if not self.series_ohm >= 0:
            raise ValueError(f"series_ohm = {self.series_ohm!r} must not be negative")
        if not self.devices.g_p_s.all():
            raise ValueError("an open junction leaves a series circuit without current")

    def at(
        self,
        source_v: float,
        *,
        field_t: Values = 0.0,
        ambient_k: Values | None = None,
        t_s: float = 0.0,
    ) -> Joint:
        """The chain with `source_v` at the source, V; the others as in `Devices.rates`."""
        m = len(self.devices)
        ap = (np.arange(1 << m)[:, np.newaxis] >> np.arange(m) & 1).astype(np.bool_)
        v = self._voltages(source_v, ap)
        found = self.devices.rates(v, v, field_t=field_t, ambient_k=ambient_k, t_s=t_s)
        share = np.where(ap, 1.0 - found.occupancy, found.occupancy)
        return Joint(ap, v, found.total_hz * share)

    def _voltages(self, source_v: float, ap: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Voltages at which every resistance is that of its own voltage.

        Repeated division of the source voltage, each time half way to the new one: where the TMR
        falls with voltage a junction that gets more of it loses resistance, so that it converges.

        Raises:
            ValueError: not converged, as with a TMR that makes the resistance rise with voltage.
        """
        v = np.zeros(ap.shape)
        for _ in range(_MOST_ROUNDS):
            g = np.where(ap, self.devices.conductance_ap_s(v), self.devices.conductance_p_s(v))
            ohm: NDArray[np.float64] = 1.0 / g
            divided: NDArray[np.float64] = (
                source_v * ohm / (self.series_ohm + ohm.sum(axis=1, keepdims=True))
            )
            change = np.abs(divided - v).max()
            if change <= _SETTLED * abs(source_v):
                return divided
            v = 0.5 * (v + divided)
        raise ValueError(f"the voltages in series did not settle at {source_v} V")
