"""Twelve hours of one junction at a sample a second, in virtual time: drivers, twin and all."""

import time
from collections.abc import Callable

from benchmarks.rows import Row
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings

SAMPLES = 12 * 3600
INTERVAL_S = 1.0


def rows() -> list[Row]:
    bench = OpenBench(load("reference_rig"), generators=Generators(0), notice=lambda _l, _t: None)
    rig = bench.rig(lambda _s, _r: None)
    source, board = rig.sources["smu"], rig.daqs["scope"]
    source.configure(SourceSettings("voltage", 0.2, 1e-4, nplc=0.01))
    source.output(True)
    source.set_level(0.1)
    spent_s = {
        "drift_12h_s": _run(lambda: board.read(["ai0"]), bench),
        "drift_12h_source_s": _run(source.measure, bench),
    }
    bench.make_safe()
    bench.close()
    return [Row(name, value, "s", None, "lower") for name, value in spent_s.items()]


def _run(read: Callable[[], object], bench: OpenBench) -> float:
    read()
    began_s, due_s = time.perf_counter(), bench.clock.now_s()
    for _ in range(SAMPLES):
        read()
        due_s += INTERVAL_S
        bench.clock.sleep(due_s - bench.clock.now_s())
    return time.perf_counter() - began_s
