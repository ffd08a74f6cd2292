"""How a Keithley 2400 measures: integration, ranges, noise, resolution, status word."""

import math
from typing import Any

from sim_backend.scpi import EventGroup
from sim_backend.twins import keithley2400_readings as r
from sim_backend.twins.keithley2400_readings import NOT_MEASURED, OVERFLOW, ReadingRow
from sim_backend.twins.source_model import Ladder, Quantity, SourceModel
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World

# Steps of source and measurement are those of the data sheet (SPEC-2400): 5 uV on 200 mV, 50 pA
# on 1 uA sourced; 1 uV and 10 pA measured.
VOLTS = Ladder((0.2, 2.0, 20.0, 200.0), 1.05, 20.0, 25e-6, 5e-6)
AMPERES = Ladder((1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), 1.05, 1e-4, 50e-6, 10e-6)
# 22 W: 21 V with 1.05 A, or 210 V with 105 mA.
CORNERS = ((21.0, 1.05), (210.0, 0.105))

# Full scale of the automatic ohms ranges and the current each of them sends (from memory of the
# data sheet; not verified).
OHMS = (
    (21.0, 0.1),
    (210.0, 0.01),
    (2.1e3, 1e-3),
    (2.1e4, 1e-4),
    (2.1e5, 1e-5),
    (2.1e6, 1e-6),
    (2.1e7, 1e-6),
    (2.1e8, 1e-7),
)
OHMS_START = 2.1e5

# Bits of the measurement event register (user's manual, 15-14).
READING_AVAILABLE = 1 << 6
READING_OVERFLOW = 1 << 7
BUFFER_AVAILABLE = 1 << 8
BUFFER_FULL = 1 << 9
IN_COMPLIANCE = 1 << 14


