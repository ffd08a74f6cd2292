"""One channel of a Keithley 2600: settings only while off, read back, errors after each."""

from contextlib import suppress
from threading import Event
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers import keithley2600_replies as replies
from drivers.doubled import Doubled
from drivers.keithley2600_settings import (
    ABILITIES,
    LETTER,
    STAGE,
    Keithley2600Options,
    Setting,
    fit,
    settings,
)
from drivers.keithley2600_sweep import list_sweep
from drivers.link import Link
from drivers.scpi_replies import UNIT, demand_in_range, demand_of_this_moment
from drivers.source_fitting import Fitted
from drivers.tsp_error_queue import demand_empty, drain
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotSafeError,
    Reported,
)
from mtjlab.core.interfaces import (
    Function,
    Identity,
    Reading,
    SourceAbilities,
    SourceSettings,
    SourceState,
)
from mtjlab.core.units import si

# Bits of status.measurement.instrument.smuX.condition, as of the last measurement.
_LIMITS, _OVERFLOW = 1 | 2, 128
# Bit of the status of a reading in a buffer. It is from memory, so the reading counts as well.
_LIMITED = 1 << 6
_AT_THE_LIMIT = 0.995
# Settling of the source on its lowest range, and of the meter, s.
_SETTLES_S = 0.1


