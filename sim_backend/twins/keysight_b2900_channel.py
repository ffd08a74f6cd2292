"""One channel of a B2900A: source and meter on one terminal of the world."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from mtjlab.core.interfaces import Function
from sim_backend.scpi import ScpiError
from sim_backend.twins.keysight_b2900_ranges import (
    CORNERS,
    INTERLOCKED_V,
    OVERFLOW,
    ladders,
    refused,
)
from sim_backend.twins.keysight_b2900_settings import KeysightB2900Options
from sim_backend.twins.source_model import Quantity, Refusal, SourceModel
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World

# Bits of the status of a reading (command reference, table 1-2).
CURRENT_SOURCE, COMPLIANCE, OVER_RANGE = 1 << 0, 1 << 1, 1 << 13
# Wait of the source before a measurement, by itself and on the lowest ranges, s (not verified).
_WAIT_S, _LONG_WAIT_S, _LOW_A = 0.3e-3, 10e-3, 1e-7


class Row(NamedTuple):
    """One measurement: V, A, s and status."""

    volts: float
    amperes: float
    time_s: float
    status: float
    source: float


class Channel:
    """A source and two converters.

    Not modelled: pulses, sweeps by steps, filters, traces, limit tests, protection by temperature,
    limits that differ by sign, the currents that two channels can give together.

    Attributes:
        number: 1 or 2.
        model: what it is set to.
        output: its terminals.
        functions: what is measured, of VOLT, CURR and RES.
        lists: levels of a list sweep by source function.
        rows: of the last acquisition.
    """

    def __init__(
        self,
        number: int,
        terminal: str,
        world: World,
        options: KeysightB2900Options,
        settings: dict[str, Any],
    ) -> None:
        """Everything as after a reset.

        Args:
            number: 1 or 2.
            terminal: in the world.
            world: what it drives and measures.
            options: of the twin.
            settings: of the whole box, by names such as `1.nplc`.
        """
        self.number = number
        self.model = SourceModel(*ladders(options.model), CORNERS)
        self.output = SourceOutput(world, terminal, self.model)
        self._world, self._options, self._settings = world, options, settings
        self._moved_s = -math.inf
        self.reset()

    def reset(self) -> None:
        """*RST: output off, 0 V."""
        self.model.reset()
        if not self._options.interlock:
            self.model.ceiling_v = INTERLOCKED_V
        self.functions = {"CURR"}
        self.lists: dict[Function, list[float]] = {"voltage": [0.0], "current": [0.0]}
        self.rows: list[Row] = []
        self.output.apply()

    def setting(self, name: str) -> Any:
        """One of its settings that are only remembered."""
        return self._settings[f"{self.number}.{name}"]

    @contextmanager
    def changing(self) -> Iterator[SourceModel]:
        """Change the model; refusals become errors."""
        try:
            yield self.model
        except Refusal as refusal:
            raise refused(refusal.reason) from refusal
        self.output.apply()

    def switch(self, on: bool) -> None:
        """:OUTPut."""
        if on and not self.model.on:
            self._moved_s = self._world.clock.now_s()
        self.model.on = on
        self.output.apply()

    def set_function(self, function: Function) -> None:
        """Select the source; a change switches the output off (not verified)."""
        if function != self.model.function:
            self.switch(False)
            self.model.function = function
            self.output.apply()

    def set_level(self, quantity: Quantity, value: float) -> None:
        """Programmed level."""
        before = quantity.level
        with self.changing() as model:
            model.set_level(quantity, value)
        if value != before:
            self._moved_s = self._world.clock.now_s()

    @property
    def limiting(self) -> bool:
        """Whether the limit holds the output back now."""
        return self.model.on and self.output.apply()

    # Acquisition -------------------------------------------------------------------------------

    def acquire(self) -> None:
        """:INITiate, to its end: source and measure as often as the triggers say.

        Raises:
            ScpiError: a list is shorter than the triggers, or as long as none.
        """
        settings, model = self.setting, self.model
        if settings("on_auto"):
            self.switch(True)
        count = settings("acq.count") * settings("acq.arm_count")
        node = "VOLT" if model.function == "voltage" else "CURR"
        levels = None
        if settings(f"{node}.mode") == "LIST":
            levels = self.lists[model.function]
            if count > len(levels):
                raise ScpiError(-221)
        before, self.rows = model.sourced.level, []
        for place in range(count):
            if levels is not None:
                self.set_level(model.sourced, levels[place])
            self._world.clock.sleep(settings("acq.delay_s"))
            self.rows.append(self._measure())
        if levels is not None and not settings("stays"):
            self.set_level(model.sourced, before)
        if settings("off_auto"):
            self.switch(False)

    def _measure(self) -> Row:
        clock, model = self._world.clock, self.model
        cycles = self.setting("nplc")
        duration_s = cycles / self._options.line_hz
        volts = amperes = 0.0
        limits = False
        if model.on:
            low = model.measuring_range(model.current) <= _LOW_A
            wait_s = _LONG_WAIT_S if low else _WAIT_S
            clock.sleep(max(0.0, wait_s - (clock.now_s() - self._moved_s)))
            volts, amperes, limits = self.output.integrate(duration_s)
        else:
            clock.sleep(duration_s)
        read_v = self._read(model.voltage, volts, cycles)
        read_a = self._read(model.current, amperes, cycles)
        status = CURRENT_SOURCE if model.function == "current" else 0
        status |= COMPLIANCE if limits else 0
        status |= OVER_RANGE if OVERFLOW in (abs(read_v), abs(read_a)) else 0
        if limits and self.setting("protect"):
            self.switch(False)
        return Row(read_v, read_a, clock.now_s(), float(status), model.sourced.level)

    def _read(self, quantity: Quantity, value: float, cycles: float) -> float:
        range_ = self.model.follow(quantity, value)
        if self._world.instrument_noise:
            rms = self._options.noise * range_ / math.sqrt(cycles)
            value += rms * self._world.generators["instruments"].standard_normal()
        step = quantity.ladder.measure_step * range_
        value = round(value / step) * step
        # 106 % of a measuring range (data sheet).
        return value if abs(value) <= 1.06 * range_ else math.copysign(OVERFLOW, value)

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything; JSON-able."""
        return {
            "model": self.model.state(),
            "functions": sorted(self.functions),
            "lists": self.lists,
            "rows": self.rows,
            "moved_s": None if math.isinf(self._moved_s) else self._moved_s,
            "volts": self.output.state(),
            "tripped": self.output.tripped,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` gave."""
        self.model.restore(state["model"])
        self.functions = set(state["functions"])
        self.lists = state["lists"]
        self.rows = [Row(*row) for row in state["rows"]]
        self._moved_s = -math.inf if state["moved_s"] is None else state["moved_s"]
        self.output.restore(state["volts"])
        self.output.tripped = state["tripped"]
