"""Arm and trigger layers of a Keithley 2400: how many readings, when, and at which levels.

An acquisition that needs no event from outside is carried out at once, while its time passes on
the virtual clock: nothing else can happen in between, and :ABORt comes too late. The 2400's own
display refresh, trigger-link lines and test-handler events never arrive.
"""

import math
from collections.abc import Sequence
from typing import Any

from mtjlab.core.clock import VirtualClock
from sim_backend.scpi import EventGroup, ScpiError
from sim_backend.twins.keithley2400_errors import error
from sim_backend.twins.keithley2400_meter import BUFFER_AVAILABLE, BUFFER_FULL, Meter
from sim_backend.twins.keithley2400_readings import Buffer, ReadingRow
from sim_backend.twins.keithley2400_sweep import Sweep
from sim_backend.twins.source_model import Quantity, Refusal, SourceModel
from sim_backend.twins.source_output import SourceOutput

# Auto delay of the source on all but the lowest ranges; PyMeasure's tests on a real 2400 find it.
AUTO_DELAY_S = 0.001
MOST_READINGS = 2500


class Trigger:
    """The trigger model.

    Attributes:
        arm_count, arm_source, count: of the two layers; an infinite arm count runs until :ABORt.
        delay_s: between source and measurement, where not automatic.
        latest: readings of the last acquisition.
        waiting: an acquisition has begun and waits for an event.
    """

    def __init__(
        self,
        clock: VirtualClock,
        model: SourceModel,
        output: SourceOutput,
        meter: Meter,
        buffer: Buffer,
        settings: dict[str, Any],
        events: EventGroup,
    ) -> None:
        self._clock, self._model, self._output, self._meter = clock, model, output, meter
        self._buffer, self._settings, self._events = buffer, settings, events
        self.voltage_sweep, self.current_sweep = Sweep(), Sweep()
        self.latest: list[ReadingRow] = []
        self.waiting = False
        self._arms_left = 0.0
        self.reset()

    def reset(self) -> None:
        """*RST."""
        self.abort()
        self.arm_count, self.arm_source, self.count = 1.0, "IMM", 1
        self.delay_s = AUTO_DELAY_S
        self.voltage_sweep, self.current_sweep = Sweep(), Sweep()

    @property
    def sweep(self) -> Sweep:
        """That of the present source function."""
        return self.sweep_of(self._model.sourced)

    def sweep_of(self, quantity: Quantity) -> Sweep:
        """The sweep settings of a quantity."""
        return self.voltage_sweep if quantity is self._model.voltage else self.current_sweep

    def quantity_of(self, sweep: Sweep) -> Quantity:
        """The quantity that a sweep is of."""
        return self._model.voltage if sweep is self.voltage_sweep else self._model.current

    def set_counts(self, *, arm: float | None = None, trigger: int | None = None) -> None:
        """Counts of the layers.

        Raises:
            ScpiError: -222, more than 2500 readings.
        """
        arms, count = arm or self.arm_count, trigger or self.count
        if math.isfinite(arms) and arms * count > MOST_READINGS:
            raise ScpiError(-222)
        self.arm_count, self.count = arms, count

    def abort(self) -> None:
        """Back to idle; what was acquired stays."""
        self.waiting = False
        self._arms_left = 0

    def initiate(self) -> None:
        """Leave idle.

        Raises:
            ScpiError: +803 output off; -213 not idle.
        """
        if self.waiting:
            raise ScpiError(-213)
        if not (self._model.on or self._settings["auto_off"]):
            raise error(803)
        levels = self.sweep.levels(self._settings)
        self._check(levels)
        self.latest = []
        self._arms_left = self.arm_count
        self.waiting = True
        if self.arm_source in ("IMM", "TIM") and self._settings["trigger_source"] == "IMM":
            while self._arms_left > 0:
                started_s = self._clock.now_s()
                self._arm(levels)
                if math.isinf(self._arms_left) and not self._buffer.storing:
                    return
                if self.arm_source == "TIM" and self._arms_left > 0:
                    spent_s = self._clock.now_s() - started_s
                    self._clock.sleep(max(0.0, self._settings["arm_timer_s"] - spent_s))
            self.waiting = False

    def bus_trigger(self) -> bool:
        """A *TRG; returns whether it ended the acquisition."""
        if not (self.waiting and self.arm_source == "BUS"):
            return False
        if self._settings["trigger_source"] != "IMM":
            return False
        self._arm(self.sweep.levels(self._settings))
        self.waiting = self._arms_left > 0
        return not self.waiting

    def _check(self, levels: Sequence[float] | None) -> None:
        quantity, settings = self._model.sourced, self._settings
        fixed = settings["sweep_ranging"] == "FIX" or not quantity.source_auto
        top = quantity.ladder.full_scale(quantity.source_range) if fixed else math.inf
        if levels is not None and max(map(abs, levels)) > min(top, quantity.ladder.largest):
            raise ScpiError(-222)

    def _arm(self, levels: Sequence[float] | None) -> None:
        for index in range(self.count):
            if levels is not None:
                try:
                    self._model.set_level(self._model.sourced, levels[index % len(levels)])
                except Refusal:
                    self.abort()
                    raise ScpiError(-222) from None
                self._output.apply()
            self._cycle()
        self._arms_left -= 1
        if self._settings["auto_off"]:
            self._switch(False)

    def _cycle(self) -> None:
        settings = self._settings
        self._clock.sleep(settings["trigger_delay_s"])
        self._switch(True)
        self._clock.sleep(AUTO_DELAY_S if settings["delay_auto"] else self.delay_s)
        row = self._meter.measure()
        if settings["auto_off"] and settings["auto_off_mode"] == "ALW":
            self._switch(False)
        self.latest.append(row)
        if len(self.latest) > MOST_READINGS:
            del self.latest[0]
        self._buffer.store(row)
        self.report_buffer()

    def _switch(self, on: bool) -> None:
        if on != self._model.on:
            self._model.on = on
            self._output.apply()

    def report_buffer(self) -> None:
        """Put what is in the buffer into the measurement register."""
        bits = BUFFER_AVAILABLE if len(self._buffer.rows) > 1 else 0
        bits |= BUFFER_FULL if self._buffer.full else 0
        self._events.update(bits, BUFFER_AVAILABLE | BUFFER_FULL)

    def state(self) -> dict[str, Any]:
        """For `restore`; JSON-able."""
        sweeps = {"voltage": vars(self.voltage_sweep), "current": vars(self.current_sweep)}
        return {
            "counts": [self.arm_count, self.count, self._arms_left],
            "arm_source": self.arm_source,
            "delay_s": self.delay_s,
            "waiting": self.waiting,
            "sweeps": sweeps,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state()` gave."""
        self.arm_count, self.count, self._arms_left = state["counts"]
        self.arm_source = state["arm_source"]
        self.delay_s = state["delay_s"]
        self.waiting = state["waiting"]
        vars(self.voltage_sweep).update(state["sweeps"]["voltage"])
        vars(self.current_sweep).update(state["sweeps"]["current"])
