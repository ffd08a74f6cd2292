"""Words on a map: a sign, a colour and a word for each; none of them too many."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from mtjlab.core.events import Rows, RunEnded, RunStarted
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views import map_view
from mtjlab.gui.views.map_marks import SYMBOLS, WORDS
from mtjlab.gui.views.map_view import MapView

STREAMS = (
    Stream("junctions", "f8", (6,), "", "row,column,verdict,reason,members,tau_c_s"),
    Stream("verdicts", "f8", (3,), "", "alive,short,open"),
    Stream("reasons", "f8", (3,), "", "complete,few_flips,too_fast"),
)


@pytest.fixture
def run() -> Collected:
    made = Collected()
    made(RunStarted("x", "array_map", "twin", True, 1, "", STREAMS, {}))
    return made


@pytest.fixture
def view(qtbot: QtBot, run: Collected) -> MapView:
    rows = [
        [r, c, float(r == 1), float((r + c) % 3), 1, 1e-5 * 10**c] for r in (0, 1) for c in range(4)
    ]
    run(Rows("junctions", 0, np.array(rows)))
    made = MapView(run, LIGHT)
    qtbot.addWidget(made)
    made.show()
    return made


def choose(view: MapView, name: str) -> str:
    view.quantity.setCurrentIndex(view.quantity.findData(name))
    return view.legend.text().replace("&nbsp;", " ")


def test_every_sign_on_the_map_has_one_in_the_line_below() -> None:
    assert len(SYMBOLS) == len(WORDS) == len(set(WORDS)) == len(set(SYMBOLS))
    assert len(SYMBOLS) >= 9


def test_reasons_have_words_and_signs_of_their_own(view: MapView) -> None:
    words = choose(view, "reason")
    assert "3 complete" in words
    assert f"{WORDS[1]} 3 few flips" in words
    assert f"{WORDS[2]} 2 too fast" in words
    assert len(view.marks.symbols.getData()[0]) == 5
    assert view.words_at(1, 0) == "(0, 1): alive, few flips"
    assert not view.log.isEnabled()


def test_a_logarithm_has_numbers_with_units_beside_its_colours(view: MapView) -> None:
    choose(view, "tau_c_s")
    view.log.setChecked(True)
    axis = view.map.bar.getAxis("right")
    ((*ticks,),) = axis._tickLevels
    assert tuple(words for _, words in ticks) == ("10 us", "100 us", "1 ms", "10 ms")
    view.log.setChecked(False)
    assert axis._tickLevels is None


def test_too_many_signs_are_said_not_drawn(view: MapView, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "crossed out: cannot be used" in choose(view, "tau_c_s")
    monkeypatch.setattr(map_view, "MOST_MARKS", 3)
    view._mark()
    assert "too many signs to draw: zoom in" in view.legend.text()


def test_a_run_that_ended_without_a_junction_says_so(qtbot: QtBot, run: Collected) -> None:
    view = MapView(run, LIGHT)
    qtbot.addWidget(view)
    run(RunEnded("aborted", None))
    view.redraw()
    assert view.map._empty.toPlainText() == "no junction was seen"
