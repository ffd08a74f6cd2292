"""The window: frames, blocks, load, memory, zoom, start, STOP, what learning loses, many runs.

    python -m benchmarks.gui [--minutes 10] [--pairs 5]

Offscreen at 1920x1080, everything in processes of its own; the machine should have nothing else
to do. STOP to outputs off is as the run's own process tells it, the pipe and the window included.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks.rows import Row

SECONDS, STARTS, STOPS, PAIRS = 20.0, 3, 10, 5
START_BUDGET_S = 2.0


def _child(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        raise RuntimeError(said)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _start_s() -> float:
    """From the command to the line that comes when the window has been painted, form and all."""
    with tempfile.TemporaryDirectory() as folder:
        surroundings = os.environ | {"QT_QPA_PLATFORM": "offscreen", "MTJLAB_RUNS": folder}
        began_s = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "mtjlab", "gui", "twin"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings | {"XDG_CONFIG_HOME": folder},
            text=True,
        )
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("window open"):
                break
        took_s = time.perf_counter() - began_s
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(20.0)
        except subprocess.TimeoutExpired:
            child.kill()
    return took_s


def _slowdown(pairs: int) -> float:
    """Median of the pairs' ratios; which one goes first alternates."""
    ratios = []
    for seed in range(1, pairs + 1):
        order = ("bare", "window") if seed % 2 else ("window", "bare")
        took_s = {
            how: _child("benchmarks.gui_session", "learn", str(seed), how)["learn_s"]
            for how in order
        }
        ratios.append(took_s["window"] / took_s["bare"])
    return statistics.median(ratios)


def rows(seconds: float = SECONDS, pairs: int = PAIRS) -> list[Row]:
    scope = _child("benchmarks.gui_scope", str(seconds))
    views = _child("benchmarks.gui_views")
    runs = _child("benchmarks.gui_catalogue")
    stops = [_child("benchmarks.gui_session", "stop", str(seed)) for seed in range(1, STOPS + 1)]
    return [
        Row("gui_fps", scope["fps"], "1/s", 30.0, "higher"),
        Row("gui_longest_block_ms", scope["longest_block_ms"], "ms", 60.0, "lower"),
        Row("gui_cpu_percent_of_two_cores", scope["cpu_percent_of_two_cores"], "%", 25.0, "lower"),
        Row("gui_memory_growth_mb", scope["memory_growth_mb"], "MB", 5.0, "lower"),
        Row("gui_zoom_redraw_ms", scope["zoom_redraw_ms"], "ms", 50.0, "lower"),
        Row("gui_zoom_refined_ms", scope["zoom_refined_longest_ms"], "ms", None, "lower"),
        Row(
            "gui_start_s",
            statistics.median(_start_s() for _ in range(STARTS)),
            "s",
            START_BUDGET_S,
            "lower",
        ),
        Row("gui_stop_ms", max(stop["stop_ms"] for stop in stops), "ms", 200.0, "lower"),
        Row("gui_learning_slowdown", _slowdown(pairs), "", 1.05, "lower"),
        Row("gui_learning_redraw_ms", views["learning_redraw_ms"], "ms", 5.0, "lower"),
        Row("gui_map_pan_ms", views["map_pan_ms"], "ms", 50.0, "lower"),
        Row("gui_catalogue_scroll_ms", runs["catalogue_scroll_ms"], "ms", 60.0, "lower"),
        Row("gui_catalogue_look_ms", runs["catalogue_look_ms"], "ms", 60.0, "lower"),
        Row("gui_catalogue_sort_ms", runs["catalogue_sort_ms"], "ms", None, "lower"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SECONDS / 60.0, help="of rolling scope")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of runs with and without")
    asked = parser.parse_args()
    for row in rows(60.0 * asked.minutes, asked.pairs):
        budget = "-" if row.budget is None else f"{row.budget:.4g}"
        verdict = "" if row.ok else "  OVER BUDGET"
        print(f"{row.name:32}  {row.value:10.4g}  {budget:>9}  {row.unit}{verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
