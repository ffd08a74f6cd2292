"""The whole window with real runs on the twin, in a process of its own; prints figures as JSON.

python -m benchmarks.gui_session stop SEED
python -m benchmarks.gui_session learn SEED window|bare
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
from PyQt5 import QtCore, QtTest

from mtjlab.core.events import BenchSeen, StepDone
from mtjlab.gui.app import Session, compose
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.routes import Collectors
from mtjlab.gui.rubbish import keep
from mtjlab.gui.screen import application
from mtjlab.runner.desk import Desk

LEARNING = {"task": "breast_cancer", "epochs": 300}
TELEGRAPH = {"duration_s": 600.0}
LONGEST_S = 120.0


def until(ready: Callable[[], bool]) -> None:
    """Serve the window until then; looks now and then, so that looking costs nothing."""
    deadline_s = time.monotonic() + LONGEST_S
    if QtCore.QCoreApplication.instance() is None:
        while not ready() and time.monotonic() < deadline_s:
            time.sleep(0.01)
    else:
        loop, timer = QtCore.QEventLoop(), QtCore.QTimer()
        timer.timeout.connect(
            lambda: loop.quit() if ready() or time.monotonic() > deadline_s else None
        )
        timer.start(10)
        loop.exec_()
    if not ready():
        raise TimeoutError("the run did not come so far")


def window(folder: Path) -> Session:
    made = compose(
        bench="twin", runs_dir=folder / "runs", remembered=Remembered(folder / "settings.ini")
    )
    made.window.resize(1920, 1080)
    made.window.show()
    keep()
    return made


def watched(watch: Callable[[Any], None]) -> None:
    """Also tell `watch` what runs tell, in the thread that tells it."""
    inner = Collectors.listener

    def listener(self: Collectors, item: Any) -> Callable[[Any], None]:
        told = inner(self, item)
        return lambda event: (watch(event), told(event))[0]

    Collectors.listener = listener


def stop(seed: int) -> dict[str, float]:
    """From the button to what the guard says of the outputs, as told by the run's own process."""
    off: list[float] = []

    def watch(event: Any) -> None:
        if isinstance(event, BenchSeen) and not event.energised:
            off.append(time.perf_counter())

    watched(watch)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = window(Path(folder))
        made.desk.queue.add("telegraph", "twin", parameters=TELEGRAPH, seed=seed)
        made.desk.queue.start()
        live = made.routes.shown
        until(lambda: live.live.energised and live.live.done > 0)
        # Somewhere in a step, not always at the same place.
        at_s = time.monotonic() + np.random.default_rng(seed).uniform(0.0, 2.0)
        until(lambda: time.monotonic() >= at_s)
        off.clear()
        began_s = time.perf_counter()
        QtTest.QTest.mousePress(made.window.stop, QtCore.Qt.MouseButton.LeftButton)
        until(lambda: bool(off))
        until(lambda: not made.desk.queue.busy)
        unsafe = len(made.desk.unsafe)
        made.desk.close(10.0)
    return {"stop_ms": 1e3 * (off[0] - began_s), "unsafe": unsafe}


def learn(seed: int, how: str) -> dict[str, float]:
    """Bench time goes as fast as it can: from the first step to the last one, on the wall."""
    steps: list[float] = []

    def watch(event: Any) -> None:
        if isinstance(event, StepDone):
            steps.append(time.monotonic())

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        frames = 0
        if how == "window":
            watched(watch)
            made = window(Path(folder))
            desk = made.desk
        else:
            desk = Desk(Path(folder) / "runs", lambda _event: None, lambda _item: watch)
        desk.queue.add("noise_learning", "twin", parameters=LEARNING, seed=seed)
        desk.queue.start()
        until(lambda: bool(desk.queue.items()) and desk.queue.items()[0].ended)
        item = desk.queue.items()[0]
        if item.status != "finished":
            raise RuntimeError(f"the run {item.status}: {item.error}")
        if how == "window":
            frames = made.window.deck.frames
        desk.close(10.0)
    # The window makes its views, and a process gets ready for the next run, in the first part.
    later = len(steps) // 3
    return {"learn_s": steps[-1] - steps[later], "steps": len(steps), "frames": frames}


def main() -> None:
    if sys.argv[-1] != "bare":
        application()
    what, seed = sys.argv[1], int(sys.argv[2])
    found = stop(seed) if what == "stop" else learn(seed, sys.argv[3])
    print(json.dumps(found), flush=True)
    # Threads of the window are its own affair; the figure is told.
    os._exit(0)


if __name__ == "__main__":
    main()
