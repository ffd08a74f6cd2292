"""Plain fakes of the interfaces, for what the guard and the safe state do with them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from mtjlab.bench.guard import Guard
from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import Aborted, InstrumentError, NotSafeError
from mtjlab.core.interfaces import (
    Block,
    DaqAbilities,
    Identity,
    Reading,
    Samples,
    SourceAbilities,
    SourceSettings,
    SourceState,
    Unselected,
)
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring


class FakeSource:
    """Remembers what was sent; demands the permit like a real link."""

    abilities = SourceAbilities((0.2, 2.0, 20.0), (1e-3, 1.0), 1.05)

    def __init__(self, permit: WritePermit) -> None:
        self.permit = permit
        self.sent: list[tuple[str, object]] = []
        self.level = 0.0
        self.on = False
        self.settings = SourceSettings("voltage", 0.2, 1e-3)
        self.fails: Exception | None = None
        self.lies = False
        self.aborted = False

    def _send(self, name: str, value: object) -> None:
        self.permit.demand(name)
        if self.fails is not None:
            raise self.fails
        self.sent.append((name, value))

    def identify(self) -> Identity:
        return Identity("FAKE", "SOURCE", "1", "0")

    def state(self) -> SourceState:
        if self.aborted:
            raise Aborted("fake source: aborted")
        s = self.settings
        return SourceState(s.function, self.level, s.range, s.compliance, self.on)

    def configure(self, settings: SourceSettings) -> None:
        self._send("configure", settings)
        self.settings, self.level = settings, 0.0

    def set_level(self, level: float) -> None:
        self._send("level", level)
        self.level = level

    def output(self, on: bool) -> None:
        self._send("output", on)
        self.on = on

    def measure(self) -> Reading:
        if not self.on:
            raise InstrumentError("fake source: off")
        return Reading(self.level, 0.0, False)

    def sweep(self, levels: NDArray[np.float64], delay_s: float) -> NDArray[np.float64]:
        self._send("sweep", levels.tolist())
        return np.stack([levels, levels * 1e-4], axis=1)

    def abort(self) -> None:
        self.aborted = True

    def shutdown(self) -> None:
        self.aborted = False
        self._send("shutdown", None)
        self.level, self.on = 0.0, self.lies
        if self.lies:
            raise NotSafeError("fake source: output reads back on")


class FakeDaq:
    """One board with two outputs and one input."""

    abilities = DaqAbilities(
        ("ai0",), ("ao0", "ao1"), (1.0, 10.0), (10.0,), 16, 16, 5e5, 5e5, 5e5, True, 8191
    )

    def __init__(self, permit: WritePermit) -> None:
        self.permit = permit
        self.sent: list[tuple[str, object]] = []
        self.fails: Exception | None = None

    def identify(self) -> Identity:
        return Identity("FAKE", "DAQ", "1", "0")

    def write(self, values_v: Mapping[str, float]) -> None:
        self.permit.demand("write")
        self.sent.append(("write", dict(values_v)))

    def read(self, channels: Sequence[str]) -> NDArray[np.float64]:
        return np.zeros(len(channels))

    def play_and_record(
        self,
        outputs_v: NDArray[np.float64] | None,
        *,
        ao: Sequence[str],
        ai: Sequence[str],
        step_rate_hz: float,
        settle: int,
        keep: int,
        rest_v: Sequence[float],
        steps: int | None = None,
    ) -> Block:
        if outputs_v is not None:
            self.permit.demand("play")
        n = steps if outputs_v is None else len(outputs_v)
        assert n is not None
        self.sent.append(("play", n))
        return Block(np.zeros((n, keep, len(ai))), step_rate_hz, 0.0, 1)

    def stream(self, ai: Sequence[str], rate_hz: float, block: int) -> Iterator[Samples]:
        yield Samples(0, 0.0, np.zeros((block, len(ai))))

    def abort(self) -> None:
        pass

    def shutdown(self) -> None:
        self.permit.demand("shutdown")
        if self.fails is not None:
            raise self.fails
        self.sent.append(("shutdown", None))


class FakeSelector:
    """A switch that remembers."""

    def __init__(self, permit: WritePermit) -> None:
        self.permit = permit
        self.cells: tuple[Cell, ...] = ()

    def identify(self) -> Identity:
        return Identity("FAKE", "SELECTOR", "1", "0")

    def connect(self, cells: Sequence[Cell], unselected: Unselected) -> None:
        self.permit.demand("connect")
        self.cells = tuple(cells)

    def closed(self) -> tuple[str, ...]:
        return tuple(map(str, self.cells))

    def open_all(self) -> None:
        self.permit.demand("open_all")
        self.cells = ()

    def abort(self) -> None:
        pass

    def shutdown(self) -> None:
        self.open_all()


LIMITS = JunctionLimits(hard_v=0.5, hard_a=50e-6, soft_v=0.3)
READ = InputWire("daq", "ai0", 1.0, "differential")
WIRING = Wiring(
    (
        SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, READ),
        SingleJunction(Cell(0, 1), "smu", 20e3, 1.0, None),
        SingleJunction(Cell(0, 2), "daq/ao0", 10e3, 0.04, None),
    )
)


@pytest.fixture
def permit() -> WritePermit:
    return WritePermit()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def guard(permit: WritePermit, clock: VirtualClock) -> Guard:
    return Guard(WIRING, LIMITS, permit, clock)


@pytest.fixture
def raw_source(permit: WritePermit) -> FakeSource:
    return FakeSource(permit)


@pytest.fixture
def raw_daq(permit: WritePermit) -> FakeDaq:
    return FakeDaq(permit)


@pytest.fixture
def raw_selector(permit: WritePermit) -> FakeSelector:
    return FakeSelector(permit)
