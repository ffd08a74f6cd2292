"""One run of a DAQ board: outputs stepped through a list, inputs scanned, both on one clock.

Edge e of the clock is at t0 + e dt. A step lasts settle + keep edges; the scans of its last `keep`
edges are kept. With the edge after the last step the outputs go to the last value of the list. A
scan can be fetched one period after its edge.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.daq_board_blocks import ABORTED, DEAD_MAN, END, OVERRUN
from sim_backend.twins.daq_board_inputs import Inputs
from sim_backend.world.world import World

Volts = NDArray[np.float64]
Codes = NDArray[np.int16]

# An edge that rounding has put a little after `now` has passed.
_EDGE_TOLERANCE = 1e-6
_STATES_AT_ONCE = 500_000


@dataclass(frozen=True)
class Plan:
    """What a run was asked to do.

    Attributes:
        number: the client's own number of it.
        t0_s, dt_s: first edge and period of the clock, s.
        scan: inputs, in order.
        settle, keep: edges of a step whose scans are dropped and kept.
        steps: how many; 0: until it is stopped.
        terminals: outputs that it plays.
        played_v: (outputs, steps + 1), V; empty without outputs.
        room: scans that fit into the memory.
    """

    number: int
    t0_s: float
    dt_s: float
    scan: tuple[int, ...]
    settle: int
    keep: int
    steps: int
    terminals: tuple[str, ...]
    played_v: Volts
    room: int

    @property
    def per_step(self) -> int:
        """Edges of a step."""
        return self.settle + self.keep

    @property
    def sampled(self) -> float:
        """Edges at which inputs are scanned."""
        return self.steps * self.per_step if self.steps else math.inf

    @property
    def edges(self) -> float:
        """All edges: with the last one the outputs go to rest and the last scan is over."""
        return self.sampled + 1

    def kept(self, edges: float) -> int:
        """Scans that the first so many edges have given."""
        whole, left = divmod(int(edges), self.per_step)
        return whole * self.keep + max(0, left - self.settle)


class Run:
    """Goes on by itself; whoever looks lets it catch up first.

    Attributes:
        plan: of it.
        edge: the next one.
        sequence: of the next block.
        fetched: scans that were fetched.
        lost_from: first scan that found no room; None if there is none.
        ended: flags of its end; 0 while it goes on.
    """

    def __init__(self, plan: Plan, inputs: Inputs, world: World) -> None:
        """Ready for its first edge."""
        self.plan = plan
        self.edge = self.sequence = self.fetched = self.ended = 0
        self.lost_from: int | None = None
        self._inputs, self._world = inputs, world
        self._stored: Codes = np.empty((0, len(plan.scan)), dtype=np.int16)
        self._passed = 0

    @property
    def going(self) -> bool:
        """Whether more edges will come."""
        return not self.ended and self.edge < self.plan.edges

    @property
    def available(self) -> int:
        """Scans that can be fetched now."""
        stored = self.fetched + len(self._stored)
        return min(stored, self.plan.kept(min(self._passed, self.plan.sampled))) - self.fetched

    def next_change_s(self) -> float:
        """Bench time of the next output value; inf if there is none."""
        if not self.plan.terminals or not self.going:
            return math.inf
        following = -(-self.edge // self.plan.per_step) * self.plan.per_step
        return self.plan.t0_s + following * self.plan.dt_s

    def catch_up(self, until_s: float) -> None:
        """Take and play what is due, the edge at `until_s` included."""
        plan = self.plan
        periods = math.floor((until_s - plan.t0_s) / plan.dt_s + _EDGE_TOLERANCE)
        if not self.ended:
            self._passed = max(self._passed, min(periods, 2**52))
        at_once = max(1, _STATES_AT_ONCE // max(1, len(plan.scan)))
        while self.going and self.edge <= periods:
            if self.lost_from is not None and not plan.terminals:
                self.edge = int(min(periods + 1, plan.edges))
                return
            last = plan.sampled if self.edge < plan.sampled else plan.edges
            self._advance(int(min(periods + 1, last, self.edge + at_once)) - self.edge)

    def _advance(self, count: int) -> None:
        plan = self.plan
        step = np.minimum((self.edge + np.arange(count)) // plan.per_step, plan.steps)
        drive = {t: v[step] for t, v in zip(plan.terminals, plan.played_v, strict=True)}
        at: dict[str, Any] = {
            "t0_s": plan.t0_s + self.edge * plan.dt_s,
            "dt_s": plan.dt_s,
            "n": count,
            "drive": drive,
        }
        if self.edge >= plan.sampled or self.lost_from is not None or not plan.scan:
            self._world.sample([], **at)
        else:
            codes = self._inputs.look(plan.scan, **at)
            phase = (self.edge + np.arange(count)) % plan.per_step
            self._store(codes[phase >= plan.settle])
        self.edge += count

    def _store(self, codes: Codes) -> None:
        room = self.plan.room - len(self._stored)
        if len(codes) > room:
            self.lost_from = self.fetched + len(self._stored) + room
        self._stored = np.concatenate([self._stored, codes[:room]])

    def stop(self, flags: int) -> None:
        """Take and play nothing more; outputs hold."""
        if self.going:
            self.ended = flags

    def flags(self) -> int:
        """What there is to say once everything has been fetched; 0 while more may come."""
        if self.available:
            return 0
        if self.lost_from is not None and self.fetched == self.lost_from:
            return OVERRUN | (0 if self.going else END)
        return 0 if self.going else self.ended | END

    @property
    def lost(self) -> int:
        """Scans that were taken in vain so far."""
        if self.lost_from is None:
            return 0
        edges = min(self._passed, self.plan.sampled)
        return max(1, self.plan.kept(edges) - self.lost_from)

    @property
    def condition(self) -> str:
        """In one word, as `TRIGger:STATe?` gives it."""
        if self.going:
            return "RUN" if self.lost_from is None else "OVER"
        names = {DEAD_MAN: "DEAD", ABORTED: "ABOR"}
        return names.get(self.ended, "DONE" if self.lost_from is None else "OVER")

    def take(self, most: int) -> Codes:
        """The next scans, at most so many."""
        count = min(self.available, most)
        taken, self._stored = self._stored[:count], self._stored[count:]
        self.fetched += count
        return taken

    def state(self) -> dict[str, Any]:
        """For `restore`; arrays apart from numbers."""
        numbers = [self.edge, self.sequence, self.fetched, self.ended, self._passed]
        lost = -1 if self.lost_from is None else self.lost_from
        p = self.plan
        plan = [p.number, p.settle, p.keep, p.steps, p.room]
        return {
            "numbers": np.array([*numbers, lost, *plan], dtype=np.int64),
            "times_s": np.array([p.t0_s, p.dt_s]),
            "scan": np.array(p.scan, dtype=np.int64),
            "terminals": ",".join(p.terminals),
            "played_v": p.played_v,
            "stored": self._stored,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any], inputs: Inputs, world: World) -> "Run":
        """From what `state()` gave."""
        edge, sequence, fetched, ended, passed, lost, number, settle, keep, steps, room = (
            int(value) for value in np.asarray(state["numbers"])
        )
        t0_s, dt_s = (float(value) for value in np.asarray(state["times_s"]))
        terminals = tuple(t for t in str(state["terminals"]).split(",") if t)
        scan = tuple(int(value) for value in np.asarray(state["scan"]))
        played_v = np.asarray(state["played_v"], dtype=np.float64)
        run = cls(
            Plan(number, t0_s, dt_s, scan, settle, keep, steps, terminals, played_v, room),
            inputs,
            world,
        )
        run.edge, run.sequence, run.fetched, run.ended = edge, sequence, fetched, ended
        run._passed, run.lost_from = passed, None if lost < 0 else lost
        run._stored = np.asarray(state["stored"], dtype=np.int16).reshape(-1, len(scan))
        return run
