"""One channel of a B2900A: settings only while off, read back, errors after each."""

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers import scpi_replies as replies
from drivers.error_queue import demand_empty
from drivers.keysight_b2900_settings import (
    ABILITIES,
    MAKERS,
    STAGE,
    KeysightB2900Options,
    demand_possible,
    limit_question,
    settings,
)
from drivers.keysight_b2900_sweep import list_sweep
from drivers.link import Link
from drivers.scpi_source_meter import ScpiSourceMeter
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.driver import Opening
from mtjlab.core.errors import Aborted, BadReply, InstrumentError
from mtjlab.core.interfaces import (
    Function,
    Identity,
    Reading,
    SourceAbilities,
    SourceSettings,
)

# Bits of the status that comes with every reading (command reference, table 1-2).
_COMPLIANCE, _TOO_MUCH, _OVERFLOW = 1 << 1 | 1 << 2, 1 << 3 | 1 << 4 | 1 << 5, 1 << 13
# The longest automatic source and measurement wait on the lowest ranges, s (not verified).
_WAITS_S = 0.1


class KeysightB2900Channel(ScpiSourceMeter):
    """One output; satisfies `SourceMeter`.

    `abort()` of one channel also releases who waits on the other: they share the wire.
    """

    options_model: ClassVar[type[Any]] = KeysightB2900Options
    host_loss: ClassVar[str] = ""
    model: ClassVar[str] = "B2900A"
    stage: ClassVar[OutputStage] = STAGE
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05
    abilities: SourceAbilities = ABILITIES
    rest: ClassVar[Sequence[str]] = ()
    refused: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        opening: Opening,
        options: KeysightB2900Options,
        link: Link,
        *,
        channel: int,
        of_two: bool,
        box: str,
    ) -> None:
        super().__init__(opening, options, link)
        self._channel, self._box = channel, box
        if of_two:
            self._where = f"{opening.name}.{channel} ({opening.resource})"
        self._source, self._switch = f":SOURCE{channel}", f":OUTPUT{channel}"
        self._function_question = f":SOURCE{channel}:FUNCTION:MODE?"
        self._aborted = Event()
        read = f"(@{channel});{self._switch}?"
        self._read = f":READ? {read};:FETCH? {read}"

    def abort(self) -> None:
        """As `SourceMeter.abort`."""
        self._aborted.set()
        super().abort()

    def shutdown(self) -> None:
        """As `SourceMeter.shutdown`."""
        self._aborted.clear()
        super().shutdown()

    def _demand_running(self) -> None:
        if self._aborted.is_set():
            raise Aborted(f"{self._where}: aborted; shut it down to go on")

    def _identity(self, reply: str) -> Identity:
        return replies.identity(reply, self._box, self._where, makers=MAKERS)

    def _rest(self) -> Sequence[str]:
        return (
            f":ABORT:ALL (@{self._channel})",
            f"{self._source}:VOLTAGE 0",
            f"{self._source}:CURRENT 0",
            f"{self._source}:VOLTAGE:MODE FIX",
            f"{self._source}:CURRENT:MODE FIX",
        )

    def _compliance_question(self, function: Function) -> str:
        return limit_question(self._channel, function)

    def _set_up(self, fitted: Fitted) -> None:
        for setting in settings(self._channel, fitted):
            if setting.message:
                self._send(setting.message)
            got = self._link.ask(setting.question)
            if not setting.agrees(got, self._where):
                raise InstrumentError(
                    f"{self._where}: {setting.question} reads {got} after "
                    f"{setting.message or 'the other settings'}; expected {setting.wanted}"
                )

    def configure(self, settings_: SourceSettings) -> None:
        """As `SourceMeter.configure`; there is no off-state `guard`, and a least limit."""
        demand_possible(settings_, self._where)
        super().configure(settings_)

    def _take(self, fitted: Fitted) -> Reading:
        with self._link.acquiring(self._reading_s(fitted)):
            reply = self._link.ask(self._read)
        parts = reply.split(";")
        if len(parts) != 4:
            raise BadReply(f"{self._where}: {reply!r} is no reading; expected it twice")
        reading = self._doubled.take(f"{parts[0]},{parts[1]};{parts[2]},{parts[3]}")
        volts, amperes, _, status, on = replies.numbers(replies.split(reading), 5, self._where)
        if on != 1 or int(status) & _TOO_MUCH:
            demand_empty(self._link.ask, self._where, "a reading")
            raise InstrumentError(
                f"{self._where}: the output went off while it measured: somebody else has "
                "switched it, or its protection. Look at its front panel"
            )
        return self._reading(volts, amperes, int(status), self._level, fitted)

    def _run_list(
        self, levels: NDArray[np.float64], delay_s: float, fitted: Fitted
    ) -> list[Reading]:
        rows = list_sweep(
            self._link,
            self._channel,
            levels,
            delay_s=delay_s,
            reading_s=self._reading_s(fitted),
            fitted=fitted,
            clock=self._clock,
            where=self._where,
        )
        return [
            self._reading(volts, amperes, int(status), level, fitted)
            for (volts, amperes, _, status), level in zip(
                rows.tolist(), levels.tolist(), strict=True
            )
        ]

    def _reading(
        self, volts: float, amperes: float, status: int, level: float, fitted: Fitted
    ) -> Reading:
        overflows = bool(status & _OVERFLOW)
        replies.demand_in_range(volts, amperes, overflows=overflows, where=self._where)
        in_compliance = bool(status & _COMPLIANCE)
        replies.demand_of_this_moment(
            volts if fitted.settings.function == "voltage" else amperes,
            level,
            fitted,
            in_compliance=in_compliance,
            where=self._where,
        )
        return Reading(volts, amperes, in_compliance)

    def _reading_s(self, fitted: Fitted) -> float:
        """Longest time one reading takes, s: both quantities at once."""
        return fitted.settings.nplc / self._options.line_frequency_hz + _WAITS_S
