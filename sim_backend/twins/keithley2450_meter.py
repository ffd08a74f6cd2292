"""How a Keithley 2450 measures: one quantity at a time, and what the source does beside it."""

import math
from typing import Any

from mtjlab.core.clock import VirtualClock
from sim_backend.twins import keithley2450_readings as r
from sim_backend.twins.keithley2450_model import Keithley2450Model
from sim_backend.twins.keithley2450_ranges import OHMS, OHMS_START, auto_delay_s
from sim_backend.twins.keithley2450_readings import MEASURED, OVERFLOW, Row
from sim_backend.twins.source_model import Quantity
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World


class Meter:
    """The measuring half of the instrument.

    With the output off it reads what the off-state leaves at a passive load: nothing. That a real
    2450 answers at all with the output off is not verified.

    Not modelled: the zero and reference conversions of auto zero, the settling of range changes,
    offset compensation, relative offsets and math; a moving filter averages like a repeating one.

    Attributes:
        function: what is measured: VOLT, CURR or RES.
        four_wire: per function, remote sense.
        ohms_range, ohms_auto: resistance range, and whether it follows.
        delay_s: per source function, the source delay where it is not automatic.
        front: whether the front terminals are used.
    """

    def __init__(
        self,
        world: World,
        model: Keithley2450Model,
        output: SourceOutput,
        settings: dict[str, Any],
        *,
        noise: float,
        line_hz: float,
    ) -> None:
        """As after a reset; `noise` is that of a reading at 1 PLC over its range, rms."""
        self._world, self._model, self._output = world, model, output
        self._settings = settings
        self._noise, self._line_hz = noise, line_hz
        self._moved_s = -math.inf
        self.front = True
        self.reset()

    def reset(self) -> None:
        """*RST."""
        self.function = "CURR"
        self.four_wire = dict.fromkeys(MEASURED, False)
        self.ohms_range, self.ohms_auto = OHMS_START, True
        self.delay_s = {"VOLT": 0.0, "CURR": 0.0}

    @property
    def _clock(self) -> VirtualClock:
        return self._world.clock

    @property
    def source(self) -> str:
        """VOLT or CURR, whichever is sourced."""
        return "VOLT" if self._model.function == "voltage" else "CURR"

    def source_moved(self) -> None:
        """The source has been switched on or has a new level: the source delay begins."""
        self._moved_s = self._clock.now_s()

    def source_delay_s(self) -> float:
        """Between a change of the source and a measurement, s."""
        name, model = self.source, self._model
        if not self._settings[f"{name}.delay_auto"]:
            return self.delay_s[name]
        return auto_delay_s(
            model.measuring_range(model.current),
            sources_current=name == "CURR",
            high_capacitance=self._settings[f"{name}.high_capacitance"],
        )

    def measure(self) -> Row:
        """One measurement with the output as it is; the clock moves on by its time."""
        model, settings = self._model, self._settings
        if model.on:
            waited_s = self._clock.now_s() - self._moved_s
            self._clock.sleep(max(0.0, self.source_delay_s() - waited_s))
        read_back = settings[f"{self.source}.read_back"]
        source, limiting = model.sourced.level, False
        if read_back:
            source, limiting = self._quantity(model.sourced)
        if self.function == "RES":
            volts, limits_v = self._quantity(model.voltage)
            amperes, limits_i = self._quantity(model.current)
            reading, limits = self._resistance(volts, amperes), limits_v or limits_i
        else:
            measured = model.voltage if self.function == "VOLT" else model.current
            reading, limits = self._quantity(measured)
        return Row(
            reading,
            source,
            self._clock.now_s(),
            float(self._status(reading)),
            float(self._source_status(limiting or limits, read_back)),
            float(MEASURED[self.function]),
            float(MEASURED[self.source]),
        )

    def _quantity(self, quantity: Quantity) -> tuple[float, bool]:
        name, settings = self.function, self._settings
        conversions = settings[f"{name}.filter_count"] if settings[f"{name}.filter"] else 1
        cycles = conversions * settings[f"{name}.nplc"]
        duration_s = cycles / self._line_hz
        if not self._model.on:
            self._clock.sleep(duration_s)
            return self._read(quantity, 0.0, cycles), False
        current = quantity is self._model.current
        volts, amperes, limits = self._output.integrate(duration_s, amperes=current)
        return self._read(quantity, amperes if current else volts, cycles), limits

    def _read(self, quantity: Quantity, value: float, cycles: float) -> float:
        range_ = self._model.follow(quantity, value)
        if self._world.instrument_noise:
            rms = self._noise * range_ / math.sqrt(cycles)
            value += rms * self._world.generators["instruments"].standard_normal()
        step = quantity.ladder.measure_step * range_
        value = round(value / step) * step
        if abs(value) > quantity.ladder.full_scale(range_) * (1 + 0.005):
            return OVERFLOW
        return value

    def _resistance(self, volts: float, amperes: float) -> float:
        if amperes == 0 or OVERFLOW in (volts, amperes):
            return OVERFLOW
        ohms = volts / amperes
        if self.ohms_auto:
            self.ohms_range = next((top for top in OHMS if abs(ohms) <= 1.05 * top), OHMS[-1])
        return ohms if abs(ohms) <= 1.05 * self.ohms_range else OVERFLOW

    def _status(self, reading: float) -> int:
        status = r.QUESTIONABLE if reading == OVERFLOW else 0
        return status | (r.FRONT if self.front else 0)

    def _source_status(self, limiting: bool, read_back: bool) -> int:
        model = self._model
        flags = {
            r.OVERVOLTAGE: model.on and self.protecting,
            r.READ_BACK: read_back,
            r.LIMITED: model.on and limiting,
            r.REMOTE_SENSE: self.four_wire[self.function],
            r.OUTPUT_ON: model.on,
        }
        return sum(bit for bit, on in flags.items() if on)

    @property
    def protecting(self) -> bool:
        """Whether the overvoltage protection holds the source back."""
        model = self._model
        return model.function == "voltage" and abs(model.voltage.level) > model.ceiling_v

    def state(self) -> dict[str, Any]:
        """For `restore`; JSON-able."""
        return {
            "function": self.function,
            "four_wire": self.four_wire,
            "ohms": [self.ohms_range, self.ohms_auto],
            "delay_s": self.delay_s,
            "front": self.front,
            "moved_s": None if math.isinf(self._moved_s) else self._moved_s,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state()` gave."""
        self.function, self.four_wire = state["function"], state["four_wire"]
        self.ohms_range, self.ohms_auto = state["ohms"]
        self.delay_s, self.front = state["delay_s"], state["front"]
        self._moved_s = -math.inf if state["moved_s"] is None else state["moved_s"]
