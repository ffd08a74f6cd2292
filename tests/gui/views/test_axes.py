"""Numbers beside the axes are true, have their unit, and leave room for each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.axes import UnitAxis, WholeAxis
from mtjlab.gui.views.heat_map import HeatMap
from mtjlab.gui.views.plot import Plot


def named(axis: UnitAxis, low: float, high: float, size_px: float = 300.0) -> list[str]:
    return [
        words
        for spacing, values in axis.logTickValues(low, high, size_px, None)
        for words in axis.tickStrings(values, 1.0, spacing)
        if words
    ]


@pytest.fixture
def axis(qtbot: QtBot) -> UnitAxis:
    made = UnitAxis("left")
    made.setLogMode(True)
    return made


def test_a_decade_has_1_2_5(axis: UnitAxis) -> None:
    axis.unit = "s"
    assert named(axis, -5.05, -3.95) == ["10 us", "20 us", "50 us", "100 us"]


def test_less_than_a_decade_has_round_values(axis: UnitAxis) -> None:
    axis.unit = "s"
    assert named(axis, -4.7, -4.4, 120.0) == ["20 us", "30 us"]


def test_many_decades_have_a_number_each_or_every_few(axis: UnitAxis) -> None:
    assert named(axis, -6.0, 0.0) == ["1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1"]
    axis.unit = "Hz"
    assert named(axis, 0.0, 9.0, 80.0) == ["1 Hz", "1 kHz", "1 MHz", "1 GHz"]


def test_no_range_is_looked_at_for_ever(axis: UnitAxis) -> None:
    # Steps of 0.05 are too wide for it; 0.4 times that is not quite 0.02.
    for low in np.geomspace(0.01, 10.0, 200):
        for ratio in (1.05, 1.2, 1.5, 2.5, 4.0):
            ends = np.log10([low, ratio * low])
            assert axis.logTickValues(ends[0], ends[1], 80.0, None)[0][1]


@given(st.floats(-9.0, 9.0), st.floats(0.01, 12.0), st.floats(80.0, 900.0))
def test_there_are_always_numbers_and_never_too_many(low: float, span: float, size: float) -> None:
    axis = UnitAxis("bottom")
    axis.setLogMode(True)
    found = axis.logTickValues(low, low + span, size, None)
    places = found[0][1]
    assert len(places) <= size / 16.0 + 2
    assert all(low - 1e-9 <= place <= low + span + 1e-9 for place in places)
    assert places or span < 2.0


@pytest.mark.parametrize(
    ("low", "high"),
    [(2.0, 2.0), (2.0, 2.0 + 1e-15), (400.0, 400.2), (-400.0, -399.9), (0.0, 5e3), (-1e9, 1e9)],
)
def test_zoomed_in_or_out_as_far_as_it_goes_nothing_breaks(
    axis: UnitAxis, low: float, high: float
) -> None:
    for axis.unit in ("", "s"):
        assert len(named(axis, low, high)) <= 20
        assert sum(len(places) for _, places in axis.logTickValues(low, high, 300.0, None)) < 5e3


def test_whole_numbers_only_where_there_is_something(qtbot: QtBot) -> None:
    axis = WholeAxis("left")
    axis.first, axis.last = 0, 3
    # Downwards, as on a map.
    ((step, values),) = axis.tickValues(4.2, -0.9, 300.0)
    assert (step, values) == (1.0, [0.0, 1.0, 2.0, 3.0])
    assert axis.tickStrings(values, 1.0, step) == ["0", "1", "2", "3"]
    axis.last = 1023
    ((step, values),) = axis.tickValues(-0.5, 1023.5, 300.0)
    assert step == 200.0
    assert axis.tickValues(2000.0, 2010.0, 300.0) == []


@pytest.mark.parametrize("span", [0.5, 2.0, 1e-4])
def test_a_colour_bar_of_pure_numbers_scales_nothing(qtbot: QtBot, span: float) -> None:
    one = HeatMap(LIGHT, diverging=True)
    qtbot.addWidget(one)
    one.show_values(np.array([[span, -span]]), name="weight")
    bar = one.bar.getAxis("right")
    assert bar.autoSIPrefixScale == 1.0
    one.show_values(np.array([[span, -span]]), name="resistance", unit="Ω")
    assert bar.autoSIPrefixScale == {0.5: 1e3, 2.0: 1.0, 1e-4: 1e6}[span]


def test_numbers_stay_true_when_an_axis_is_named_again(qtbot: QtBot) -> None:
    plot = Plot(LIGHT)
    qtbot.addWidget(plot)
    left = plot.getPlotItem().getAxis("left")
    for log in (False, True, False):
        plot.set_axes(("reads", ""), ("loss", ""), log=(False, log))
        plot.plot([1.0, 2.0], [0.2, 0.9])
        assert left.autoSIPrefixScale == 1.0
    plot.set_axes(("bias", "V"), ("current", "A"))
    plot.getPlotItem().setYRange(0.0, 2e-6)
    assert left.autoSIPrefixScale == 1e6
    assert "A" in left.labelString()