class Meter:
    """The measuring half of the instrument.

    Not modelled: the zero and reference conversions of auto zero (they lengthen a real reading),
    the settling of range changes, offset compensation; a moving filter averages like a repeating
    one.

    Attributes:
        functions: what is measured: VOLT, CURR, RES.
        nplc: integration time in power-line cycles, of all functions.
        ohms_range, ohms_auto: full scale of the resistance range, and whether it follows.
        line_hz: mains frequency.
    """

    def __init__(
        self,
        world: World,
        model: SourceModel,
        output: SourceOutput,
        settings: dict[str, Any],
        events: EventGroup,
        *,
        noise: float,
        line_hz: float,
    ) -> None:
        """As after a reset; `noise` is that of a reading at 1 PLC over its range, rms."""
        self._world, self._model, self._output = world, model, output
        self._settings, self._events = settings, events
        self._noise = noise
        self.line_hz = line_hz
        self._timer_s = world.clock.now_s()
        self.reset()

    def reset(self) -> None:
        """*RST."""
        self.functions = {"CURR"}
        self.nplc = 1.0
        self.ohms_range, self.ohms_auto = OHMS_START, True

    @property
    def auto_ohms(self) -> bool:
        """Whether the instrument chooses the source by itself, to measure resistance."""
        return "RES" in self.functions and self._settings["ohms_mode"] == "AUTO"

    def measure(self) -> ReadingRow:
        """One reading with the output as it is; the clock moves on by the integration time."""
        model = self._model
        if self.auto_ohms:
            self._source_for_ohms()
        ohms = "RES" in self.functions
        sources_v = model.function == "voltage"
        measures_v = "VOLT" in self.functions or (ohms and not sources_v)
        measures_i = "CURR" in self.functions or (ohms and sources_v)
        volts = model.voltage.level if sources_v else NOT_MEASURED
        amperes = NOT_MEASURED if sources_v else model.current.level
        limiting = False
        if measures_v:
            mean, _, limits = self._integrate(amperes=False)
            volts = self._read(model.voltage, mean)
            limiting |= limits
        if measures_i:
            _, mean, limits = self._integrate(amperes=True)
            amperes = self._read(model.current, mean)
            limiting |= limits
        if not (measures_v or measures_i):
            limiting = self._output.apply()
        resistance = self._resistance(volts, amperes) if ohms else NOT_MEASURED
        status = self._status(limiting, OVERFLOW in (volts, amperes, resistance))
        return ReadingRow(volts, amperes, resistance, self.timer_s, float(status))

    @property
    def timer_s(self) -> float:
        """Time since the timer of the time stamps was reset, s."""
        return self._world.clock.now_s() - self._timer_s

    @property
    def shown_timer_s(self) -> float:
        """The same as the instrument shows it."""
        return r.wrapped(self.timer_s)

    def reset_timer(self) -> None:
        """:SYSTem:TIME:RESet."""
        self._timer_s = self._world.clock.now_s()

    @property
    def _conversions(self) -> int:
        return int(self._settings["filter_count"]) if self._settings["filter"] else 1

    def _integrate(self, *, amperes: bool) -> tuple[float, float, bool]:
        duration_s = self._conversions * self.nplc / self.line_hz
        return self._output.integrate(duration_s, amperes=amperes)

    def _read(self, quantity: Quantity, value: float) -> float:
        range_ = self._model.follow(quantity, value)
        if self._world.instrument_noise:
            rms = self._noise * range_ / math.sqrt(self.nplc * self._conversions)
            value += rms * self._world.generators["instruments"].standard_normal()
        step = quantity.ladder.measure_step * range_
        value = round(value / step) * step
        # Readings go a little beyond full scale before they overflow: 2.11 V on 2 V (manual, 7-2).
        if abs(value) > quantity.ladder.full_scale(range_) * (1 + 0.005):
            return OVERFLOW
        return value

    def _resistance(self, volts: float, amperes: float) -> float:
        if amperes == 0 or OVERFLOW in (volts, amperes):
            return OVERFLOW
        resistance = volts / amperes
        return resistance if abs(resistance) < OHMS[-1][0] else OVERFLOW

    def _source_for_ohms(self) -> None:
        model = self._model
        if self.ohms_auto:
            load_ohm = self._world.load_ohm(self._output.terminal)
            self.ohms_range = next((top for top, _ in OHMS if load_ohm <= top), OHMS[-1][0])
        current = dict(OHMS)[self.ohms_range]
        model.function = "current"
        model.current.level = current
        model.current.source_range = model.current.ladder.holding(current)

    def _status(self, limiting: bool, overflows: bool) -> int:
        model, settings = self._model, self._settings
        _, by_range = model.limit()
        flags = {
            r.OVER_RANGE: overflows,
            r.FILTERED: settings["filter"],
            r.FRONT: settings["terminals"] == "FRON",
            r.REAL_COMPLIANCE: limiting and not by_range,
            r.OVERVOLTAGE: model.function == "voltage"
            and abs(model.voltage.level) > model.ceiling_v,
            r.AUTO_OHMS: settings["ohms_mode"] == "AUTO",
            r.MEASURES_V: "VOLT" in self.functions,
            r.MEASURES_I: "CURR" in self.functions,
            r.MEASURES_OHM: "RES" in self.functions,
            r.SOURCES_V: model.function == "voltage",
            r.SOURCES_I: model.function == "current",
            r.RANGE_COMPLIANCE: limiting and by_range,
            r.REMOTE_SENSE: settings["four_wire"],
        }
        events = {READING_OVERFLOW: overflows, IN_COMPLIANCE: limiting}
        self._events.update(
            sum(bit for bit, on in events.items() if on), READING_OVERFLOW | IN_COMPLIANCE
        )
        self._events.happen(READING_AVAILABLE)
        return sum(bit for bit, on in flags.items() if on)

    def state(self) -> dict[str, Any]:
        """For `restore`; JSON-able."""
        return {
            "functions": sorted(self.functions),
            "nplc": self.nplc,
            "ohms": [self.ohms_range, self.ohms_auto],
            "line_hz": self.line_hz,
            "timer_s": self._timer_s,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state()` gave."""
        self.functions = set(state["functions"])
        self.nplc = state["nplc"]
        self.ohms_range, self.ohms_auto = state["ohms"]
        self.line_hz = state["line_hz"]
        self._timer_s = state["timer_s"]
