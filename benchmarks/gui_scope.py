"""The scope in the deck, in a process of its own: `python -m benchmarks.gui_scope SECONDS`.

Eight channels of 200 kS/s come as events of 20 ms from a thread, as of a run, into the window of
10 s; then an hour of stored trace is zoomed into. Prints figures as JSON.
"""

import itertools
import json
import math
import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# As a usual screen has; the one that is not there says 100, and scaled painting takes longer.
os.environ["QT_FONT_DPI"] = "96"

import numpy as np
from PyQt5 import QtCore, QtWidgets

from mtjlab.core.events import Rows, RunStarted, StepDone
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.rubbish import keep
from mtjlab.gui.screen import application
from mtjlab.gui.theme import LIGHT, apply
from mtjlab.gui.views.deck import Deck
from mtjlab.gui.views.scope import ScopeView
from mtjlab.store import RunHeader, RunWriter

CHANNELS, RATE_HZ, BLOCK_S, WINDOW_S = 8, 200e3, 0.02, 10.0
WARM_UP_S = 12.0
TICK_MS = 2
HOUR_S, SUMMARY_S = 3600.0, 0.1
WRITTEN = 16_000_000
ZOOMS_S = (3600.0, 600.0, 60.0, 10.0, 1.0, 0.1, 0.01)
SEED = 1


def streams() -> tuple[Stream, ...]:
    names = ",".join(f"r{i}c{i}" for i in range(CHANNELS))
    summaries = (Stream(f"summary_{kind}", "f4", (CHANNELS,), "V", kind) for kind in ("min", "max"))
    return (
        Stream("trace", "f4", (CHANNELS,), "V", names),
        Stream("segments", "f8", (4,), "", "first_sample,t0_s,interval_s,gap_s"),
        *summaries,
    )


class Producer(threading.Thread):
    """Telegraph of 1 kHz in noise, made before; told at the pace of a real board."""

    def __init__(self, run: Collected) -> None:
        super().__init__(name="producer", daemon=True)
        rng = np.random.default_rng(SEED)
        n = round(RATE_HZ)
        state = np.cumsum(rng.random((n, CHANNELS)) < 1e3 / RATE_HZ, axis=0) % 2
        self._trace = (0.036 + 0.012 * state + 9e-4 * rng.normal(size=state.shape)).astype("f4")
        self._run, self._n = run, round(BLOCK_S * RATE_HZ)
        self.late = self.blocks = 0
        self.used_s = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        began_s = time.monotonic()
        at = 0
        while not self.ended.is_set():
            start = at % len(self._trace)
            self._run(Rows("trace", at, self._trace[start : start + self._n]))
            at += self._n
            self._run(StepDone(at, 1e12, {}, at / RATE_HZ))
            self.blocks += 1
            wait_s = began_s + self.blocks * BLOCK_S - time.monotonic()
            self.late += wait_s < -BLOCK_S
            self.used_s = time.thread_time()
            if wait_s > 0.0:
                self.ended.wait(wait_s)


def resident_mb() -> float:
    text = Path("/proc/self/status").read_text()
    return float(text.partition("VmRSS:")[2].split()[0]) / 1024.0


def pump(seconds: float) -> None:
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(round(1e3 * seconds), loop.quit)
    loop.exec_()


def live(seconds: float) -> dict[str, float]:
    run = Collected()
    run(RunStarted("bench0000", "telegraph", "twin", True, SEED, "", streams()))
    run(Rows("segments", 0, np.array([[0.0, 0.0, 1.0 / RATE_HZ, math.nan]])))
    deck = Deck(LIGHT)
    deck.resize(1920, 1080)
    deck.show()
    deck.show_run(run)
    producer = Producer(run)
    producer.start()
    pump(1.0)
    view = deck.view
    assert isinstance(view, ScopeView)
    view.set_span(WINDOW_S)
    pump(WARM_UP_S)
    # There before memory is looked at: a list of them grows by a megabyte a minute.
    times_s = np.full(round(seconds * 1e3 / TICK_MS) + 100, np.nan)
    ticks = itertools.count()

    def tick() -> None:
        times_s[next(ticks) % len(times_s)] = time.perf_counter()

    timer = QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    before_mb, cpu_s, began_s = resident_mb(), time.process_time(), time.perf_counter()
    frames = deck.frames
    timer.start(TICK_MS)
    pump(seconds)
    timer.stop()
    took_s = time.perf_counter() - began_s
    gaps = np.diff(times_s[: next(ticks)], prepend=began_s)
    found = {
        "fps": (deck.frames - frames) / took_s,
        "longest_block_ms": 1e3 * float(gaps.max()),
        "block_p999_ms": 1e3 * float(np.quantile(gaps, 0.999)),
        "cpu_percent_of_two_cores": 50.0 * (time.process_time() - cpu_s) / took_s,
        "memory_growth_mb": resident_mb() - before_mb,
        "late_blocks": producer.late,
        "producer_percent_of_one_core": 100.0 * producer.used_s / (took_s + WARM_UP_S),
    }
    producer.ended.set()
    producer.join()
    deck.hide()
    return found


