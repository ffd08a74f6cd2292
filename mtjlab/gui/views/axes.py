"""Axes whose ticks can be read: 1-2-5 with units on a logarithm, whole numbers where one counts."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from mtjlab.core.units import si

Ticks = list[tuple[float, list[float]]]
# Spacing of ticks without a number beside them.
_SILENT = 0.0
# Along an axis a number takes its width or its height.
_LABEL_PX, _LINE_PX = 56.0, 22.0
# Decades from 1 to 2 and from 5 to 10.
_NARROWEST = 0.3
_FEWEST, _MOST_HALVINGS = 2, 12
_MOST_DECADES, _LEAST_SPAN = 300.0, 1e-9


class UnitAxis(pg.AxisItem):
    """As pyqtgraph's own, but for the ticks of a logarithm.

    Attributes:
        unit: SI symbol that the numbers of a logarithmic axis are followed by.
    """

    unit = ""

    def updateAutoSIPrefix(self) -> None:
        """None where prefixes are switched off: pyqtgraph would scale the numbers all the same."""
        if self.autoSIPrefix:
            super().updateAutoSIPrefix()
            return
        self.autoSIPrefixScale, self.labelUnitPrefix = 1.0, ""
        self._updateLabel()

    def logTickValues(
        self,
        minVal: float,
        maxVal: float,
        size: float,
        stdTicks: Any,
    ) -> Ticks:
        """Places in decades: all decades, or every few; 1-2-5 within them; finer where it is."""
        upright = self.orientation in ("left", "right")
        room = max(2.0, size / (_LINE_PX if upright else _LABEL_PX))
        # Beyond these a number is no float; a plot can be zoomed out as far.
        minVal, maxVal = max(minVal, -_MOST_DECADES), min(maxVal, _MOST_DECADES)
        span = maxVal - minVal
        if span < _LEAST_SPAN:
            return []
        first, last = math.floor(minVal), math.ceil(maxVal)
        decades = np.arange(first, last + 1, dtype=np.float64)
        if span < math.log10(5.0):
            return [(1.0, _even(10.0**minVal, 10.0**maxVal, room))]
        between = (decades[:, np.newaxis] + np.log10(np.arange(2, 10))).ravel()
        if span <= _NARROWEST * room:
            named = (decades[:, np.newaxis] + np.log10([1.0, 2.0, 5.0])).ravel()
            return [
                (1.0, _within(named, minVal, maxVal)),
                (_SILENT, _within(between, minVal, maxVal)),
            ]
        step = max(1, math.ceil(span / room))
        named = decades[np.mod(decades, step) == 0]
        silent = between if step == 1 and span < 8.0 else decades
        return [(1.0, _within(named, minVal, maxVal)), (_SILENT, _within(silent, minVal, maxVal))]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        """Numbers with prefix and unit on a logarithm."""
        if not self.logMode:
            found: list[str] = super().tickStrings(values, scale, spacing)
            return found
        if spacing == _SILENT:
            return [""] * len(values)
        return [_words(10.0**value, self.unit) for value in values]


class WholeAxis(pg.AxisItem):
    """Ticks at whole numbers, and only where there is something.

    Attributes:
        first, last: of the numbers that have a tick.
    """

    first, last = -math.inf, math.inf

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Ticks:
        """Every one of them, or every few."""
        # An axis that runs downwards names its larger end first.
        minVal, maxVal = sorted((minVal, maxVal))
        low, high = max(minVal, self.first), min(maxVal, self.last)
        if high < low:
            return []
        step = _round_up(max(1.0, (maxVal - minVal) * _LABEL_PX / max(size, 1.0)))
        begin = math.ceil(low / step) * step
        return [(step, [float(v) for v in np.arange(begin, high + 1e-9 * step, step)])]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        """Without a fraction."""
        return [f"{value:.0f}" for value in values]


def _even(low: float, high: float, room: float) -> list[float]:
    """Logarithms of round values, as far apart at the upper end as `room` of them need."""
    wanted = math.log(high / low) * high / room
    values: NDArray[np.floating] = np.empty(0)
    # Each time half as far apart: two of them fit well before this ends.
    for halvings in range(_MOST_HALVINGS):
        step = _round_up(wanted / 2.0**halvings)
        values = step * np.arange(math.ceil(low / step), math.floor(high / step) + 1)
        if len(values) >= _FEWEST:
            break
    return [float(place) for place in np.log10(values)]


def _round_up(value: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value * (1.0 - 1e-9))


def _within(places: Any, low: float, high: float) -> list[float]:
    return [float(place) for place in places if low <= place <= high]


def _words(value: float, unit: str) -> str:
    if unit:
        return si(value, unit, 3)
    if 1e-3 <= value < 1e5:
        return f"{value:.3g}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
