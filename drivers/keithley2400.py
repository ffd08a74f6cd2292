"""Keithley 2400: source-meter on GPIB or RS-232, through PyMeasure's own driver on our link.

PyMeasure's properties carry the settings; readings are `:READ?` through its adapter, each sent by
the instrument twice. What PyMeasure offers besides is not used: `current` and `voltage` send
`:MEASure?`, which turns the output on and restores the reset compliance; `ramp_*`, `shutdown` and
`wait_for_buffer` sleep. Levels are sent with all their digits, where PyMeasure keeps six.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers import keithley2400_replies as replies
from drivers.keithley2400_properties import Properties
from drivers.keithley2400_settings import (
    ABILITIES,
    STAGE,
    Change,
    Keithley2400Options,
    changes,
)
from drivers.keithley2400_sweep import list_sweep
from drivers.link import Link
from drivers.scpi_replies import NODE, OTHER, is_from, split
from drivers.scpi_source_meter import ScpiSourceMeter, ScpiSourceMeterOptions
from drivers.source_fitting import Fitted, OutputStage
from mtjlab.core.driver import Opening
from mtjlab.core.errors import InstrumentError
from mtjlab.core.interfaces import Function, Reading, SourceAbilities

_CONFIGURES = (
    "On a 2400 it restores the reset compliance and turns the output on; use the driver's measure()"
)
# `:FETCH?` sends the same reading again. Without a new one, with the output off, it comes alone.
_READ = ":READ?;:FETCH?"
_CONVERSIONS = 3  # signal, zero and reference


class Keithley2400(ScpiSourceMeter):
    """The one channel of a 2400; satisfies `SourceMeter` and `Driver`.

    Attributes:
        largest_v, largest_a: what the output can reach, full scale.
    """

    options_model: ClassVar[type[Any]] = Keithley2400Options
    host_loss: ClassVar[str] = (
        "nothing: the output holds its level; compliance bounds the current, and the output-enable "
        "line on the rear, if wired to an interlock, opens the output"
    )
    model: ClassVar[str] = "2400"
    stage: ClassVar[OutputStage] = STAGE
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05
    abilities: SourceAbilities = ABILITIES
    refused: ClassVar[Mapping[str, str]] = {"MEAS": _CONFIGURES, "CONF": _CONFIGURES}
    rest: ClassVar[Sequence[str]] = (
        ":ABORT",
        ":SOURCE:VOLTAGE 0",
        ":SOURCE:CURRENT 0",
        ":SOURCE:VOLTAGE:MODE FIXED",
        ":SOURCE:CURRENT:MODE FIXED",
    )

    def __init__(self, opening: Opening, options: ScpiSourceMeterOptions, link: Link) -> None:
        super().__init__(opening, options, link)
        self._properties = Properties(link, self._where)

    @classmethod
    def recognises(cls, reply: str) -> bool:
        """Whether this reply to `*IDN?` comes from an instrument that it drives."""
        return is_from(reply, (cls.model,))

    def _compliance_question(self, function: Function) -> str:
        return f":SENSE:{NODE[OTHER[function]]}:PROTECTION?"

    def _set_up(self, fitted: Fitted) -> None:
        function = fitted.settings.function
        self._properties.prepare()
        self._properties.apply(Change("source_mode", function))
        self._send(f":SOURCE:{NODE[function]}:MODE FIXED")
        self._measure_both()
        present = self._number(f":SENSE:{NODE[OTHER[function]]}:RANGE?")
        for change in changes(fitted, present):
            self._properties.apply(change)

    def _take(self, fitted: Fitted) -> Reading:
        with self._link.acquiring(self._reading_s(fitted)):
            reply = self._link.ask(_READ)
        values = split(self._doubled.take(reply))
        return replies.reading(values, fitted, self._level, self._where)

    def _run_list(
        self, levels: NDArray[np.float64], delay_s: float, fitted: Fitted
    ) -> list[Reading]:
        rows = list_sweep(
            self._link,
            levels,
            delay_s=delay_s,
            reading_s=self._reading_s(fitted),
            fitted=fitted,
            clock=self._clock,
            where=self._where,
        )
        return [
            replies.reading(list(row), fitted, level, self._where)
            for row, level in zip(rows, levels.tolist(), strict=True)
        ]

    def _measure_both(self) -> None:
        self._send(":SENSE:FUNCTION:CONCURRENT ON")
        self._send(":SENSE:FUNCTION 'VOLTAGE','CURRENT'")
        measured = self._link.ask(":SENSE:FUNCTION?").upper()
        if "VOLT" not in measured or "CURR" not in measured:
            raise InstrumentError(
                f"{self._where}: voltage and current were to be measured, {measured} are"
            )

    def _reading_s(self, fitted: Fitted) -> float:
        """Time one reading takes: both quantities, each with its zero and reference, s."""
        return 2 * _CONVERSIONS * fitted.settings.nplc / self._options.line_frequency_hz
