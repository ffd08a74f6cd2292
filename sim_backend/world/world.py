"""The simulated bench: one crossbar, its electronics, one virtual clock, named generators.

Junction states are lazy: each junction knows the time of its last known state, and whatever
observes it or changes its bias first propagates it to then, exactly and in one step.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError, nearest
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import Wiring
from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.physics.singles import OperatingPoint, Singles
from sim_backend.physics.telegraph import Switching, propagate, switching

Volts = NDArray[np.float64]
Index = NDArray[np.intp]

# A source-meter's integration is resolved into at most this many instants,
_MOST_INSTANTS = 20_000
# and so many junction states are held in memory at once.
_MOST_STATES = 2_000_000
# Streams of the run that are part of the world; the others belong to the protocol.
_STREAMS = ("noise", "instruments")


class Follower(Protocol):
    """Something that runs by itself, such as a board's acquisition.

    It may call `World.sample` for instants that have passed, and nothing else of the world.
    """

    def next_change_s(self) -> float:
        """Bench time at which it will next move a source; inf if it will not."""
        ...

    def catch_up(self, until_s: float) -> None:
        """Do what was due up to and including `until_s`."""
        ...


class World:
    """One crossbar, its electronics, one virtual clock, named generators.

    An output is settled at the very clock edge that moves it: a sample taken on that edge sees
    the new value (and the junction states that the old value led to). The analogue bandwidth of
    sources and cables is not modelled.

    Attributes:
        clock: bench time; moved by whoever lets time pass, never by the wall clock.
        generators: `noise` moves the junctions, `instruments` is the noise of instruments.
        instrument_noise: False means that instruments add no noise; they still quantise.
        lock: re-entrant; for whoever must do several things with nobody in between.
    """

    def __init__(
        self,
        wiring: Wiring,
        *,
        junction: JunctionParameters,
        spread: Spread,
        faults: Sequence[Fault],
        chip_seed: int,
        generators: Generators,
        clock: VirtualClock | None = None,
        instrument_noise: bool = True,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.generators = generators
        self.instrument_noise = instrument_noise
        wires = wiring.singles
        self._singles = Singles(
            Devices.draw(junction, spread, faults, len(wires), chip_seed),
            np.array([wire.series_ohm for wire in wires], dtype=np.float64),
            np.array([wire.divider for wire in wires], dtype=np.float64),
        )
        self._sources = tuple(wire.source for wire in wires)
        self._junction_at = {w.read.address: i for i, w in enumerate(wires) if w.read is not None}
        self._drives: dict[str, float | None] = {}
        self._time_s = np.full(len(wires), self.clock.now_s())
        self._points: dict[bytes, OperatingPoint] = {}
        self._columns: dict[tuple[str, ...], tuple[Index, Index]] = {}
        self._followers: list[Follower] = []
        self.lock = threading.RLock()
        everyone = np.arange(len(wires), dtype=np.intp)
        self._ap = generators["noise"].random(len(wires)) < self._point(everyone).rates.occupancy

    def drive(self, terminal: str, volts: float | None) -> None:
        """From now on the source terminal holds `volts`; None drives nothing (high impedance).

        Args:
            terminal: such as `smu` or `daq/ao0`; one that is wired to nothing is fine.
            volts: finite, V.

        Raises:
            ValueError: not a finite voltage.
        """
        if volts is not None and not math.isfinite(volts):
            raise ValueError(f"{terminal} driven with {volts!r} V; expected a finite voltage")
        with self.lock:
            self.catch_up()
            if self._drives.get(terminal) == volts:
                return
            self._advance(self._behind(terminal))
            self._set_drive(terminal, volts)

    def node_voltages(
        self,
        addresses: Sequence[str],
        *,
        dt_s: float,
        n: int,
        drive: Mapping[str, Volts] | None = None,
    ) -> Volts:
        """True voltages at inputs, now and at n - 1 further instants; the clock moves n dt_s.

        Args:
            addresses: inputs, such as `daq/ai3`.
            dt_s: spacing, s, >= 0.
            n: number of instants, >= 0; the first one is now.
            drive: terminal -> (n,) V, each value held from its instant to the next; the last one
                holds from then on.

        Returns:
            (n, len(addresses)), V, without any instrument's noise.

        Raises:
            BenchError: nothing is wired to an address.
        """
        with self.lock:
            self.catch_up()
            volts = self.sample(addresses, t0_s=self.clock.now_s(), dt_s=dt_s, n=n, drive=drive)
            self.clock.sleep(n * dt_s)
            return volts

    def sample(
        self,
        addresses: Sequence[str],
        *,
        t0_s: float,
        dt_s: float,
        n: int,
        drive: Mapping[str, Volts] | None = None,
    ) -> Volts:
        """Like `node_voltages`, from `t0_s` on; moves no clock.

        For acquisitions that run by themselves and collect what they have seen when somebody
        looks; see `follow`. `t0_s` must not lie before the last look at these junctions.
        """
        with self.lock:
            index, column = self._wired(addresses)
            driven = drive or {}
            if driven:
                behind = [self._behind(terminal) for terminal in driven]
                both = np.unique(np.concatenate([index, *behind]))
                column = np.searchsorted(both, index)[column]
                index = both
            if n == 0:
                return np.empty((0, len(addresses)))
            ap, point, run = self._states(index, t0_s, dt_s, n, driven)
            v_p, v_ap = point.v_p[..., column], point.v_ap[..., column]
            if run is not None:
                v_p, v_ap = v_p[run], v_ap[run]
            for terminal, volts in driven.items():
                self._set_drive(terminal, float(volts[-1]))
            return np.where(ap[:, column], v_ap, v_p)

    def load_ohm(self, terminal: str) -> float:
        """Resistance that the terminal sees to ground at this instant; inf if nothing."""
        with self.lock:
            conductance_s = self.mean_conductance_s(terminal, 0.0)
            return 1.0 / conductance_s if conductance_s > 0 else math.inf

    def mean_conductance_s(self, terminal: str, duration_s: float) -> float:
        """Time average of 1 / load over `duration_s` (s, >= 0), which passes; S.

        The states are looked at every half of the shortest correlation time, or 20 000 times.
        """
        with self.lock:
            self.catch_up()
            index = self._behind(terminal)
            end_s = self.clock.now_s() + duration_s
            if not len(index):
                self.clock.sleep(duration_s)
                return 0.0
            fastest_hz = float(self._point(index).rates.total_hz.max())
            n = max(1, math.ceil(min(2.0 * duration_s * fastest_hz, _MOST_INSTANTS)))
            dt_s = duration_s / n
            # Whoever follows must see the junctions before they have gone on.
            piece = 1 if self._followers else max(1, _MOST_STATES // len(index))
            total = 0.0
            for first in range(0, n, piece):
                instants = min(piece, n - first)
                self.catch_up()
                ap, point, _ = self._states(index, self.clock.now_s(), dt_s, instants, {})
                total += float(np.where(ap, point.load_ap_s, point.load_p_s).sum())
                self.clock.sleep(instants * dt_s)
            self.clock.sleep(end_s - self.clock.now_s())
            return total / n

    def follow(self, follower: Follower) -> None:
        """Let it catch up before anybody looks at the junctions or changes a source."""
        self._followers.append(follower)

    def unfollow(self, follower: Follower) -> None:
        """Undo `follow`."""
        self._followers.remove(follower)

    def catch_up(self) -> None:
        """Let all that runs by itself do what was due up to now, in the order of time."""
        now_s = self.clock.now_s()
        # One that moves a source must not run ahead of those that look at what it drives.
        while len(self._followers) > 1:
            mover = min(self._followers, key=lambda follower: follower.next_change_s())
            change_s = mover.next_change_s()
            if change_s > now_s:
                break
            for follower in tuple(self._followers):
                if follower is not mover:
                    follower.catch_up(change_s)
            mover.catch_up(change_s)
        for follower in tuple(self._followers):
            follower.catch_up(now_s)

    def state(self) -> dict[str, StateValue]:
        """Everything that changes: clock, junctions, sources, streams of random numbers."""
        with self.lock:
            self.catch_up()
            state: dict[str, StateValue] = {
                "clock_s": self.clock.now_s(),
                "junction_ap": self._ap.copy(),
                "junction_time_s": self._time_s.copy(),
            }
            state |= {f"drive/{terminal}": volts for terminal, volts in self._drives.items()}
            streams = self.generators.state()
            return state | {f"generator/{name}": streams[name] for name in _STREAMS}

    def restore(self, state: State) -> None:
        """Go on, bit by bit, from where `state()` was taken on the same wiring."""
        with self.lock:
            ap, time_s = np.asarray(state["junction_ap"]), np.asarray(state["junction_time_s"])
            if ap.shape != self._ap.shape or time_s.shape != self._time_s.shape:
                raise BenchError(
                    f"the saved world has {ap.size} junctions, this bench has {self._ap.size}; "
                    "resume with the bench file stored in the run"
                )
            self._ap, self._time_s = ap.astype(np.bool_), time_s.astype(np.float64)
            self.clock.restore(_number(state["clock_s"]))
            self._drives = {
                key.removeprefix("drive/"): None if volts is None else _number(volts)
                for key, volts in state.items()
                if key.startswith("drive/")
            }
            self._points.clear()
            self.generators.restore({n: str(state[f"generator/{n}"]) for n in _STREAMS})

    def _advance(self, index: Index) -> None:
        if len(index):
            self._states(index, self.clock.now_s(), 0.0, 1, {})

    def _states(
        self, index: Index, t0_s: float, dt_s: float, n: int, driven: Mapping[str, Volts]
    ) -> tuple[NDArray[np.bool_], OperatingPoint, Index | None]:
        """States (n, m) of junctions at n >= 1 instants, and the operating points behind them.

        Without `driven` the operating point has shape (m,). With it there is one row per level,
        and the third value says which row holds at each instant.
        """
        before = self._point(index)
        elapsed_s = np.maximum(t0_s - self._time_s[index], 0.0)
        uniform = self.generators["noise"].random((n, len(index)))
        first = propagate(self._ap[index], switching(before.rates, elapsed_s), uniform[:1])
        point, run = (before, None) if not driven else self._levels(index, n, driven)
        if n == 1:
            ap = first
        else:
            step = switching(point.rates, dt_s)
            if run is not None:
                # A step is made under the level that held while it passed.
                step = Switching(step.to_ap[run[:-1]], step.change[run[:-1]])
            ap = np.concatenate([first, propagate(first[0], step, uniform[1:])])
        self._ap[index] = ap[-1]
        self._time_s[index] = t0_s + (n - 1) * dt_s
        return ap, point, run

    def _levels(
        self, index: Index, n: int, driven: Mapping[str, Volts]
    ) -> tuple[OperatingPoint, Index]:
        volts = np.tile(self._source_v(index), (n, 1))
        for terminal, waveform in driven.items():
            if waveform.shape != (n,) or not np.isfinite(waveform).all():
                raise ValueError(f"{terminal}: expected {n} finite voltages")
            mine = [self._sources[junction] == terminal for junction in index]
            volts[:, mine] = waveform[:, np.newaxis]
        changed = np.zeros(n, dtype=np.bool_)
        changed[1:] = (volts[1:] != volts[:-1]).any(axis=1)
        starts = changed.copy()
        starts[0] = True
        return self._singles.take(index).at(volts[starts]), np.cumsum(changed)

    def _point(self, index: Index) -> OperatingPoint:
        key = index.tobytes()
        if key not in self._points:
            self._points[key] = self._singles.take(index).at(self._source_v(index))
        return self._points[key]

    def _source_v(self, index: Index) -> Volts:
        return np.array([self._drives.get(self._sources[j]) or 0.0 for j in index])

    def _set_drive(self, terminal: str, volts: float | None) -> None:
        self._drives[terminal] = volts
        self._points.clear()

    def _behind(self, terminal: str) -> Index:
        found = [i for i, source in enumerate(self._sources) if source == terminal]
        return np.array(found, dtype=np.intp)

    def _wired(self, addresses: Sequence[str]) -> tuple[Index, Index]:
        """Junctions behind inputs, without repetition, and which of them each input reads."""
        key = tuple(addresses)
        if key not in self._columns:
            for address in key:
                if address not in self._junction_at:
                    raise BenchError(
                        f"no junction is wired to the input {address!r}; "
                        + nearest(address, self._junction_at)
                    )
            junctions = np.array([self._junction_at[a] for a in key], dtype=np.intp)
            self._columns[key] = np.unique(junctions, return_inverse=True)
        return self._columns[key]


def _number(value: StateValue) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise BenchError(f"the saved world holds {value!r} where a number belongs")