class Keithley2600Channel:
    """`smua` or `smub`; satisfies `SourceMeter`.

    `abort()` of one channel also releases who waits on the other: they share the wire.

    Attributes:
        found: output on, as it was at connecting and not touched.
    """

    abilities: SourceAbilities = ABILITIES
    rest: ClassVar[tuple[str, ...]] = ("source.levelv=0.0", "source.leveli=0.0")

    def __init__(
        self, opening: Opening, options: Keithley2600Options, link: Link, letter: str
    ) -> None:
        self.found: tuple[str, ...] = ()
        self._where = f"{opening.name}.{letter} ({opening.resource})"
        self._smu = f"smu{letter}"
        self._permit = opening.permit
        self._options = options
        self._link = link
        self._aborted = Event()
        self._fitted: Fitted | None = None
        self._on: bool | None = None
        self._level = 0.0
        self._doubled = Doubled(self._where)
        self._question = (
            f"local i,v={self._smu}.measure.iv() local t=timer.measure.t() "
            f"print({self._asked},';',{self._asked})"
        )

    @property
    def _asked(self) -> str:
        condition = f"status.measurement.instrument.{self._smu}.condition"
        return f"i,v,{condition},{self._smu}.source.output,t"

    def identify(self) -> Identity:
        """As `SourceMeter.identify`."""
        return replies.identity(self._link.ask("*IDN?"), self._where)

    def state(self) -> SourceState:
        """As `SourceMeter.state`."""
        return self._state()[0]

    def _state(self) -> tuple[SourceState, float]:
        reply = self._link.ask(replies.state_question(self._smu))
        found, largest = replies.state(reply, self._smu, self._where)
        self._on = found.output_on
        # A run that is gone on with finds its instruments where they stood.
        self._level = found.level
        return found, largest

    def configure(self, settings_: SourceSettings) -> None:
        """As `SourceMeter.configure`."""
        self._permit.demand(f"{self._where}: configure")
        fitted = fit(settings_, self._where)
        with self._link.held():
            self._demand_running()
            if self.state().output_on:
                raise InstrumentError(
                    f"{self._where}: settings change only with the output off, and it is on; "
                    "nothing was sent. Switch it off first"
                )
            self._fitted = None
            for function in LETTER:
                self._send_level(function, 0.0, tolerance=0.0)
            for setting in settings(self._smu, fitted):
                self._apply(setting)
            self._send_level(settings_.function, 0.0, tolerance=0.0)
            self._fitted = fitted

    def set_level(self, level: float) -> None:
        """As `SourceMeter.set_level`; without settings of this session only towards 0."""
        self._permit.demand(f"{self._where}: set_level")
        with self._link.held():
            if self._fitted is not None:
                function = self._fitted.settings.function
                largest, nominal = self._fitted.settings.range, self._fitted.source_range
            else:
                found = self.state()
                function, largest, nominal = found.function, abs(found.level), found.range
            if not abs(level) <= abs(largest):
                raise LimitError(
                    f"{self._where}: level {si(level, UNIT[function])}; expected at most "
                    f"{si(abs(largest), UNIT[function])} either way, as configured; "
                    "nothing was sent"
                )
            tolerance = STAGE.level_tolerance(level, nominal)
            self._send_level(function, float(level), tolerance=tolerance)

    def output(self, on: bool) -> None:
        """As `SourceMeter.output`."""
        self._permit.demand(f"{self._where}: output")
        with self._link.held():
            if on:
                self._demand_running()
                self._configured("switched on")
                found = self.state()
                if found.level != 0:
                    raise InstrumentError(
                        f"{self._where}: the level is {si(found.level, UNIT[found.function])}; the "
                        "output is switched on at 0 only; nothing was sent. Set the level to 0 "
                        "first"
                    )
            self._on = None
            self._send(f"{self._smu}.source.output={int(on)}")
            got = self.state().output_on
            if got != on:
                raise InstrumentError(
                    f"{self._where}: the output was switched {'on' if on else 'off'} and reads "
                    f"back {'on' if got else 'off'}. Check the output-enable line"
                )

    def measure(self) -> Reading:
        """As `SourceMeter.measure`; needs settings of this session."""
        with self._link.held():
            self._demand_running()
            fitted = self._configured("read")
            if self._on is None:
                self.state()
            if not self._on:
                raise InstrumentError(
                    f"{self._where}: nothing is measured while the output is off. Switch it on "
                    "first, or read its state"
                )
            try:
                return self._take(fitted)
            except MtjlabError:
                # Somebody may have pressed OUTPUT on the front panel.
                self._on = None
                raise

    def sweep(self, levels: NDArray[np.float64], delay_s: float) -> NDArray[np.float64]:
        """As `SourceMeter.sweep`; at most 2500 levels."""
        self._permit.demand(f"{self._where}: sweep")
        with self._link.held():
            self._demand_running()
            fitted = self._configured("swept")
            if not self.state().output_on:
                raise InstrumentError(f"{self._where}: the output is off. Switch it on first")
            rows = list_sweep(
                self._link,
                self._smu,
                levels,
                delay_s=delay_s,
                reading_s=self._reading_s(fitted),
                fitted=fitted,
                where=self._where,
            )
            self.set_level(float(levels[-1]))
            readings = [
                self._reading(amperes, volts, bool(int(status) & _LIMITED), level, fitted)
                for (amperes, volts, status), level in zip(
                    rows.tolist(), levels.tolist(), strict=True
                )
            ]
            self._demand_unlimited(readings, levels, fitted)
            return np.array([(r.voltage_v, r.current_a) for r in readings])

    def abort(self) -> None:
        """As `SourceMeter.abort`."""
        self._aborted.set()
        self._link.abort.set()

    def shutdown(self) -> None:
        """As `SourceMeter.shutdown`."""
        self._permit.demand(f"{self._where}: shutdown")
        self._aborted.clear()
        self._link.abort.clear()
        off = f"{self._smu}.source.output=0"
        with self._link.held():
            self._on = None
            try:
                try:
                    # A script that still runs would answer nothing.
                    self._link.write("abort")
                    for message in self.rest:
                        self._link.write(f"{self._smu}.{message}")
                finally:
                    self._link.write(off)
                state, largest = self._state()
                drain(self._link.ask, self._where)
            except Exception as error:
                # Without a reply nothing can be proved; the words may still arrive.
                with suppress(MtjlabError):
                    self._link.last_resort("abort")
                    self._link.last_resort(off)
                raise NotSafeError(
                    f"{self._where}: could not be read back as off: {error}. Switch its output "
                    "off by hand"
                ) from error
            if state.output_on or largest != 0:
                raise NotSafeError(
                    f"{self._where}: reads back {'on' if state.output_on else 'off'} at "
                    f"{si(state.level, UNIT[state.function])} after it was set to 0 and off. "
                    "Switch its output off by hand"
                )
            self._level = 0.0

    # Readings ----------------------------------------------------------------------------------

    def _take(self, fitted: Fitted) -> Reading:
        with self._link.acquiring(self._reading_s(fitted)):
            reply = self._link.ask(self._question)
        reading = self._doubled.take(reply.replace("\t;\t", ";"))
        amperes, volts, condition, output, _ = replies.numbers(
            reading, 5, f"{self._smu}.measure.iv()", self._where
        )
        if output != 1:
            demand_empty(self._link.ask, self._where, "a reading")
            raise InstrumentError(
                f"{self._where}: the output was off while it measured, and somebody else has "
                "switched it. Look at its front panel"
            )
        bits = int(condition)
        demand_in_range(volts, amperes, overflows=bool(bits & _OVERFLOW), where=self._where)
        return self._reading(amperes, volts, bool(bits & _LIMITS), self._level, fitted)

    def _reading(
        self, amperes: float, volts: float, limited: bool, level: float, fitted: Fitted
    ) -> Reading:
        demand_in_range(volts, amperes, overflows=False, where=self._where)
        voltage = fitted.settings.function == "voltage"
        sourced, other = (volts, amperes) if voltage else (amperes, volts)
        limited |= abs(other) >= _AT_THE_LIMIT * fitted.settings.compliance
        demand_of_this_moment(sourced, level, fitted, in_compliance=limited, where=self._where)
        return Reading(volts, amperes, limited)

    def _demand_unlimited(
        self, readings: list[Reading], levels: NDArray[np.float64], fitted: Fitted
    ) -> None:
        limited = [n for n, reading in enumerate(readings) if reading.in_compliance]
        if limited:
            unit = UNIT[fitted.settings.function]
            raise Reported(
                f"{self._where}: compliance held the output back at {len(limited)} of "
                f"{len(readings)} levels of a sweep, first at {si(float(levels[limited[0]]), unit)}"
                ". Configure a larger compliance, or sweep less far"
            )

    def _reading_s(self, fitted: Fitted) -> float:
        """Longest time one reading takes, with zero and reference, s."""
        return 3 * fitted.settings.nplc / self._options.line_frequency_hz + _SETTLES_S

    # One setting, with everything that must follow it ------------------------------------------

    def _apply(self, setting: Setting) -> None:
        self._send(setting.message)
        got = replies.numbers(self._link.ask(setting.question), 1, setting.question, self._where)[0]
        if not setting.agrees(got):
            raise InstrumentError(
                f"{self._where}: {setting.name} reads {got!r} after {setting.message}"
            )

    def _send_level(self, function: Function, level: float, *, tolerance: float) -> None:
        name = f"{self._smu}.source.level{LETTER[function]}"
        self._send(f"{name}={level!r}")
        question = f"print({name})"
        got = replies.numbers(self._link.ask(question), 1, question, self._where)[0]
        if abs(got - level) > tolerance:
            raise InstrumentError(
                f"{self._where}: the level was set to {si(level, UNIT[function], 7)} and reads "
                f"back {si(got, UNIT[function], 7)}"
            )
        self._level = level

    def _send(self, message: str) -> None:
        self._link.write(message)
        demand_empty(self._link.ask, self._where, message)

    def _demand_running(self) -> None:
        if self._aborted.is_set():
            raise Aborted(f"{self._where}: aborted; shut it down to go on")

    def _configured(self, what: str) -> Fitted:
        if self._fitted is None:
            raise InstrumentError(
                f"{self._where}: cannot be {what} before this session has configured it"
            )
        return self._fitted
