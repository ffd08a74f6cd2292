"""Redrawing of a long learning run and of a large map: `python -m benchmarks.gui_views`.

A process of its own, without a screen. Prints figures as JSON.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
from PyQt5 import QtWidgets

from mtjlab.core.events import Rows, RunStarted
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.screen import application
from mtjlab.gui.theme import LIGHT, apply
from mtjlab.gui.views.learning_view import LearningView
from mtjlab.gui.views.map_view import MapView
from mtjlab.gui.views.view import View

UPDATES, SIDE, TIMES, SEED = 100_000, 1024, 60, 1
LEARNING = (
    Stream("step", "f8", (4,), "", "reads,loss,accuracy,discarded"),
    Stream("evaluation", "f8", (4,), "", "reads,train_accuracy,test_accuracy,validation_accuracy"),
    Stream(
        "junctions",
        "f8",
        (8,),
        "",
        "row,column,level_p_v,level_ap_v,occupancy,tau_c_s,noise_ratio,node",
    ),
    Stream("weights_0", "f4", (128, 784), "", "rows: at the start, at the end"),
)
MAP = (
    Stream("junctions", "f8", (6,), "", "row,column,verdict,reason,members,tau_c_s"),
    Stream("verdicts", "f8", (3,), "", "alive,short,open"),
    Stream("reasons", "f8", (1,), "", "complete"),
)


def run_of(protocol: str, streams: tuple[Stream, ...]) -> Collected:
    run = Collected()
    run(RunStarted("bench0000", protocol, "twin", True, SEED, "", streams, {}))
    return run


def median_ms(change: Callable[[int], object]) -> float:
    taken = []
    for index in range(TIMES):
        began_s = time.perf_counter()
        change(index)
        taken.append(time.perf_counter() - began_s)
    return 1e3 * statistics.median(taken)


def shown(view: View) -> None:
    view.resize(1920, 1000)
    view.show()
    QtWidgets.QApplication.processEvents()


def learning() -> dict[str, float]:
    rng = np.random.default_rng(SEED)
    run = run_of("noise_learning", LEARNING)
    count = UPDATES + TIMES
    rows = np.column_stack([20.0 * np.arange(1, count + 1), *(0.1 + rng.random((3, count)))])
    run(Rows("step", 0, rows[:UPDATES]))
    run(Rows("weights_0", 0, rng.normal(size=(1, 128, 784)).astype("f4")))
    view = LearningView(run, LIGHT)
    shown(view)

    def step(index: int) -> None:
        at = UPDATES + index
        run(Rows("step", at, rows[at : at + 1]))
        view.redraw()

    return {"learning_redraw_ms": median_ms(step)}


def large_map() -> dict[str, float]:
    rng = np.random.default_rng(SEED)
    run = run_of("array_map", MAP)
    rows = np.zeros((SIDE * SIDE, 6))
    rows[:, 0], rows[:, 1] = (axis.ravel() for axis in np.mgrid[:SIDE, :SIDE])
    rows[:, 2] = rng.random(len(rows)) < 0.02
    rows[:, 5] = 10.0 ** rng.normal(-5.0, 0.3, len(rows))
    run(Rows("junctions", 0, rows))
    view = MapView(run, LIGHT)
    shown(view)
    box = view.map.getPlotItem().getViewBox()

    def pan(index: int) -> None:
        box.translateBy(x=3.0 if index % 2 else -3.0)
        QtWidgets.QApplication.processEvents()

    return {"map_pan_ms": median_ms(pan)}


def main() -> int:
    app = application()
    apply(app, LIGHT)
    print(json.dumps(learning() | large_map()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
