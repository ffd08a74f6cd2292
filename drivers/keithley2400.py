"""Keithley 2400: source-meter on GPIB or RS-232, through PyMeasure's own driver on our link.

PyMeasure's properties carry the settings; readings are `:READ?` through its adapter. What it
offers besides is not used: `current` and `voltage` send `:MEASure?`, which turns the output on
and restores the reset compliance; `ramp_*`, `shutdown` and `wait_for_buffer` sleep. Levels are
sent with all their digits, where PyMeasure keeps six.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers import keithley2400_replies as replies
from drivers.error_queue import demand_empty, drain
from drivers.keithley2400_properties import Properties
from drivers.keithley2400_replies import NODE, OTHER, UNIT
from drivers.keithley2400_settings import (
    ABILITIES,
    Change,
    Fitted,
    Keithley2400Options,
    changes,
    fit,
    level_tolerance,
)
from drivers.keithley2400_sweep import list_sweep
from drivers.link import Link
from drivers.link_settings import LinkSettings
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotFound,
    NotSafeError,
    Timeout,
)
from mtjlab.core.interfaces import (
    Function,
    Identity,
    Instrument,
    Reading,
    SourceAbilities,
    SourceSettings,
    SourceState,
)
from mtjlab.core.units import si

_CONFIGURES = (
    "On a 2400 it restores the reset compliance and turns the output on; use the driver's measure()"
)
# Out of any sweep, at 0: what goes before the output is switched off.
_REST = (
    ":ABORT",
    ":SOURCE:VOLTAGE 0",
    ":SOURCE:CURRENT 0",
    ":SOURCE:VOLTAGE:MODE FIXED",
    ":SOURCE:CURRENT:MODE FIXED",
)
_CONVERSIONS = 3  # signal, zero and reference


class Keithley2400:
    """The one channel of a 2400; satisfies `SourceMeter` and `Driver`.

    Attributes:
        largest_v, largest_a: what the output can reach, full scale.
        found: what was noticed at connecting and not touched: output on, old errors.
    """

    options_model: ClassVar[type[Any]] = Keithley2400Options
    host_loss: ClassVar[str] = (
        "nothing: the output holds its level; compliance bounds the current, and the output-enable "
        "line on the rear, if wired to an interlock, opens the output"
    )
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05
    abilities: SourceAbilities = ABILITIES

    def __init__(self, opening: Opening, options: Keithley2400Options, link: Link) -> None:
        self.found: tuple[str, ...] = ()
        self._where = f"{opening.name} ({opening.resource})"
        self._clock = opening.clock
        self._permit = opening.permit
        self._options = options
        self._link = link
        self._properties = Properties(link, self._where)
        self._fitted: Fitted | None = None
        self._on: bool | None = None
        self._level = 0.0

    @classmethod
    def open(cls, opening: Opening) -> "Keithley2400":
        """Connect, identify, read output and level; sets nothing.

        Raises:
            NotFound: no such resource, or nobody answers there; WrongIdentity: somebody else.
        """
        options = Keithley2400Options.model_validate(dict(opening.options))
        link = Link(
            opening,
            LinkSettings(
                timeout_s=options.timeout_s, refused={"MEAS": _CONFIGURES, "CONF": _CONFIGURES}
            ),
        )
        try:
            driver = cls(opening, options, link)
            driver._meet()
        except BaseException:
            link.close()
            raise
        return driver

    def _meet(self) -> None:
        try:
            # What an earlier program asked and never read would be taken for our reply.
            self._link.clear()
            greeting = self._link.ask("*IDN?")
        except Timeout as error:
            raise NotFound(f"nothing answers: {error}") from error
        replies.identity(greeting, self._where)
        self._link.expect("*IDN?", greeting)
        found = [f"left in the error queue: {e}" for e in drain(self._link.ask, self._where)]
        state = self.state()
        if state.output_on:
            found.insert(0, f"output on at {si(state.level, UNIT[state.function])}")
        self.found = tuple(found)

    def faces(self) -> Mapping[str, Instrument]:
        """The driver is its only channel."""
        return {"": self}

    def close(self) -> None:
        """Release the link; the output stays as it is."""
        self._link.close()

    def identify(self) -> Identity:
        """As `SourceMeter.identify`."""
        return replies.identity(self._link.ask("*IDN?"), self._where)

    def state(self) -> SourceState:
        """As `SourceMeter.state`."""
        with self._link.held():
            function = self._function()
            self._on = self._flag("OUTPUT?")
            return SourceState(
                function=function,
                level=self._number(f":SOURCE:{NODE[function]}?"),
                range=self._number(f":SOURCE:{NODE[function]}:RANGE?"),
                compliance=self._number(f":SENSE:{NODE[OTHER[function]]}:PROTECTION?"),
                output_on=self._on,
            )

    def configure(self, settings: SourceSettings) -> None:
        """As `SourceMeter.configure`."""
        self._permit.demand(f"{self._where}: configure")
        fitted = fit(settings, self._where)
        with self._link.held():
            self._demand_running()
            if self._flag("OUTPUT?"):
                raise InstrumentError(
                    f"{self._where}: settings change only with the output off, and it is on; "
                    "nothing was sent. Switch it off first"
                )
            self._on, self._fitted = False, None
            function = settings.function
            for either in NODE:
                self._send_level(either, 0.0, tolerance=0.0)
            self._properties.prepare()
            self._properties.apply(Change("source_mode", function))
            self._send(f":SOURCE:{NODE[function]}:MODE FIXED")
            self._measure_both()
            present = self._number(f":SENSE:{NODE[OTHER[function]]}:RANGE?")
            for change in changes(fitted, present):
                self._properties.apply(change)
            self._send_level(function, 0.0, tolerance=0.0)
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
            self._send_level(function, level, tolerance=level_tolerance(level, nominal))

    def output(self, on: bool) -> None:
        """As `SourceMeter.output`."""
        self._permit.demand(f"{self._where}: output")
        with self._link.held():
            if on:
                self._demand_running()
                fitted = self._configured("switched on")
                function = fitted.settings.function
                level = self._number(f":SOURCE:{NODE[function]}?")
                if level != 0:
                    raise InstrumentError(
                        f"{self._where}: the level is {si(level, UNIT[function])}; the output is "
                        "switched on at 0 only; nothing was sent. Set the level to 0 first"
                    )
            self._on = None
            self._send(f"OUTPUT {int(on)}")
            got = self._flag("OUTPUT?")
            if got != on:
                raise InstrumentError(
                    f"{self._where}: the output was switched {'on' if on else 'off'} and reads "
                    f"back {'on' if got else 'off'}. Check interlock and output-enable line"
                )
            self._on = got

    def measure(self) -> Reading:
        """As `SourceMeter.measure`; needs settings of this session."""
        with self._link.held():
            self._demand_running()
            fitted = self._configured("read")
            if self._on is None:
                self._on = self._flag("OUTPUT?")
            if not self._on:
                raise InstrumentError(
                    f"{self._where}: a 2400 measures nothing while its output is off. Switch it "
                    "on first, or read its state"
                )
            try:
                values = self._properties.read(self._reading_s(fitted))
            except MtjlabError:
                # Somebody may have pressed OUTPUT on the front panel.
                self._on = None
                raise
            return replies.reading(values, fitted, self._level, self._where)

    def sweep(self, levels: NDArray[np.float64], delay_s: float) -> NDArray[np.float64]:
        """As `SourceMeter.sweep`; at most 2500 levels, the size of the instrument's buffer."""
        self._permit.demand(f"{self._where}: sweep")
        with self._link.held():
            self._demand_running()
            fitted = self._configured("swept")
            if not self._flag("OUTPUT?"):
                raise InstrumentError(f"{self._where}: the output is off. Switch it on first")
            rows = list_sweep(
                self._link,
                levels,
                delay_s=delay_s,
                reading_s=self._reading_s(fitted),
                fitted=fitted,
                clock=self._clock,
                where=self._where,
            )
            readings = [
                replies.reading(list(row), fitted, level, self._where)
                for row, level in zip(rows, levels.tolist(), strict=True)
            ]
            self.set_level(float(levels[-1]))
            return np.array([(r.voltage_v, r.current_a) for r in readings])

    def abort(self) -> None:
        """As `SourceMeter.abort`."""
        self._link.abort.set()

    def shutdown(self) -> None:
        """As `SourceMeter.shutdown`."""
        self._permit.demand(f"{self._where}: shutdown")
        self._link.abort.clear()
        with self._link.held():
            self._on = None
            try:
                try:
                    for message in _REST:
                        self._link.write(message)
                finally:
                    self._link.write("OUTPUT 0")
                state = self.state()
                drain(self._link.ask, self._where)
            except Exception as error:
                # Without a reply nothing can be proved; the word may still arrive.
                with suppress(MtjlabError):
                    self._link.last_resort("OUTPUT 0")
                raise NotSafeError(
                    f"{self._where}: could not be read back as off: {error}. Switch its output "
                    "off by hand"
                ) from error
            if state.output_on or state.level != 0:
                raise NotSafeError(
                    f"{self._where}: reads back {'on' if state.output_on else 'off'} at "
                    f"{si(state.level, UNIT[state.function])} after it was set to 0 and off. "
                    "Switch its output off by hand"
                )
            self._level = 0.0

    # One setting, with everything that must follow it ------------------------------------------

    def _measure_both(self) -> None:
        self._send(":SENSE:FUNCTION:CONCURRENT ON")
        self._send(":SENSE:FUNCTION 'VOLTAGE','CURRENT'")
        measured = self._link.ask(":SENSE:FUNCTION?").upper()
        if "VOLT" not in measured or "CURR" not in measured:
            raise InstrumentError(
                f"{self._where}: voltage and current were to be measured, {measured} are"
            )

    def _send_level(self, function: Function, level: float, *, tolerance: float) -> None:
        self._send(f":SOURCE:{NODE[function]} {level!r}")
        got = self._number(f":SOURCE:{NODE[function]}?")
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
        if self._link.abort.is_set():
            raise Aborted(f"{self._where}: aborted; shut it down to go on")

    def _configured(self, what: str) -> Fitted:
        if self._fitted is None:
            raise InstrumentError(
                f"{self._where}: cannot be {what} before this session has configured it"
            )
        return self._fitted

    def _function(self) -> Function:
        return replies.function(self._link.ask(":SOURCE:FUNCTION?"), self._where)

    def _flag(self, question: str) -> bool:
        return replies.flag(self._link.ask(question), question, self._where)

    def _number(self, question: str) -> float:
        return replies.number(self._link.ask(question), question, self._where)

    def _reading_s(self, fitted: Fitted) -> float:
        """Time one reading takes: both quantities, each with its zero and reference, s."""
        return 2 * _CONVERSIONS * fitted.settings.nplc / self._options.line_frequency_hz
