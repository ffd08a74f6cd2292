"""Analysis of a junction: a key that covers no point, units, and a zoom that stays."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from mtjlab.core.protocol import Stream
from mtjlab.gui.live.analysed import Analysed, analysed
from mtjlab.gui.live.trace import LiveTrace
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.analysis_tabs import TABS, AnalysisTabs

RATE_HZ = 200e3
N = 60_000


@pytest.fixture(scope="module")
def found() -> list[Analysed]:
    """Of a telegraph, the next stretch of it, and one that is constant."""
    rng = np.random.default_rng(4)
    state = np.cumsum(rng.random((2 * N, 2)) < 1e3 / RATE_HZ, axis=0) % 2
    volts = (0.036 + 0.012 * state + 9e-4 * rng.normal(size=state.shape)).astype(np.float32)
    volts[:, 1] = 0.04
    trace = LiveTrace(Stream("trace", "f4", (2,), "V", "r0c0,r0c1"))
    trace.segments(np.array([[0.0, 0.0, 1.0 / RATE_HZ, np.nan]]))
    trace.append(0, volts)
    half_s = N / RATE_HZ
    return [
        analysed(trace, 0, 0.0, half_s),
        analysed(trace, 0, half_s, 2.0 * half_s),
        analysed(trace, 1, 0.0, half_s),
    ]


@pytest.fixture
def tabs(qtbot: QtBot) -> AnalysisTabs:
    made = AnalysisTabs(LIGHT)
    qtbot.addWidget(made)
    made.resize(420, 500)
    made.show()
    return made


def test_every_tab_has_axes_with_units_and_numbers_with_intervals(
    tabs: AnalysisTabs, found: list[Analysed]
) -> None:
    tabs.show_analysis(found[0])
    assert "tau_c" in tabs.head.text()
    assert " us" in tabs.head.text()
    units = [("V", ""), ("s", ""), ("s", ""), ("Hz", "")]
    for index in range(len(TABS)):
        tabs.tabs.setCurrentIndex(index)
        assert tabs.plots[index].units == units[index]
        assert " .. " in tabs.numbers[index].text()
        assert tabs.plots[index].curves()


def test_the_key_of_each_curve_stands_above_the_plot(
    tabs: AnalysisTabs, found: list[Analysed]
) -> None:
    tabs.show_analysis(found[0])
    for index, names in enumerate(
        (
            ("samples", "fitted levels"),
            ("lower", "lower, law", "upper", "upper, law"),
            ("measured", "exponential"),
            ("measured", "Lorentzian and floor"),
        )
    ):
        tabs.tabs.setCurrentIndex(index)
        title = tabs.plots[index].getPlotItem().titleLabel.text.replace("&nbsp;", " ")
        assert all(name in title for name in names)
        assert "r0c0" in title


def test_a_zoom_stays_for_newer_samples_and_not_for_another_junction(
    tabs: AnalysisTabs, found: list[Analysed], qtbot: QtBot
) -> None:
    tabs.show_analysis(found[0])
    box = tabs.plots[0].getPlotItem().getViewBox()
    box.setRange(xRange=(0.047, 0.049), padding=0.0)
    tabs.show_analysis(found[1])
    assert box.viewRange()[0] == pytest.approx([0.047, 0.049])
    tabs.show_analysis(found[2])
    qtbot.waitUntil(lambda: box.viewRange()[0][0] < 0.041)


def test_what_has_no_picture_says_why(tabs: AnalysisTabs, found: list[Analysed]) -> None:
    tabs.show_analysis(found[0])
    tabs.show_analysis(found[2])
    assert "does not vary" in tabs.head.text()
    for index in (1, 2, 3):
        tabs.tabs.setCurrentIndex(index)
        assert tabs.plots[index]._empty.isVisible()
        assert tabs.plots[index]._empty.toPlainText().startswith("no ")
        assert not tabs.plots[index].curves()


def test_all_tabs_can_be_read_at_the_smallest_width(tabs: AnalysisTabs) -> None:
    bar = tabs.tabs.tabBar()
    assert bar is not None
    tabs.resize(tabs.minimumSize())
    assert bar.sizeHint().width() <= tabs.width()
