"""Ten thousand runs in the runs dock: `python -m benchmarks.gui_catalogue`.

The longest time for which the event loop answered nothing while somebody scrolls from the newest
run to the oldest, while the catalogue is looked at again, and while it is sorted and searched. A
process of its own, without a screen. Prints figures as JSON.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.rubbish import Rubbish, keep
from mtjlab.gui.runs.panel import RunsPanel
from mtjlab.gui.screen import application
from mtjlab.gui.theme import LIGHT, apply
from mtjlab.store import Catalogue, Entry
from mtjlab.store.annotations import SUFFIX
from mtjlab.store.folder import stamps
from mtjlab.store.query import STATUSES

RUNS, PER_DAY = 10_000, 50
TICK_MS, ROWS_A_TICK = 4, 20
LOOKS, LOOK_EVERY_S = 5, 0.6
WAIT_S = 60.0
PROTOCOLS = ("noise_learning", "telegraph", "iv_sweep", "array_map")


def filled(folder: Path, count: int) -> None:
    """Empty files, and a catalogue that has looked at them: nothing has to be read."""
    for number in range(count):
        below = folder / str(_day(number))
        below.mkdir(parents=True, exist_ok=True)
        (below / f"{number % PER_DAY + 1:03d}-{_protocol(number)}-{number:08x}.h5").touch()
    found = stamps(folder, SUFFIX)
    with Catalogue(folder) as catalogue, catalogue._db:
        for number, (name, stamp) in enumerate(sorted(found.items())):
            catalogue._keep(_entry(name, number), stamp)


def _day(number: int) -> str:
    # Days of 2026 in the order of their names, as many as there are months of 28.
    month, day = divmod(number // PER_DAY, 28)
    return f"2026-{month + 1:02d}-{day + 1:02d}"


def _protocol(number: int) -> str:
    return PROTOCOLS[number % len(PROTOCOLS)]


def _entry(name: str, number: int) -> Entry:
    return Entry(
        name,
        run_id=f"{number:032x}",
        day=name.partition("/")[0],
        number=int(name.partition("/")[2].partition("-")[0]),
        protocol=name.split("-")[3],
        bench="twin",
        chip="twin-60nm",
        twin=True,
        seed=str(number),
        status=STATUSES[1 + number % 4],
        error="the instrument at GPIB0::24 did not answer" if number % 4 else None,
        headline="train accuracy 0.9712, test accuracy 0.9533, reads to target 4.3e+04",
        notes="the probe was lifted once" if number % 10 == 0 else "",
        words=f"{name} moons",
        tags=("good", "week-3") if number % 5 == 0 else (),
    )


class Gaps:
    """The longest time between two turns of the event loop, ms."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last_s = time.perf_counter()

    def turn(self) -> None:
        now_s = time.perf_counter()
        self.longest_ms = max(self.longest_ms, 1e3 * (now_s - self._last_s))
        self._last_s = now_s


def longest_block_ms(work: Callable[[], bool]) -> float:
    """Of the event loop, while `work` is called at every tick until it returns True."""
    loop, gaps, timer, ticks = QtCore.QEventLoop(), Gaps(), QtCore.QTimer(), QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(gaps.turn)
    ticks.timeout.connect(lambda: loop.quit() if work() else None)
    timer.start(2)
    ticks.start(TICK_MS)
    loop.exec()
    timer.stop()
    return gaps.longest_ms


def until(done: Callable[[], bool]) -> None:
    """Turn the event loop.

    Raises:
        TimeoutError: not within `WAIT_S`.
    """
    end_s = time.perf_counter() + WAIT_S
    while not done():
        QtWidgets.QApplication.processEvents()
        if time.perf_counter() > end_s:
            raise TimeoutError(f"nothing came within {WAIT_S:g} s")


def measured(panel: RunsPanel) -> dict[str, float]:
    until(lambda: len(panel.model.entries) == RUNS)
    bar = panel.table.verticalScrollBar()
    assert bar is not None

    def scroll() -> bool:
        bar.setValue(bar.value() + ROWS_A_TICK)
        return bar.value() >= bar.maximum()

    found = {"catalogue_scroll_ms": longest_block_ms(scroll)}
    began_s, looks = time.perf_counter(), 0

    def look() -> bool:
        # A new run each time, and somebody who scrolls meanwhile.
        nonlocal looks
        bar.setValue(bar.maximum() // 2 + looks * ROWS_A_TICK)
        if time.perf_counter() - began_s > looks * LOOK_EVERY_S:
            looks += 1
            (panel.runs_dir / "2026-12-31").mkdir(exist_ok=True)
            (panel.runs_dir / "2026-12-31" / f"{looks:03d}-drift-{looks:08x}.h5").touch()
            panel.refresh()
        return looks > LOOKS

    found["catalogue_look_ms"] = longest_block_ms(look)
    until(lambda: len(panel.model.entries) == RUNS + looks)
    columns = iter([4, 1, 0, 0, 1, 4])

    def sort() -> bool:
        column = next(columns, None)
        if column is None:
            return True
        panel.table.sortByColumn(column, QtCore.Qt.SortOrder.AscendingOrder)
        return False

    found["catalogue_sort_ms"] = longest_block_ms(sort)
    return found


def main() -> int:
    app = application()
    apply(app, LIGHT)
    rubbish = Rubbish()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder, RUNS)
        panel = RunsPanel(folder, LIGHT)
        panel.resize(1900, 300)
        panel.show()
        keep()
        print(json.dumps(measured(panel)))
        panel.close_down()
    del rubbish
    return 0


if __name__ == "__main__":
    sys.exit(main())
