"""Opens a bench: entry points to drivers, the guard before them, the safe state behind them."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from mtjlab.bench.clocks import share_clocks
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.guard import Guard
from mtjlab.bench.guarded import guarded
from mtjlab.bench.keep_alive import KeepAlive
from mtjlab.bench.ledger import Ledger, chip_file
from mtjlab.bench.raw import RawAccess
from mtjlab.bench.safe import Made, make_safe
from mtjlab.bench.served import reached
from mtjlab.bench.watch import LeasedClock, Watch
from mtjlab.core import plugins
from mtjlab.core.clock import Clock, WallClock
from mtjlab.core.driver import Driver, Opening, Ports
from mtjlab.core.errors import (
    BenchError,
    InstrumentError,
    LimitError,
    MtjlabError,
    Unwatched,
    UsageError,
)
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Channel, Instrument, SourceMeter
from mtjlab.core.permit import WritePermit
from mtjlab.core.places import runs_dir
from mtjlab.core.protocol import Rig, cannot_hold
from mtjlab.core.units import si

if TYPE_CHECKING:
    from mtjlab.bench.simulate import SimulatedBench

Notice = Callable[[str, str], None]

# Ramps, time-outs of instruments that do not answer, and the next one after them.
SAFE_WITHIN_S = 30.0


class OpenBench:
    """The instruments of one bench, open. A context manager: leaving it only closes links.

    Nothing here changes an output but `make_safe`; protocols get guarded faces through `rig`.

    Attributes:
        loaded: the bench file.
        clock: bench time.
        guard: knows every last set-point.
        drivers: by instrument name, for `check`; they can be read but not set.
        instruments: raw faces by name (`smu`, `smu.a`), likewise.
        missing: instruments that did not open, where that was allowed.
        found_on: sources whose output somebody else had switched on before.
        raw: ways around the guard, where the bench file allows them.
    """

    def __init__(
        self,
        loaded: LoadedBench,
        *,
        generators: Generators,
        notice: Notice,
        pretend: bool = False,
        as_many_as_possible: bool = False,
        only: Collection[str] | None = None,
        watched: bool = True,
    ) -> None:
        """Open every instrument.

        Args:
            loaded: the bench file.
            generators: of the run.
            notice: told what is found, `notice(level, text)`.
            pretend: put a real bench on its twin (`--dry-run`).
            as_many_as_possible: go on without an instrument that is missing, for `mtjlab safe`;
                `make_safe` then says that it is not proved safe.
            only: instruments to open; None for all.
            watched: start a supervisor for outputs that outlive this process. Without one only
                for who energises nothing.

        Raises:
            InstrumentError: one is missing or is not what the file says; all others are closed.
        """
        self.loaded = loaded
        self.generators = generators
        self.notice = notice
        self.simulated: SimulatedBench | None = None
        self._watch: Watch | None = None
        ports = Ports()
        clock: Clock = WallClock()
        self._served = ExitStack()
        self._reached = loaded
        twin = loaded.file.twin
        if twin is not None and twin.pace == "served" and not pretend:
            self._reached = self._served.enter_context(reached(loaded, seed=generators.seed))
        elif twin is not None or pretend:
            # The simulator takes a second to import, which a real bench need not wait for.
            from mtjlab.bench.simulate import simulate

            self.simulated = simulate(loaded, generators=generators)
            ports, clock = self.simulated.ports, self.simulated.world.clock
        if self.simulated is None and watched:
            self._watch = Watch(self._reached)
            clock = LeasedClock(lambda duration_s: self.guard.lease(duration_s))
        self._ports, self.clock = ports, clock
        self.wiring = loaded.file.wiring.resolve()
        self._permit = WritePermit()
        limits = loaded.file.limits.junction()
        self.guard = Guard(self.wiring, limits, self._permit, clock)
        if self._watch is not None and not self.twin:
            # The life of a real chip; that of a twin begins with each run. Who energises nothing
            # must not depend on the file.
            file = chip_file(runs_dir(), loaded.file.chip.id)
            self.guard.ledger = Ledger(self.wiring, limits, clock, file=file)
        self.drivers: dict[str, Driver] = {}
        self._keep_alive = KeepAlive(self.drivers)
        self.instruments: dict[str, Instrument] = {}
        self.raw = RawAccess(loaded.file.bench.allow_raw, self.guard, self.drivers, notice)
        self._pretend = pretend
        self._handed_over = False
        self.missing: dict[str, Exception] = {}
        self.found_on: list[str] = []
        with ExitStack() as undo:
            undo.callback(self.close)
            for name in loaded.file.instruments if only is None else only:
                try:
                    self._open(name)
                except Exception as error:
                    if not as_many_as_possible:
                        raise
                    self.missing[name] = error
            try:
                share_clocks(self.wiring, self.drivers)
                self._report_energised()
            except MtjlabError:
                # `make_safe` will judge the source that cannot be asked now.
                if not as_many_as_possible:
                    raise
            if self._watch is not None:
                self._watch.ready()
                self.guard.watched_by(self._keep_alive.after(self._watch.lease))
            else:
                self.guard.watched_by(self._keep_alive)
            undo.pop_all()

    def _open(self, name: str) -> None:
        entry = self._reached.file.instruments[name]
        if self.simulated is not None and name not in self.simulated.twins:
            self.notice(
                "warning",
                f"{name}: {entry.pymeasure} has no twin, so it is not recorded here. Give it "
                f"constant answers under [twin.instruments.{name}] replies",
            )
            return
        kind = plugins.load("drivers", entry.plugin, error=BenchError)
        opening = Opening(
            name=name,
            resource=entry.resource,
            options=entry.plugin_options,
            ports=self._ports,
            clock=self.clock,
            permit=self._permit,
            inputs=self.wiring.inputs(name),
            outputs=self.wiring.outputs(name),
            arrays=self.wiring.selected(name),
        )
        driver: Driver
        try:
            driver = kind.open(opening)
        except LimitError:
            # Some classes of PyMeasure set their instrument when they connect.
            if not (entry.recorded and self.raw.allowed):
                raise
            self.raw.take(name)
            with self._permit.opened():
                driver = kind.open(opening)
        self.drivers[name] = driver
        for suffix, face in driver.faces().items():
            self.instruments[f"{name}.{suffix}" if suffix else name] = face

    def _report_energised(self) -> None:
        for name, source in self.sources().items():
            state = source.state()
            if state.output_on:
                self.found_on.append(name)
                unit = "V" if state.function == "voltage" else "A"
                self.notice(
                    "warning",
                    f"{name} was found on at {si(state.level, unit)}; nothing was touched. "
                    "`mtjlab safe` switches it off",
                )

    def channels(self) -> dict[str, Channel]:
        """What is only read and recorded."""
        return {n: f for n, f in self.instruments.items() if isinstance(f, Channel)}

    def hand_over(self) -> None:
        """Close every link, for code that opens the instruments itself.

        Raises:
            LimitError: the bench does not allow it; UsageError: a dry run opens nothing real.
        """
        self.raw.demand("to open the instruments itself")
        if self._pretend:
            raise UsageError(
                "code that opens its instruments itself cannot be tried with --dry-run"
            )
        self.raw.take("bench")
        self._handed_over = True
        self._close_links()

    def sources(self) -> dict[str, SourceMeter]:
        """Raw source-meter channels."""
        return {n: f for n, f in self.instruments.items() if isinstance(f, SourceMeter)}

    @property
    def watched(self) -> bool:
        """Whether a supervisor stands by."""
        return self._watch is not None

    @property
    def twin(self) -> bool:
        """Whether a simulated world is behind the drivers."""
        return self.simulated is not None or self._reached is not self.loaded

    def rig(self, emit: Callable[[str, NDArray[Any]], None]) -> Rig:
        """What a protocol is handed: guarded faces, nothing else of the bench."""
        return Rig(
            bench=self.loaded.file.name,
            twin=self.twin,
            **guarded(self.instruments, self.wiring, self.guard),
            wiring=self.wiring,
            limits=self.guard.limits,
            clock=self.clock
            if self._watch
            else self._keep_alive.clock(self.clock, self.guard.lease),
            generators=self.generators,
            emit=emit,
            notice=self.notice,
            busy=self.guard.lease,
            raw=self.raw.driver,
            hand_over=self.hand_over,
            hold_junctions=self.simulated.world.hold if self.simulated else cannot_hold,
            chip=self.loaded.file.chip.id,
        )

    def world_state(self) -> Mapping[str, Any]:
        """State of an in-memory twin, flat; empty on a real bench."""
        return self.simulated.state() if self.simulated else {}

    def abort(self) -> None:
        """Release every call that waits, from any thread."""
        for instrument in self.instruments.values():
            instrument.abort()

    def make_safe(self) -> list[Made]:
        """Everything to 0 V and off, read back.

        Raises:
            NotSafeError: see `bench.safe`.
        """
        # Whatever comes of it, nothing is known to stand at its last set-point any more.
        self.guard.forget()
        with suppress(Unwatched):
            self.guard.lease(SAFE_WITHIN_S)
        if self._handed_over:
            self._handed_over = False
            # What does not answer any more is among the missing.
            with suppress(InstrumentError):
                self.reconnect()
        recorded = [n for n, e in self.loaded.file.instruments.items() if e.recorded]
        absent = {n: error for n, error in self.missing.items() if n not in recorded}
        made = make_safe(
            self.instruments,
            self._permit,
            self.clock,
            self.notice,
            absent=absent,
            coils={coil.source: coil for coil in self.wiring.coils},
        )
        self.guard.rest()
        if self._watch is not None:
            with suppress(Unwatched):
                self._watch.free()
        return made

    def reconnect(self) -> None:
        """Close every link and open it again; changes no output. Faces from before are dead.

        Raises:
            InstrumentError: an instrument is missing or is not the one of the file.
        """
        self._close_links()
        self.missing.clear()
        for name in self.loaded.file.instruments:
            try:
                self._open(name)
            except InstrumentError as error:
                self.missing[name] = error
        for first in self.missing.values():
            raise first
        share_clocks(self.wiring, self.drivers)

    def _close_links(self) -> None:
        for name, driver in self.drivers.items():
            try:
                driver.close()
            except Exception as error:
                self.notice("warning", f"{name} did not close cleanly: {error}")
        self.drivers.clear()
        self.instruments.clear()

    def book(self, run: str) -> None:
        """Write down how long junctions have stood at which voltage, for the life of the chip.

        Raises:
            StoreError: it cannot be written.
        """
        self.guard.ledger.write(run)

    def close(self) -> None:
        """Release all links. Changes no output.

        A supervisor is dismissed from a bench that is off; one that was left on it makes safe.
        """
        self._close_links()
        if self._watch is not None:
            self._watch.leave(in_order=not self.guard.live)
        self._served.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
