"""Keithley 2450 in its SCPI mode: source-meter on LAN, USB or GPIB.

Readings are `:READ?` through PyMeasure's adapter, with the source read back in the same reading,
each sent by the instrument twice.
PyMeasure's own `Keithley2450` is not used: it clips ranges and limits silently, its ramps and its
`shutdown` sleep, and its buffer methods are those of a 2400.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers.error_queue import demand_empty
from drivers.keithley2450_settings import (
    ABILITIES,
    STAGE,
    Keithley2450Options,
    limit_question,
    settings,
)
from drivers.keithley2450_sweep import BUFFER, list_sweep
from drivers.scpi_replies import (
    demand_in_range,
    demand_of_this_moment,
    is_from,
    numbers,
    split,
)
from drivers.scpi_setting import Setting
from drivers.scpi_source_meter import ScpiSourceMeter
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.errors import InstrumentError
from mtjlab.core.interfaces import Function, Reading, SourceAbilities

_SELECTS = "It changes what a 2450 measures; use the driver's measure()"
# Bits of the status of the source, which comes with every reading.
_LIMITED, _OUTPUT_ON = 1 << 5, 1 << 7
_WANTED = f'"{BUFFER}", SOURCE, READING, SOURSTATUS, TSTAMP'
# `:FETCH?` sends the same reading again.
_READ = f":READ? {_WANTED};:FETCH? {_WANTED}"
# Both quantities, each with the zero and the reference of auto zero.
_CONVERSIONS = 2 * 3
# The longest automatic source delay, with high capacitance, s.
_SOURCE_DELAY_S = 0.1


class Keithley2450(ScpiSourceMeter):
    """The one channel of a 2450; satisfies `SourceMeter` and `Driver`.

    Attributes:
        largest_v, largest_a: what the output can reach, full scale.
    """

    options_model: ClassVar[type[Any]] = Keithley2450Options
    host_loss: ClassVar[str] = (
        "nothing: the output holds its level; the source limit bounds the current, and an open "
        "interlock on the rear keeps the output below 42 V"
    )
    model: ClassVar[str] = "2450"
    stage: ClassVar[OutputStage] = STAGE
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05
    abilities: SourceAbilities = ABILITIES
    refused: ClassVar[Mapping[str, str]] = {"MEAS": _SELECTS}
    rest: ClassVar[Sequence[str]] = (":ABORT", ":SOURCE:VOLTAGE 0", ":SOURCE:CURRENT 0")

    @classmethod
    def recognises(cls, reply: str) -> bool:
        """Whether this reply to `*IDN?` comes from an instrument that it drives."""
        return is_from(reply, (cls.model,))

    def _demand_language(self) -> None:
        language = self._link.ask("*LANG?").strip()
        if language != "SCPI":
            raise InstrumentError(
                f"{self._where}: the command set is {language!r}; expected SCPI. Choose SCPI under "
                "MENU, System, Settings, Command Set, then switch it off and on"
            )

    def _compliance_question(self, function: Function) -> str:
        return limit_question(function)

    def _set_up(self, fitted: Fitted) -> None:
        for setting in settings(fitted):
            self._apply(setting)

    def _apply(self, setting: Setting) -> None:
        if setting.message:
            self._send(setting.message)
        got = self._link.ask(setting.question)
        if not setting.agrees(got, self._where):
            what = setting.message or "the other settings"
            raise InstrumentError(
                f"{self._where}: {setting.question} reads {got} after {what}; expected "
                f"{setting.wanted}. A 2450 changes a limit that does not suit a range: choose a "
                "larger limit, or look at its event log"
            )

    def _take(self, fitted: Fitted) -> Reading:
        with self._link.acquiring(self._reading_s(fitted)):
            reply = self._link.ask(_READ)
        *values, _ = split(self._doubled.take(reply))
        return self._reading(values, self._level, fitted)

    def _run_list(
        self, levels: NDArray[np.float64], delay_s: float, fitted: Fitted
    ) -> list[Reading]:
        self._on = None
        rows = list_sweep(
            self._link,
            levels,
            delay_s=delay_s,
            reading_s=self._reading_s(fitted),
            fitted=fitted,
            clock=self._clock,
            where=self._where,
        )
        self._on = True
        return [
            self._reading(row, level, fitted)
            for row, level in zip(rows.tolist(), levels.tolist(), strict=True)
        ]

    def _reading(self, values: Sequence[Any], level: float, fitted: Fitted) -> Reading:
        source, other, word = numbers(values, 3, self._where)
        status = int(word)
        if not status & _OUTPUT_ON:
            demand_empty(self._link.ask, self._where, "a reading")
            raise InstrumentError(
                f"{self._where}: the output was off while it measured, and somebody else has "
                "switched it. Look at its front panel"
            )
        demand_in_range(source, other, overflows=False, where=self._where)
        in_compliance = bool(status & _LIMITED)
        demand_of_this_moment(source, level, fitted, in_compliance=in_compliance, where=self._where)
        if fitted.settings.function == "voltage":
            return Reading(source, other, in_compliance)
        return Reading(other, source, in_compliance)

    def _reading_s(self, fitted: Fitted) -> float:
        """Longest time one reading takes, s."""
        cycle_s = 1 / self._options.line_frequency_hz
        return _CONVERSIONS * fitted.settings.nplc * cycle_s + _SOURCE_DELAY_S
