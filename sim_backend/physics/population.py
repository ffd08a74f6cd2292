"""The states of many junctions, each known at a time of its own.

A junction that nobody looks at costs nothing: it is propagated, exactly and in one step, when
somebody does. Random numbers are taken instant by instant, so that a series read in pieces is the
series read at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.devices import Devices
from sim_backend.physics.fluctuations import Fluctuations
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import Switching, propagate, switching
from sim_backend.physics.telegraph_kernel import follow

if TYPE_CHECKING:  # the compiler of its kernels takes a second to load
    from sim_backend.physics.packed import Packed

Index = NDArray[np.intp]
Hold = Literal["stuck", "mean", "free"]

# Junctions x steps from which on machine code is quicker than the loading of it.
_WORTH_COMPILING = 20_000


class Seen(NamedTuple):
    """What was found at n instants.

    Attributes:
        ap: (n, k), True is AP; of held junctions the share of AP, 0 to 1.
        factor: (n, k), multiplies the conductance of that state; None where nothing but the
            telegraph moves any of the k junctions.
    """

    ap: NDArray[np.bool_] | NDArray[np.float64]
    factor: NDArray[np.float64] | None


class Population:
    """The stochastic state of m junctions.

    Attributes:
        ap: (m,), the last known states, True is AP.
        time_s: (m,), when they were known, s.
        held: unless "free" no junction moves by itself: each is at its occupancy, always.
    """

    def __init__(
        self, ap: NDArray[np.bool_], time_s: NDArray[np.float64], fluctuations: Fluctuations
    ) -> None:
        self.ap = ap
        self.time_s = time_s
        self.held: Hold = "free"
        self._fluctuations = fluctuations

    @classmethod
    def start(
        cls,
        devices: Devices,
        occupancy: NDArray[np.float64],
        t_s: float,
        rng: np.random.Generator,
    ) -> "Population":
        """Junctions that have been left alone for long.

        Args:
            devices: m of them.
            occupancy: (m,), stationary probability of AP.
            t_s: now, s.
            rng: m uniform numbers are drawn, more only for traps, third levels and flicker.
        """
        m = len(devices)
        ap = rng.random(m) < occupancy
        return cls(ap, np.full(m, float(t_s)), Fluctuations(devices, rng))

    def advance(
        self,
        index: Index,
        before: Rates,
        rates: Rates,
        run: Index | None,
        *,
        t0_s: float | NDArray[np.float64],
        dt_s: float,
        n: int,
        rng: np.random.Generator,
    ) -> Seen:
        """States of junctions at t0_s + i dt_s, i = 0 .. n - 1.

        From each junction's own last time to `t0_s` it lives under `before`, then n - 1 steps
        under `rates`. A time before the last known one counts as that one.

        Args:
            index: (k,), which junctions, none twice.
            before: arrays of shape (k,).
            rates: arrays of shape (k,), or one row per level (levels, k) with `run`.
            run: (n,), the level that holds from each instant to the next; None for one level.
            t0_s: first instant, of all or of each (k,), s.
            dt_s: spacing, s, >= 0.
            n: number of instants, >= 1.
            rng: n rows of uniform numbers are drawn.
        """
        k = len(index)
        if self.held != "free":
            self.time_s[index] = t0_s + (n - 1) * dt_s
            share = rates.occupancy if run is None else rates.occupancy[run]
            return Seen(np.array(np.broadcast_to(share, (n, k)), dtype=np.float64), None)
        elapsed_s = np.maximum(t0_s - self.time_s[index], 0.0)
        width = self._fluctuations.width(index)
        uniform = rng.random((n, k + width))
        ap = propagate(self.ap[index], switching(before, elapsed_s), uniform[:1, :k])
        if n > 1:
            step = switching(rates, dt_s)
            ap = np.concatenate([ap, _steps(ap[0], step, run, uniform[1:, :k])])
        self.ap[index] = ap[-1]
        self.time_s[index] = t0_s + (n - 1) * dt_s
        if not width:
            return Seen(ap, None)
        return Seen(ap, self._fluctuations.factor(index, ap, elapsed_s, dt_s, uniform[:, k:]))

    def hold(self, how: Hold, t_s: float) -> None:
        """From `t_s` on; "stuck" puts every junction into P, whose rates must say so too."""
        self.held = how
        if how == "stuck":
            self.ap[:] = False
        np.maximum(self.time_s, t_s, out=self.time_s)

    def advance_packed(
        self,
        index: Index,
        before: Rates,
        engine: "Packed",
        *,
        t0_s: float,
        dt_s: float,
        n: int,
        rng: np.random.Generator,
    ) -> NDArray[np.uint64]:
        """Like `advance` at one level, by the word: for thousands of junctions and instants.

        Args:
            index: (k,), which junctions, none twice.
            before: arrays of shape (k,).
            engine: of k junctions, at their rates now and the step `dt_s`. It begins anew from
                `rng`, so that it holds nothing that must be saved.
            t0_s: first instant, s.
            dt_s: spacing, s, >= 0.
            n: number of instants, >= 1.
            rng: draws k uniform numbers and the seeds of the engine.

        Returns:
            (n, engine.width), see `packed.unpack`.

        Raises:
            ValueError: traps, third levels or flicker, which have no packed form.
        """
        if self._fluctuations.width(index):
            raise ValueError(
                "junctions with a trap, a third level or flicker cannot be taken by the word"
            )
        first = self.advance(index, before, before, None, t0_s=t0_s, dt_s=0.0, n=1, rng=rng)
        engine.start(first.ap[0], rng)
        words = np.empty((n, engine.width), dtype=np.uint64)
        words[0] = engine.words
        engine.advance(n - 1, out=words[1:])
        self.ap[index] = engine.ap
        self.time_s[index] = t0_s + (n - 1) * dt_s
        return words

    def state(self) -> dict[str, Any]:
        """Everything that changes, flat."""
        held = {} if self.held == "free" else {"held": self.held}
        known = {"ap": self.ap.copy(), "time_s": self.time_s.copy(), **held}
        return known | self._fluctuations.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state()` of a population of the same devices.

        Raises:
            ValueError: it belongs to other devices; nothing was changed.
        """
        ap = np.array(state["ap"], dtype=np.bool_)
        time_s = np.array(state["time_s"], dtype=np.float64)
        if ap.shape != self.ap.shape or time_s.shape != self.time_s.shape:
            raise ValueError(f"the saved state has {ap.size} junctions, expected {self.ap.size}")
        self._fluctuations.restore(state)
        self.ap, self.time_s = ap, time_s
        self.held = cast(Hold, state.get("held", "free"))


def _steps(
    start: NDArray[np.bool_],
    step: Switching,
    run: Index | None,
    uniform: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """States (n, k) after n steps; step i is that of the level `run[i]`, if there are several."""
    n, k = uniform.shape
    if n * k < _WORTH_COMPILING:
        if run is not None:
            step = Switching(step.to_ap[run[:n]], step.change[run[:n]])
        return propagate(start, step, uniform)
    out = np.empty((n, k), dtype=np.bool_)
    level = np.zeros(n, dtype=np.intp) if run is None else run[:n]
    to_ap, change = (np.ascontiguousarray(part.reshape(-1, k)) for part in step)
    follow(start, to_ap, change, level, uniform, out)
    return out
