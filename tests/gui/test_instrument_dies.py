"""An instrument on a socket dies under a run of the window, with its output on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from benchmarks.safety.benches import Served, serve
from mtjlab.gui.app import compose
from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.remembered import Remembered

WAIT_MS = 60_000
# Takes minutes, and the first level stands by then.
SWEEP = {"points": 1000, "stop_v": 0.1}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def served() -> Iterator[Served]:
    with serve("keithley2400") as found:
        yield found


def test_it_is_told_that_nobody_knows_and_stays_red(
    qtbot: QtBot, served: Served, tmp_path: Path
) -> None:
    session = compose(
        bench=str(served.bench),
        runs_dir=tmp_path / "runs",
        remembered=Remembered(tmp_path / "settings.ini"),
    )
    window = session.window
    window.show()
    session.bench.buttons["connect"].click()
    qtbot.waitUntil(lambda: session.bench.state.connected, timeout=WAIT_MS)
    assert window.twin.text() == "REAL"
    session.queue.add(Draft("iv_sweep", str(served.bench), SWEEP, 1), first=True, start=True)
    qtbot.waitUntil(lambda: window.border.on, timeout=WAIT_MS)
    served.kill()
    qtbot.waitUntil(lambda: "NOT PROVED OFF" in window.outputs.text(), timeout=WAIT_MS)
    (item,) = session.desk.queue.items()
    assert item.status == "failed"
    assert "Go to the rack and switch the output off by hand" in str(item.error)
    assert session.desk.queue.held
    # The bench is asked again after the run, gets no answer, and proves nothing.
    qtbot.waitUntil(lambda: session.bench.state.silent == ("smu",), timeout=WAIT_MS)
    assert window.border.on
    assert "by hand" in window.strip.words
    session.leaving.leave()
    qtbot.waitUntil(lambda: session.leaving.closed, timeout=WAIT_MS)
    assert session.leaving.exit_code == 6
    window.deleteLater()
