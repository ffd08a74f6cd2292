"""What protocols hold instead of drivers: each interface behind the guard, member by member.

What a face passes on is exactly what the guard has checked.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from mtjlab.bench.guard import Guard
from mtjlab.bench.settling import Settling
from mtjlab.core.errors import InstrumentError, LimitError, MtjlabError
from mtjlab.core.interfaces import (
    Block,
    Daq,
    Identity,
    Reading,
    Samples,
    SourceMeter,
    SourceSettings,
    SourceState,
)
from mtjlab.core.units import si

RAMP_STEPS_TO_LIMIT = 20
RAMP_PAUSE_S = 2e-3
SLOWEST_LINE_HZ = 50.0


class GuardedSource:
    """A source-meter channel behind the guard. Level changes ramp; see `set_level`."""

    def __init__(self, terminal: str, source: SourceMeter, guard: Guard) -> None:
        self.abilities = source.abilities
        self._terminal = terminal
        self._source = source
        self._guard = guard
        self._settings: SourceSettings | None = None

    def identify(self) -> Identity:
        """As `SourceMeter.identify`."""
        return self._source.identify()

    def state(self) -> SourceState:
        """As `SourceMeter.state`."""
        return self._source.state()

    def configure(self, settings: SourceSettings) -> None:
        """As `SourceMeter.configure`; a current source's compliance is checked as a voltage."""
        with self._guard.permitted():
            if settings.function == "current":
                self._guard.check_current(self._terminal, 0.0, settings.compliance)
            if self._source.state().output_on:
                raise InstrumentError(
                    f"{self._terminal} is on; function, ranges and compliance change only with "
                    "the output off. Switch it off first; nothing was sent"
                )
            self._settings = None
            self._source.configure(settings)
            self._settings = settings
            self._guard.sources_current(self._terminal, settings.function == "current")
            self._guard.holds(self._terminal, 0.0)
            if settings.function == "current":
                reach_v = abs(settings.compliance)
                self._guard.spans[self._terminal] = -reach_v, reach_v

    def set_level(self, level: float) -> None:
        """Check, then ramp there in steps of 1/20 of the limit, 2 ms of bench time each."""
        level = float(level)
        with self._guard.permitted():
            self._check(level)
            for value in self._ramp(level):
                self._moves(value, value)
                self._source.set_level(value)
                self._holds(value)
                if value != level:
                    self._guard.clock.sleep(RAMP_PAUSE_S)

    def output(self, on: bool) -> None:
        """Switch on at 0 only; switching off ramps to 0 first."""
        with self._guard.permitted():
            if not on and self._guard.setpoints.get(self._terminal, 0.0) != 0.0:
                # Best effort: whatever becomes of the ramp, the output goes off.
                with suppress(MtjlabError):
                    self.set_level(0.0)
            if on:
                self._configured()
                self._check(self._guard.setpoints.get(self._terminal, 0.0))
                self._guard.energise()
            self._source.output(on)

    def measure(self) -> Reading:
        """As `SourceMeter.measure`."""
        with self._guard.permitted(self._reading_s()):
            reading = self._source.measure()
            self._guard.readings[self._terminal] = reading
            return reading

    def sweep(self, levels: NDArray[np.float64], delay_s: float) -> NDArray[np.float64]:
        """As `SourceMeter.sweep`; every level is checked before the first is sent."""
        levels = _plain(levels, f"{self._terminal}: a sweep")
        with self._guard.permitted(len(levels) * (delay_s + self._reading_s())):
            for level in (float(levels.min()), float(levels.max())):
                self._check(level)
            self._moves(float(levels.min()), float(levels.max()))
            readings = self._source.sweep(levels, delay_s)
            if len(readings):
                volts, amperes = map(float, readings[-1])
                self._guard.readings[self._terminal] = Reading(volts, amperes, False)
            self._holds(float(levels[-1]))
            return readings

    def abort(self) -> None:
        """As `SourceMeter.abort`."""
        self._source.abort()

    def shutdown(self) -> None:
        """As `SourceMeter.shutdown`."""
        with self._guard.permitted():
            self._source.shutdown()
            self._guard.setpoints[self._terminal] = 0.0
            self._guard.ledger.stands(self._terminal, 0.0)

    def _moves(self, low: float, high: float) -> None:
        """Wherever a failed move ends, it is taken for its largest level."""
        if self._sources_voltage:
            self._guard.moves(self._terminal, low, high)
        else:
            self._guard.setpoints[self._terminal] = max(low, high, key=abs)

    def _holds(self, level: float) -> None:
        if self._sources_voltage:
            self._guard.holds(self._terminal, level)
            return
        self._guard.setpoints[self._terminal] = level
        # An open junction sees the whole compliance voltage of a current source.
        worst_v = self._settings.compliance if level and self._settings else 0.0
        self._guard.ledger.stands(self._terminal, worst_v)

    @property
    def _sources_voltage(self) -> bool:
        return self._settings is None or self._settings.function == "voltage"

    def _check(self, level: float) -> None:
        if level == 0:
            return
        settings = self._configured()
        if not abs(level) <= abs(settings.range):
            unit = "V" if settings.function == "voltage" else "A"
            raise LimitError(
                f"{self._terminal} = {si(level, unit)} is above the configured range of "
                f"{si(settings.range, unit)}; nothing was sent"
            )
        if settings.function == "voltage":
            self._guard.check_voltage(self._terminal, level)
        else:
            self._guard.check_current(self._terminal, level, settings.compliance)

    def _reading_s(self) -> float:
        """More than one reading takes, s: two quantities, each with zero and reference."""
        return 0.0 if self._settings is None else 8 * self._settings.nplc / SLOWEST_LINE_HZ

    def _configured(self) -> SourceSettings:
        if self._settings is None:
            raise LimitError(
                f"{self._terminal}: function, range and compliance are not configured by this "
                "session, so its worst case is unknown; nothing was sent. Call configure first"
            )
        return self._settings

    def _ramp(self, level: float) -> Iterator[float]:
        limits, settings = self._guard.limits, self._settings
        start = self._guard.setpoints.get(self._terminal, 0.0)
        current = settings is not None and settings.function == "current"
        largest = (limits.hard_a if current else limits.hard_v) / RAMP_STEPS_TO_LIMIT
        steps = max(1, math.ceil(abs(level - start) / largest - 1e-9))
        for step in range(1, steps):
            yield start + (level - start) * step / steps
        yield level