def hour_of_trace(folder: Path) -> Path:
    """True to format, but for the samples: a few seconds of them, the rest is a hole."""
    header = RunHeader(
        run_id="bench0001",
        protocol="telegraph",
        bench="twin",
        twin=True,
        seed=SEED,
        bench_toml="",
        bench_overrides={},
        parameters={"summary_s": SUMMARY_S, "duration_s": HOUR_S},
        versions={},
        revision="",
        host="",
        started=datetime.now(UTC),
    )
    writer = RunWriter.create(folder, header, streams())
    rng = np.random.default_rng(SEED)
    rows = round(HOUR_S / SUMMARY_S)
    noise = 1e-3 * rng.normal(size=(2, rows, CHANNELS)).astype("f4")
    writer.append("segments", np.array([[0.0, 0.0, 1.0 / RATE_HZ, math.nan]]))
    writer.append("summary_min", 0.034 + noise[0])
    writer.append("summary_max", 0.050 + noise[1])
    total = round(HOUR_S * RATE_HZ)
    writer.commit(done=total, total=total, bench_time_s=HOUR_S)
    writer.flush()
    # A hole in the file: what was never written takes no room and reads as 0 V.
    file = writer._file
    assert file is not None
    trace = file._dataset("data/trace")
    trace.resize(total, axis=0)
    some = (0.04 + 1e-3 * rng.normal(size=(WRITTEN, CHANNELS))).astype("f4")
    trace[total // 2 - WRITTEN // 2 : total // 2 + WRITTEN // 2] = some
    writer._on_disk["trace"] = total
    writer.finish("finished", error=None, results={}, bench_time_s=HOUR_S, wall_time_s=HOUR_S)
    return writer.path


def zoom(folder: Path) -> dict[str, float]:
    """From the wheel to the painted picture, at once and again when samples have been read."""
    path = hour_of_trace(folder)
    run = Collected.of_file(path)
    trace = run.traces["trace"]
    deck = Deck(LIGHT)
    deck.resize(1920, 1080)
    deck.show()
    deck.show_run(run)
    pump(2.0)
    view = deck.view
    assert isinstance(view, ScopeView)
    at_once: list[float] = []
    refined: list[float] = []
    middle_s = trace.timeline().end_s / 2
    for span_s in ZOOMS_S:
        for shift in (0.0, 0.3, -0.2):
            end_s = middle_s + span_s * (0.5 + shift)
            began_s = time.perf_counter()
            view.traces.moved.emit(end_s - span_s, end_s)
            view.redraw()
            QtWidgets.QApplication.processEvents()
            at_once.append(time.perf_counter() - began_s)
            began_s = time.perf_counter()
            while coarse(view) and time.perf_counter() - began_s < 10.0:
                pump(0.005)
            refined.append(time.perf_counter() - began_s)
    return {
        "zoom_redraw_ms": 1e3 * max(at_once),
        "zoom_redraw_median_ms": 1e3 * float(np.median(at_once)),
        "zoom_refined_longest_ms": 1e3 * max(refined),
        "trace_s": trace.timeline().end_s,
    }


def coarse(view: ScopeView) -> bool:
    shown = view.shown
    return shown is not None and shown.coarse


def main() -> None:
    app = application()
    apply(app, LIGHT)
    keep()
    found: dict[str, Any] = live(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
    with tempfile.TemporaryDirectory() as folder:
        found |= zoom(Path(folder))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
