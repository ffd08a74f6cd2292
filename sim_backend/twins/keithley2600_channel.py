"""One channel of a Keithley 2602B: source, meter and buffers on one terminal of the world."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sim_backend.tsp import TspError, too_big
from sim_backend.twins.keithley2600_buffers import LIMITED, REMOTE_SENSE, ReadingBuffer, Row
from sim_backend.twins.keithley2600_model import HIGH_Z, Keithley2600Model, refused
from sim_backend.twins.keithley2600_ranges import MEASURED_OVER, SteppedLadder
from sim_backend.twins.keithley2600_settings import OF_CHANNEL
from sim_backend.twins.keithley2600_sweep import TriggerModel
from sim_backend.twins.source_model import Quantity, Refusal
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World

OVERFLOW = 9.91e37
# Bits of status.measurement.instrument.smuX (page 9-290, Rev. F; B0 and B1 on 9-283).
VOLTAGE_LIMIT, CURRENT_LIMIT, READING_OVERFLOW, BUFFER_AVAILABLE = 1, 2, 128, 256


class Channel:
    """One source-measure unit.

    With the output off it reads what the off-state leaves at a passive load: nothing.

    Not modelled: contact check, pulses, relative offsets, limits in W, zero and reference
    conversions, settling of measuring ranges; a moving filter averages like a repeating one.

    Attributes:
        name: `smua` or `smub`.
        model: what it is set to.
        settings: those that are only remembered.
        buffers: nvbuffer1 and nvbuffer2.
        trigger_model: sweeps.
        condition: bits of its measurement register, as of the last measurement.
    """

    def __init__(
        self, name: str, terminal: str, world: World, *, noise: float, line_hz: float
    ) -> None:
        """Everything as after switching on.

        Args:
            name: `smua` or `smub`.
            terminal: in the world.
            world: what it drives and measures.
            noise: of a reading at 1 PLC over its range, rms.
            line_hz: mains frequency.
        """
        self.name = name
        self.model = Keithley2600Model()
        self.settings: dict[str, float] = {}
        self.buffers = (ReadingBuffer(), ReadingBuffer())
        self.trigger_model = TriggerModel()
        self.output = SourceOutput(world, terminal, self.model)
        self._world, self._noise, self._line_hz = world, noise, line_hz
        self._moved_s = -math.inf
        self.reset()

    def reset(self) -> None:
        """smuX.reset(): output off, everything to its default, buffers stay."""
        self.model.reset()
        self.settings |= {path: start for path, (start, _kind) in OF_CHANNEL.items()}
        self.trigger_model.reset()
        self.condition = 0
        self.output.apply()

    def power_on(self) -> None:
        """Mains lost and back: the buffers are not kept (not verified)."""
        for buffer in self.buffers:
            buffer.power_on()
        self.reset()

    # Source ------------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[Keithley2600Model]:
        """Change the model; refusals become errors."""
        try:
            yield self.model
        except Refusal as refusal:
            raise refused(refusal.reason) from refusal
        self.output.apply()

    @property
    def switched(self) -> int:
        """source.output: 0 off, 1 on, 2 off with the relay open."""
        return 1 if self.model.on else HIGH_Z if self.model.opened else 0

    def switch(self, word: int) -> None:
        """Set source.output."""
        with self.changing() as model:
            if word == 1 and not model.on:
                self._moved_s = self._world.clock.now_s()
            model.on = word == 1
            model.opened = word == HIGH_Z
            model.set_off()

    def set_level(self, quantity: Quantity, value: float) -> None:
        """Programmed level."""
        before = quantity.level
        with self.changing() as model:
            model.set_level(quantity, value)
        if value != before:
            self._moved_s = self._world.clock.now_s()

    @property
    def limiting(self) -> bool:
        """source.compliance: whether the limit holds the output back now; updates the register."""
        limits = self.model.on and self.output.apply()
        self._latch(limits, overflow=bool(self.condition & READING_OVERFLOW))
        return limits

    # Measurement -------------------------------------------------------------------------------

    def measure(self, kinds: str, buffers: Sequence[ReadingBuffer] = ()) -> list[float]:
        """smuX.measure.KINDS(buffers): the last of `measure.count` readings, of each kind.

        Args:
            kinds: letters of i, v, r, p.
            buffers: where each goes; fewer than kinds: the others are not kept.

        Raises:
            TspError: more buffers than kinds.
        """
        if len(buffers) > len(kinds):
            raise too_big()
        for buffer in buffers:
            buffer.begin()
        rows: list[Row] = []
        for number in range(int(self.settings["measure.count"])):
            began_s = self._world.clock.now_s()
            rows = self._take(kinds)
            for buffer, row in zip(buffers, rows, strict=False):
                buffer.store(row)
            if number + 1 < self.settings["measure.count"]:
                spent_s = self._world.clock.now_s() - began_s
                self._world.clock.sleep(max(0.0, self.settings["measure.interval"] - spent_s))
        return [row.reading for row in rows]

    def _take(self, kinds: str) -> list[Row]:
        clock, settings, model = self._world.clock, self.settings, self.model
        if model.on:
            ladder = model.sourced.ladder
            assert isinstance(ladder, SteppedLadder)
            wait_s = max(0.0, settings["source.delay"]) + ladder.settles_s(
                model.sourced.source_range
            )
            clock.sleep(max(0.0, wait_s - (clock.now_s() - self._moved_s)))
        clock.sleep(max(0.0, settings["measure.delay"]))
        conversions = settings["measure.filter.count"] if settings["measure.filter.enable"] else 1
        cycles = conversions * settings["measure.nplc"]
        volts, amperes, limits = self._integrate(cycles / self._line_hz, kinds)
        read: dict[str, float] = {}
        if set(kinds) & set("vrp"):
            read["v"] = self._read(model.voltage, volts, cycles)
        if set(kinds) & set("irp"):
            read["i"] = self._read(model.current, amperes, cycles)
        over = OVERFLOW in read.values()
        # A current of exactly 0 has no resistance, and is no reading over range.
        if over:
            read["r"] = read["p"] = OVERFLOW
        elif len(read) == 2:
            read["r"] = read["v"] / read["i"] if read["i"] else OVERFLOW
            read["p"] = read["v"] * read["i"]
        self._latch(limits, overflow=over)
        status = (LIMITED if limits else 0) | (REMOTE_SENSE if settings["sense"] == 1 else 0)
        now_s = clock.now_s()
        return [Row(read[kind], model.sourced.level, now_s, float(status)) for kind in kinds]

    def _integrate(self, duration_s: float, kinds: str) -> tuple[float, float, bool]:
        """Both quantities at once: a channel has a converter for each."""
        if not self.model.on:
            self._world.clock.sleep(duration_s)
            return 0.0, 0.0, False
        return self.output.integrate(duration_s, amperes=kinds != "v")

    def _read(self, quantity: Quantity, value: float, cycles: float) -> float:
        range_ = self.model.follow(quantity, value)
        if self._world.instrument_noise:
            rms = self._noise * range_ / math.sqrt(cycles)
            value += rms * self._world.generators["instruments"].standard_normal()
        ladder = quantity.ladder
        assert isinstance(ladder, SteppedLadder)
        step = ladder.reading_step(range_)
        value = round(value / step) * step
        return value if abs(value) <= MEASURED_OVER * range_ else OVERFLOW

    def _latch(self, limits: bool, *, overflow: bool) -> None:
        voltage = self.model.function == "voltage"
        bit = CURRENT_LIMIT if voltage else VOLTAGE_LIMIT
        self.condition = (bit if limits else 0) | (READING_OVERFLOW if overflow else 0)

    @property
    def register(self) -> int:
        """status.measurement.instrument.smuX.condition."""
        stored = any(buffer.rows for buffer in self.buffers)
        return self.condition | (BUFFER_AVAILABLE if stored else 0)

    def buffer(self, path: str) -> ReadingBuffer:
        """One of its own buffers, by path.

        Raises:
            TspError: it is none (the number is not verified).
        """
        for number, buffer in enumerate(self.buffers, start=1):
            if path == f"{self.name}.nvbuffer{number}":
                return buffer
        raise TspError(5042, "Cannot perform requested action with this buffer")

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything but the rows of the buffers; JSON-able."""
        return {
            "model": self.model.state(),
            "settings": self.settings,
            "buffers": [buffer.state() for buffer in self.buffers],
            "trigger": self.trigger_model.state(),
            "condition": self.condition,
            "moved_s": None if math.isinf(self._moved_s) else self._moved_s,
            "volts": self.output.state(),
            "tripped": self.output.tripped,
        }

    def restore(self, state: Mapping[str, Any], tables: Sequence[Any]) -> None:
        """Put back what `state()` gave; `tables` are the rows of the buffers."""
        self.model.restore(state["model"])
        self.settings.update(state["settings"])
        for buffer, modes, rows in zip(self.buffers, state["buffers"], tables, strict=True):
            buffer.restore(modes, np.asarray(rows, dtype=np.float64))
        self.trigger_model.restore(state["trigger"])
        self.condition = state["condition"]
        self._moved_s = -math.inf if state["moved_s"] is None else state["moved_s"]
        self.output.restore(state["volts"])
        self.output.tripped = state["tripped"]
