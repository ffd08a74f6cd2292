"""The simulated bench: junctions in their circuits, electronics, one virtual clock, generators.

Junction states are lazy: each junction knows the time of its last known state, and whatever
observes it or changes its bias first propagates it to then, exactly and in one step.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import ArrayWiring, Wiring, selected_by
from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Own, Spread
from sim_backend.physics.population import Hold
from sim_backend.world.array import ArrayGroup
from sim_backend.world.chip import Chip
from sim_backend.world.coils import Coils
from sim_backend.world.followers import Follower, Followers
from sim_backend.world.instants import Instants, Volts, Waveforms
from sim_backend.world.lines import LineState
from sim_backend.world.loads import mean_conductance_s
from sim_backend.world.routes import Route, Routes, delays
from sim_backend.world.saved import below, restore_chip, streams
from sim_backend.world.singles import SinglesGroup
from sim_backend.world.sources import Sources, number
from sim_backend.world.surroundings import Surroundings


class World:
    """Junctions on dividers and in arrays, their electronics, one virtual clock, generators.

    An output is settled at the very clock edge that moves it, unless `surroundings` say that it
    settles slowly: a sample taken on that edge sees the new value (and the junction states that
    the old value led to).

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
        surroundings: Surroundings | None = None,
        own: Sequence[Own] = (),
    ) -> None:
        """A chip that has been left without a voltage for long.

        Args:
            wiring: of the bench.
            junction: the typical junction of the chip.
            spread: from one junction to the next.
            chip_seed: fixes the devices.
            faults: by position in `wiring.cells`.
            generators: of the run.
            clock: bench time.
            instrument_noise: whether instruments add noise.
            surroundings: field, cables, amplifiers and so on; none if None.
            own: what is known of single junctions, by position in `wiring.cells`.
        """
        self.clock = clock or VirtualClock()
        self.generators = generators
        self.instrument_noise = instrument_noise
        self.lock = threading.RLock()
        self._around = around = (surroundings or Surroundings()).with_noise(instrument_noise)
        now_s = self.clock.now_s()
        devices = Devices.draw(junction, spread, faults, len(wiring.cells), chip_seed, own)
        self._chip = Chip.make(devices, wiring.cells, around, now_s, generators["noise"])
        self._static_t = self._chip.field_t.copy()
        self._coils = Coils({coil.source: coil for coil in wiring.coils})
        self._sources = Sources(around.sources, generators)
        self._singles = SinglesGroup(
            wiring.singles, self._chip, around.capacitance_f, self._sources, generators
        )
        self._arrays: list[ArrayGroup] = []
        first = len(wiring.singles)
        for array in wiring.arrays:
            group = ArrayGroup(array, first, self._chip, around, self._sources, generators, now_s)
            self._arrays.append(group)
            first += len(array.cells)
        self._groups: tuple[SinglesGroup | ArrayGroup, ...] = (self._singles, *self._arrays)
        self._followers = Followers()
        self._routes = Routes([group.inputs for group in self._groups])

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
            if self._sources.held.get(terminal) == volts:
                return
            now_s = self.clock.now_s()
            magnet = terminal in self._coils
            for group in self._groups:
                # A field reaches every junction.
                for source in dict.fromkeys(group.terminals) if magnet else (terminal,):
                    group.advance(source, now_s)
            self._set(terminal, volts, now_s)
            if magnet:
                self._magnetise()

    def _magnetise(self) -> None:
        self._chip.field_t[:] = self._static_t + self._coils.field_t(self._sources.held)
        for group in self._groups:
            group.forget()

    def hold(self, how: Hold) -> None:
        """Hold all junctions from now on; those held have no trap, third level or flicker.

        Args:
            how: "stuck": in P whatever bias and faults; "mean": at once at the long-run mean of
                the response at the bias; "free": they go on from P, or from before.

        Raises:
            ValueError: another word.
        """
        if how not in get_args(Hold):
            raise ValueError(f"hold({how!r}): expected one of {get_args(Hold)}")
        with self.lock:
            self.catch_up()
            if how != self._chip.population.held:
                self._chip.population.hold(how, self.clock.now_s())
                for group in self._groups:
                    group.hold()

    def connect(self, array: int, rows: Sequence[LineState], columns: Sequence[LineState]) -> None:
        """A selector moves: from now on these are the connections of an array's lines.

        Args:
            array: position in `wiring.arrays`.
            rows: for each row `on` (its source), `ground`, `float` or `half` (half of what the
                first row that is on has behind its divider).
            columns: for each column the same; `on` is its amplifier.

        Raises:
            BenchError: an array without a selector, a wrong count, an unknown state.
        """
        with self.lock:
            self.catch_up()
            group = self._arrays[array]
            lines = group.lines.changed(group.wiring, rows, columns)
            group.settle(self.clock.now_s())
            group.connect(lines)

    def arrays_behind(self, selector: str) -> tuple[tuple[int, ArrayWiring], ...]:
        """The arrays whose lines an instrument connects, each with its position for `connect`."""
        found = ((position, group.wiring) for position, group in enumerate(self._arrays))
        return tuple(array for array in found if selected_by(array[1], selector))

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
        skew_s: Sequence[float] | Volts | None = None,
    ) -> Volts:
        """Like `node_voltages`, from `t0_s` on; moves no clock.

        For acquisitions that run by themselves and collect what they have seen when somebody
        looks; see `follow`. `t0_s` must not lie before the last look at these junctions.

        Args:
            addresses: as for `node_voltages`.
            t0_s: first instant, bench time, s.
            dt_s: as for `node_voltages`.
            n: likewise.
            drive: likewise.
            skew_s: by address: it is seen that much after each instant, as in a multiplexed
                scan; 0 <= skew < dt.

        Raises:
            BenchError: nothing is wired to an address.
            ValueError: a waveform of another length, or a delay that does not fit.
        """
        with self.lock:
            routes = self._routes.of(addresses)
            skew = {} if skew_s is None else delays(addresses, skew_s, dt_s)
            if n == 0:
                return np.empty((0, len(addresses)))
            played = dict(drive or {})
            for terminal, waveform in played.items():
                if waveform.shape != (n,) or not np.isfinite(waveform).all():
                    raise ValueError(f"{terminal}: expected {n} finite voltages")
            at = Instants(t0_s, dt_s, n, skew)
            volts = np.empty((n, len(addresses)))
            deviation = self._deviations(routes, played, at)
            waveforms = Waveforms(played, deviation)
            for group, (mine, wanted) in zip(self._groups, routes, strict=True):
                if wanted or any(terminal in group.terminals for terminal in played):
                    seen = group.look(wanted, at, waveforms)
                    if len(wanted) == len(addresses):
                        volts = seen
                    else:
                        volts[:, mine] = seen
            for terminal, waveform in played.items():
                self._set(terminal, float(waveform[-1]), t0_s + (n - 1) * dt_s)
            for column, address in enumerate(addresses):
                for pickup in self._around.pickup.get(address, ()):
                    volts[:, column] += pickup.at(at.times_s(address))
            return volts

    def load_ohm(self, terminal: str) -> float:
        """Resistance that the terminal sees to ground at this instant; inf if nothing."""
        conductance_s = self.mean_conductance_s(terminal, 0.0)
        return 1.0 / conductance_s if conductance_s > 0 else math.inf

    def source_ohm(self, addresses: Sequence[str]) -> Volts:
        """Mean resistance that each input sees towards the circuit, (k,), ohm.

        A divider with its junction, or 0 for an amplifier, which drives what is connected to it.

        Raises:
            BenchError: nothing is wired to an address.
        """
        with self.lock:
            self._routes.of(addresses)
            now_s = self.clock.now_s()
            return np.array(
                [
                    self._singles.source_ohm(address, now_s)
                    if address in self._singles.inputs
                    else 0.0
                    for address in addresses
                ]
            )

    def mean_conductance_s(self, terminal: str, duration_s: float) -> float:
        """Time average of 1 / load over `duration_s` (s, >= 0), which passes; S."""
        with self.lock:
            self.catch_up()
            groups = [group for group in self._groups if terminal in group.terminals]
            if not groups:
                self.clock.sleep(duration_s)
                return self._coils.conductance_s(terminal)
            return mean_conductance_s(groups, terminal, duration_s, self.clock, self._followers)

    def follow(self, follower: Follower) -> None:
        """Let it catch up before anybody looks at the junctions or changes a source."""
        self._followers.add(follower)

    def unfollow(self, follower: Follower) -> None:
        """Undo `follow`."""
        self._followers.remove(follower)

    def catch_up(self) -> None:
        """Let all that runs by itself do what was due up to now, in the order of time."""
        self._followers.catch_up(self.clock.now_s())

    def state(self) -> dict[str, StateValue]:
        """Everything that changes: clock, junctions, sources, electronics, random streams."""
        with self.lock:
            self.catch_up()
            state: dict[str, StateValue] = {"clock_s": self.clock.now_s()}
            state |= {f"junction_{k}": v for k, v in self._chip.population.state().items()}
            state |= self._sources.state()
            state |= {f"singles/{key}": value for key, value in self._singles.state().items()}
            for number_, array in enumerate(self._arrays):
                state |= {f"array{number_}/{key}": value for key, value in array.state().items()}
            return state | streams(self.generators)

    def restore(self, state: State) -> None:
        """Go on, bit by bit, from where `state()` was taken on the same wiring.

        Raises:
            BenchError: it belongs to another chip; nothing was changed.
        """
        with self.lock:
            restore_chip(self._chip.population, below("junction_", state))
            for group in self._groups:
                group.hold()
            self.clock.restore(number(state["clock_s"]))
            self._sources.restore(state)
            self._magnetise()
            self._singles.restore(below("singles/", state))
            for number_, array in enumerate(self._arrays):
                array.restore(below(f"array{number_}/", state))
            self.generators.restore({k: str(v) for k, v in below("generator/", state).items()})

    def _set(self, terminal: str, volts: float | None, t_s: float) -> None:
        self._sources.set(terminal, volts, t_s)
        for group in self._groups:
            group.forget()

    def _deviations(
        self, routes: Sequence[Route], played: Mapping[str, Volts], at: Instants
    ) -> dict[str, Volts]:
        """How far the sources behind these inputs, or played, are from what they were told."""
        if not self._sources.flawed:
            return {}
        wanted = set(played)
        for group, (_, addresses) in zip(self._groups, routes, strict=True):
            wanted |= {terminal for address in addresses for terminal in group.feeding(address)}
        return self._sources.deviations(sorted(wanted), played, at.t0_s, at.dt_s, at.n)
