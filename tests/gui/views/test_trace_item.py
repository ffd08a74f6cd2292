"""A trace as painted: each column from its smallest to its largest sample, and nothing else."""

import numpy as np
import pyqtgraph as pg
import pytest
from numpy.typing import NDArray
from PyQt5 import QtCore, QtGui
from pytestqt.qtbot import QtBot

from mtjlab.gui.live.shown import Shown
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.plot import Plot
from mtjlab.gui.views.trace_item import TraceItem

WIDTH, HEIGHT = 200, 100


def shown(low: list[float], high: list[float], joins: tuple[int, ...] = ()) -> Shown:
    """A column a second."""
    least, most = (np.array([values], dtype=np.float32) for values in (low, high))
    return Shown(np.arange(float(len(low))), least, most, 1.0, 1.0, 1.0, joins)


def painted(qtbot: QtBot, what: Shown, columns: int) -> NDArray[np.bool_]:
    """Where there is ink, (HEIGHT, columns), of a picture of 0 to 100 V from below."""
    plot = Plot(LIGHT)
    qtbot.addWidget(plot)
    item = plot.getPlotItem()
    item.hideAxis("left")
    item.hideAxis("bottom")
    item.showGrid(x=False, y=False)
    item.setContentsMargins(0, 0, 0, 0)
    item.layout.setContentsMargins(0, 0, 0, 0)
    plot.resize(WIDTH, HEIGHT)
    trace = TraceItem("r0c0", pg.mkPen("#0072b2", width=1))
    plot.addItem(trace)
    plot.setRange(xRange=(0.0, columns), yRange=(0.0, 100.0), padding=0.0)
    plot.show()
    trace.show_trace(what, 0, 0.0)
    picture = plot.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
    bits = picture.constBits()
    assert bits is not None
    bits.setsize(picture.sizeInBytes())
    pixels = np.frombuffer(bits, dtype=np.uint8)
    pixels = pixels.reshape(picture.height(), picture.width(), 4)
    pixels = pixels[:: picture.height() // HEIGHT]
    step = picture.width() / columns
    centres = ((np.arange(columns) + 0.5) * step).astype(int)
    blue, red = pixels[:, centres, 0].astype(int), pixels[:, centres, 2].astype(int)
    ink: NDArray[np.bool_] = blue - red > 100
    return ink


def rows(ink: NDArray[np.bool_], column: int) -> tuple[int, int]:
    """Lowest and highest with ink, counted from below, all between them inked."""
    (found,) = (np.flatnonzero(ink[:, column]),)
    assert len(found) == found[-1] - found[0] + 1
    return HEIGHT - 1 - int(found[-1]), HEIGHT - 1 - int(found[0])


def test_each_column_is_inked_from_its_smallest_to_its_largest_sample(qtbot: QtBot) -> None:
    rng = np.random.default_rng(1)
    low = rng.uniform(5.0, 45.0, 20)
    high = rng.uniform(55.0, 95.0, 20)
    ink = painted(qtbot, shown(list(low), list(high)), 20)
    for column in range(20):
        below, above = rows(ink, column)
        assert below == pytest.approx(low[column], abs=1.5)
        assert above == pytest.approx(high[column], abs=1.5)


def test_columns_that_do_not_overlap_are_joined_as_a_line_would_be(qtbot: QtBot) -> None:
    ink = painted(qtbot, shown([10.0, 60.0, 10.0], [20.0, 90.0, 20.0]), 3)
    assert rows(ink, 1) == pytest.approx((20.0, 90.0), abs=1.5)
    assert rows(ink, 2) == pytest.approx((10.0, 60.0), abs=1.5)


def test_a_gap_joins_nothing(qtbot: QtBot) -> None:
    ink = painted(qtbot, shown([10.0, 60.0], [20.0, 90.0], joins=(1,)), 2)
    assert rows(ink, 1) == pytest.approx((60.0, 90.0), abs=1.5)


def test_a_level_without_noise_is_seen(qtbot: QtBot) -> None:
    ink = painted(qtbot, shown([50.0] * 10, [50.0] * 10), 10)
    assert (ink.sum(axis=0) == 1).all()


def test_what_is_no_number_is_not_drawn_and_its_neighbours_are(qtbot: QtBot) -> None:
    nan = float("nan")
    ink = painted(qtbot, shown([10.0, nan, 60.0], [20.0, nan, 90.0]), 3)
    assert rows(ink, 0) == pytest.approx((10.0, 20.0), abs=1.5)
    assert not ink[:, 1].any()
    assert rows(ink, 2) == pytest.approx((60.0, 90.0), abs=1.5)


def test_nothing_is_drawn_of_nothing(qtbot: QtBot) -> None:
    assert not painted(qtbot, shown([], []), 3).any()


def test_it_is_a_curve_to_tables_and_to_the_zoom(qtbot: QtBot) -> None:
    plot = Plot(LIGHT)
    qtbot.addWidget(plot)
    trace = TraceItem("r0c0", pg.mkPen("#0072b2", width=1))
    plot.addItem(trace)
    assert trace.dataBounds(1) == (None, None)
    trace.show_trace(shown([10.0, 12.0], [20.0, 21.0]), 0, 2.0)
    ((name, x, y),) = plot.curves()
    assert name == "r0c0"
    assert sorted(y) == [10.0, 12.0, 20.0, 21.0]
    assert list(x) == [-1.5, -1.5, -0.5, -0.5]
    assert trace.dataBounds(1) == (10.0, 21.0)
    assert trace.boundingRect() == QtCore.QRectF(trace.viewRect())
