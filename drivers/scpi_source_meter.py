"""What SCPI source-meters have in common: settings only while off, read back, errors after each.

An instrument's own driver gives its words: how it is configured, read and swept.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from drivers import scpi_replies as replies
from drivers.doubled import Doubled
from drivers.error_queue import demand_empty, drain
from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.preload import visa
from drivers.scpi_replies import NODE, UNIT
from drivers.source_fitting import Fitted, OutputStage, fit
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
from mtjlab.core.parameters import Gt, Quantity
from mtjlab.core.units import si


class ScpiSourceMeterOptions(BaseModel):
    """`[instruments.NAME.options]`.

    Attributes:
        timeout_s: longest wait for a reply beyond the integration time, s.
        line_frequency_hz: of the mains; integration times are counted in its cycles.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: Annotated[float, Quantity("s"), Gt(0)] = 2.0
    line_frequency_hz: Literal[50, 60] = 50


class ScpiSourceMeter(ABC):
    """One channel on one link; satisfies `SourceMeter` and `Driver`.

    Attributes:
        found: what was noticed at connecting and not touched: output on, old errors.
        model: what it calls itself.
        stage: what its output can do.
        rest: out of any sweep, at 0: what goes before the output is switched off.
        refused: first mnemonic of a message -> why it is never sent.
    """

    options_model: ClassVar[type[Any]] = ScpiSourceMeterOptions
    host_loss: ClassVar[str]
    model: ClassVar[str]
    stage: ClassVar[OutputStage]
    rest: ClassVar[Sequence[str]]
    refused: ClassVar[Mapping[str, str]]
    largest_v: ClassVar[float]
    largest_a: ClassVar[float]
    abilities: SourceAbilities

    def __init__(self, opening: Opening, options: ScpiSourceMeterOptions, link: Link) -> None:
        self.found: tuple[str, ...] = ()
        self._where = f"{opening.name} ({opening.resource})"
        self._clock = opening.clock
        self._permit = opening.permit
        self._options = options
        self._link = link
        self._fitted: Fitted | None = None
        self._on: bool | None = None
        self._level = 0.0
        self._doubled = Doubled(self._where)
        # A box of several channels has numbers in them, and may say `mode` of its function.
        self._source, self._switch = ":SOURCE", "OUTPUT"
        self._function_question = ":SOURCE:FUNCTION?"

    @staticmethod
    def preload() -> None:
        """For the supervisor: import now what opening would import."""
        visa()

    @classmethod
    def open(cls, opening: Opening) -> Self:
        """Connect, identify, read output and level; sets nothing.

        Raises:
            NotFound: no such resource, or nobody answers there; WrongIdentity: somebody else.
        """
        options = cls.options_model.model_validate(dict(opening.options))
        link = Link(opening, LinkSettings(timeout_s=options.timeout_s, refused=cls.refused))
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
        self._identity(greeting)
        self._link.expect("*IDN?", greeting)
        self._demand_language()
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
        return self._identity(self._link.ask("*IDN?"))

    def state(self) -> SourceState:
        """As `SourceMeter.state`."""
        with self._link.held():
            function = replies.function(self._link.ask(self._function_question), self._where)
            self._on = self._flag(f"{self._switch}?")
            # A run that is gone on with finds its instruments where they stood.
            self._level = self._number(f"{self._source}:{NODE[function]}?")
            return SourceState(
                function=function,
                level=self._level,
                range=self._number(f"{self._source}:{NODE[function]}:RANGE?"),
                compliance=self._number(self._compliance_question(function)),
                output_on=self._on,
            )

    def configure(self, settings: SourceSettings) -> None:
        """As `SourceMeter.configure`."""
        self._permit.demand(f"{self._where}: configure")
        fitted = fit(settings, self.stage, self._where)
        with self._link.held():
            self._demand_running()
            if self._flag(f"{self._switch}?"):
                raise InstrumentError(
                    f"{self._where}: settings change only with the output off, and it is on; "
                    "nothing was sent. Switch it off first"
                )
            self._on, self._fitted = False, None
            for either in NODE:
                self._send_level(either, 0.0, tolerance=0.0)
            self._set_up(fitted)
            self._send_level(settings.function, 0.0, tolerance=0.0)
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
            tolerance = self.stage.level_tolerance(level, nominal)
            self._send_level(function, level, tolerance=tolerance)

    def output(self, on: bool) -> None:
        """As `SourceMeter.output`."""
        self._permit.demand(f"{self._where}: output")
        with self._link.held():
            if on:
                self._demand_running()
                function = self._configured("switched on").settings.function
                level = self._number(f"{self._source}:{NODE[function]}?")
                if level != 0:
                    raise InstrumentError(
                        f"{self._where}: the level is {si(level, UNIT[function])}; the output is "
                        "switched on at 0 only; nothing was sent. Set the level to 0 first"
                    )
            self._on = None
            self._send(f"{self._switch} {int(on)}")
            got = self._flag(f"{self._switch}?")
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
                self._on = self._flag(f"{self._switch}?")
            if not self._on:
                raise InstrumentError(
                    f"{self._where}: a {self.model} measures nothing while its output is off. "
                    "Switch it on first, or read its state"
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
            if not self._flag(f"{self._switch}?"):
                raise InstrumentError(f"{self._where}: the output is off. Switch it on first")
            readings = self._run_list(levels, delay_s, fitted)
            self.set_level(float(levels[-1]))
            replies.demand_unlimited(readings, levels, fitted, self._where)
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
                    for message in self._rest():
                        self._link.write(message)
                finally:
                    self._link.write(f"{self._switch} 0")
                state = self.state()
                drain(self._link.ask, self._where)
            except Exception as error:
                # Without a reply nothing can be proved; the word may still arrive.
                with suppress(MtjlabError):
                    self._link.last_resort(f"{self._switch} 0")
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

    # What an instrument has its own words for --------------------------------------------------

    @abstractmethod
    def _compliance_question(self, function: Function) -> str:
        """Asks for the limit that holds while `function` is sourced."""

    @abstractmethod
    def _set_up(self, fitted: Fitted) -> None:
        """Send every setting, with the output off and both levels 0, and read it back."""

    @abstractmethod
    def _take(self, fitted: Fitted) -> Reading:
        """One reading with the output on."""

    @abstractmethod
    def _run_list(
        self, levels: NDArray[np.float64], delay_s: float, fitted: Fitted
    ) -> list[Reading]:
        """Step through the levels in the instrument; the output is on before and after."""

    def _identity(self, reply: str) -> Identity:
        """Of *IDN?; raises `WrongIdentity` for anybody else."""
        return replies.identity(reply, self.model, self._where)

    def _rest(self) -> Sequence[str]:
        """What goes before the output is switched off."""
        return self.rest

    def _demand_language(self) -> None:  # noqa: B027  # most speak one language only
        """Raise if the instrument is set to another language than ours."""

    # One setting, with everything that must follow it ------------------------------------------

    def _send_level(self, function: Function, level: float, *, tolerance: float) -> None:
        self._send(f"{self._source}:{NODE[function]} {level!r}")
        got = self._number(f"{self._source}:{NODE[function]}?")
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

    def _flag(self, question: str) -> bool:
        return replies.flag(self._link.ask(question), question, self._where)

    def _number(self, question: str) -> float:
        return replies.number(self._link.ask(question), question, self._where)