class GuardedDaq:
    """A board behind the guard: each value of each output block is checked before it starts."""

    def __init__(self, name: str, daq: Daq, guard: Guard) -> None:
        self._settling = Settling(guard.wiring, guard.limits, name, daq.abilities)
        self.abilities = self._settling.abilities
        self._name = name
        self._daq = daq
        self._guard = guard

    def identify(self) -> Identity:
        """As `Daq.identify`."""
        return self._daq.identify()

    def write(self, values_v: Mapping[str, float]) -> None:
        """As `Daq.write`; refused as a whole if one value is."""
        with self._guard.permitted():
            values_v = {channel: float(volts) for channel, volts in values_v.items()}
            moving = {f"{self._name}/{channel}": volts for channel, volts in values_v.items()}
            for terminal, volts in moving.items():
                self._guard.check_alone(terminal, volts)
            self._guard.check_rows({terminal: (v, v) for terminal, v in moving.items()})
            self._mark(any(volts != 0 for volts in values_v.values()))
            for terminal, volts in moving.items():
                self._guard.moves(terminal, volts, volts)
            self._daq.write(values_v)
            for terminal, volts in moving.items():
                self._guard.holds(terminal, volts)

    def read(self, channels: Sequence[str]) -> NDArray[np.float64]:
        """As `Daq.read`."""
        return self._daq.read(channels)

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
        """As `Daq.play_and_record`."""
        count = steps if outputs_v is None else len(outputs_v)
        with self._guard.permitted((count or 0) / step_rate_hz if step_rate_hz > 0 else 0.0):
            rest_v = [float(volts) for volts in rest_v]
            self._settling.demand(ai, step_rate_hz * (settle + keep), ao=ao, settle=settle)
            if outputs_v is not None:
                outputs_v = _plain(outputs_v, f"{self._name}: a block")
                # Until it has ended well, an output may stand at any of its values.
                for terminal, span_v in self._check_block(outputs_v, ao, rest_v).items():
                    self._guard.moves(terminal, *span_v)
            block = self._daq.play_and_record(
                outputs_v,
                ao=ao,
                ai=ai,
                step_rate_hz=step_rate_hz,
                settle=settle,
                keep=keep,
                rest_v=rest_v,
                steps=steps,
            )
            for column, channel in enumerate(ao):
                terminal = self._terminal(channel)
                if outputs_v is not None:
                    step_s = 1.0 / block.step_rate_hz
                    self._guard.ledger.played(terminal, outputs_v[:, column], step_s)
                self._guard.holds(terminal, rest_v[column])
            return block

    def stream(self, ai: Sequence[str], rate_hz: float, block: int) -> Iterator[Samples]:
        """As `Daq.stream`."""
        self._settling.demand(ai, rate_hz)
        self._guard.lease(block / rate_hz)
        for samples in self._daq.stream(ai, rate_hz, block):
            self._guard.lease(block / rate_hz)
            yield samples

    def abort(self) -> None:
        """As `Daq.abort`."""
        self._daq.abort()

    def shutdown(self) -> None:
        """As `Daq.shutdown`."""
        with self._guard.permitted():
            self._daq.shutdown()
            for terminal in self._guard.setpoints:
                if terminal.startswith(f"{self._name}/"):
                    self._guard.holds(terminal, 0.0)

    def _check_block(
        self, outputs_v: NDArray[np.float64], ao: Sequence[str], rest_v: Sequence[float]
    ) -> dict[str, tuple[float, float]]:
        """Lowest and highest voltage of each terminal, once all of them are known to be safe."""
        if outputs_v.ndim != 2 or outputs_v.shape[1] != len(ao) or len(rest_v) != len(ao):
            raise LimitError(
                f"{self._name}: a block of shape {outputs_v.shape} with {len(rest_v)} rest values "
                f"does not fit {len(ao)} outputs {tuple(ao)}; nothing was sent"
            )
        if not np.isfinite(outputs_v).all():
            raise LimitError(f"{self._name}: the block holds a NaN or infinity; nothing was sent")
        spans: dict[str, tuple[float, float]] = {}
        for column, channel in enumerate(ao):
            terminal = self._terminal(channel)
            values = outputs_v[:, column]
            low_v, high_v = float(values.min()), float(values.max())
            # The worst case grows with |V|: the extremes of a block stand for all its samples.
            for volts in (low_v, high_v, rest_v[column]):
                self._guard.check_alone(terminal, volts)
            spans[terminal] = min(low_v, rest_v[column]), max(high_v, rest_v[column])
        self._guard.check_rows(spans)
        self._mark(bool(np.any(outputs_v)) or any(rest_v))
        return spans

    def _terminal(self, output: str) -> str:
        """Of this board's `ao0`, or of `out/ao0` on a board that it shares a clock with."""
        return output if "/" in output else f"{self._name}/{output}"

    def _mark(self, energising: bool) -> None:
        if energising:
            self._guard.energise()


def _plain(values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """A copy that hides nothing and that nobody else can change: what is checked is what is sent.

    A masked array would pass the check with its mask on and be played with it off.
    """
    copy = np.array(np.ma.getdata(values), dtype=np.float64)
    if copy.size == 0:
        raise LimitError(f"{what} without a single value; nothing was sent")
    return copy
