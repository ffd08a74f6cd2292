"""Which ranges a source-meter will use for the settings asked for; refused before anything is sent.

An instrument gives what its output stage can do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import SourceAbilities, SourceSettings
from mtjlab.core.units import si


@dataclass(frozen=True)
class OutputStage:
    """What can be had, from the data sheet.

    Attributes:
        abilities: its ranges.
        large_v, small_a: above `large_v` no more than `small_a`, V and A.
        steps: source values settle to so many steps of the range.
        nplc: shortest and longest integration time, power-line cycles.
    """

    abilities: SourceAbilities
    large_v: float
    small_a: float
    steps: int
    nplc: tuple[float, float]

    def level_tolerance(self, level: float, nominal: float) -> float:
        """How far a level read back may be from the one sent: one step, and six digits of text."""
        return nominal / self.steps + 1e-6 * abs(level)


@dataclass(frozen=True)
class Fitted:
    """Settings with the ranges that the instrument will use.

    Attributes:
        settings: as asked for.
        source_range: nominal range of the source, V or A.
        sense_range: nominal range on which the other quantity is measured, A or V.
    """

    settings: SourceSettings
    source_range: float
    sense_range: float


def fit(settings: SourceSettings, stage: OutputStage, where: str) -> Fitted:
    """Choose the smallest ranges; sends nothing.

    Raises:
        LimitError: the instrument has no such range, power or integration time.
    """
    abilities = stage.abilities
    if settings.function == "voltage":
        source, sense = abilities.voltage_ranges_v, abilities.current_ranges_a
        units = ("V", "A")
    else:
        source, sense = abilities.current_ranges_a, abilities.voltage_ranges_v
        units = ("A", "V")
    if not settings.compliance > 0:
        raise LimitError(
            f"{where}: compliance {si(settings.compliance, units[1])}; expected more than 0; "
            "nothing was sent"
        )
    fitted = Fitted(
        settings,
        _smallest(settings.range, source, abilities, f"{where}: source range", units[0]),
        _smallest(settings.compliance, sense, abilities, f"{where}: compliance", units[1]),
    )
    large = (settings.range, settings.compliance)
    volts, amperes = large if settings.function == "voltage" else large[::-1]
    if abs(volts) > stage.large_v and abs(amperes) > stage.small_a:
        raise LimitError(
            f"{where}: {si(volts, 'V')} with {si(amperes, 'A')} is more than the output stage "
            f"gives: above {si(stage.large_v, 'V')} at most {si(stage.small_a, 'A')}; "
            "nothing was sent"
        )
    if not stage.nplc[0] <= settings.nplc <= stage.nplc[1]:
        raise LimitError(
            f"{where}: {settings.nplc:g} power-line cycles; expected {stage.nplc[0]:g} to "
            f"{stage.nplc[1]:g}; nothing was sent"
        )
    return fitted


def check_sweep(levels: NDArray[np.float64], longest: int, fitted: Fitted, where: str) -> None:
    """Refuse a list of levels that the instrument or the configured range cannot hold.

    Args:
        levels: V or A.
        longest: how many levels the instrument takes.
        fitted: the settings in force.
        where: the instrument, for messages.

    Raises:
        LimitError: with the value and the limit.
    """
    if levels.ndim != 1 or not 1 <= len(levels) <= longest:
        raise LimitError(
            f"{where}: a sweep of shape {levels.shape}; expected 1 to {longest} levels; "
            "nothing was sent. Sweep in pieces"
        )
    largest = abs(fitted.settings.range)
    unit = "V" if fitted.settings.function == "voltage" else "A"
    worst = float(np.abs(levels).max())
    # Not `worst > largest`: a NaN must not pass.
    if not worst <= largest:
        raise LimitError(
            f"{where}: a sweep up to {si(worst, unit)}; expected at most {si(largest, unit)} "
            "either way, as configured; nothing was sent"
        )


def _smallest(
    value: float, ranges: tuple[float, ...], abilities: SourceAbilities, what: str, unit: str
) -> float:
    for nominal in ranges:
        if abs(value) <= nominal * abilities.overrange:
            return nominal
    raise LimitError(
        f"{what} {si(value, unit)}: the largest is "
        f"{si(ranges[-1] * abilities.overrange, unit)}; nothing was sent"
    )
