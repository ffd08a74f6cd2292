"""Analysis of ten million samples: by threshold, by a hidden Markov model, and its bare passes.

The limit of the first is reading the trace once; of the second, one forward-backward pass, without
which nothing can be known of a hidden state.
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.rows import Row
from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.hidden_markov_kernels import smooth

SAMPLES = 10_000_000
DT_S = 5e-6
SEED = 1


def rows() -> list[Row]:
    rng = np.random.default_rng(SEED)
    high = np.logical_xor.accumulate(rng.random(SAMPLES) < 0.0809)
    noise = rng.standard_normal(SAMPLES)
    clear_v = np.where(high, 48.02e-3, 36.16e-3) + 0.908e-3 * noise
    hidden_v = np.where(high, 48.02e-3, 36.16e-3) + 11.86e-3 / 3.0 * noise
    for trace_v in (clear_v, hidden_v):  # compiles
        analyse_trace(trace_v[:20_000], DT_S)
    work = np.empty(SAMPLES)
    centred = (hidden_v - 42.09e-3) / 11.86e-3
    return [
        Row(
            "analysis_threshold_10m_s",
            _best_s(lambda: analyse_trace(clear_v, DT_S)),
            "s",
            2.0,
            "lower",
            _best_s(lambda: clear_v.sum()),
        ),
        Row(
            "analysis_hidden_markov_10m_s",
            _best_s(lambda: analyse_trace(hidden_v, DT_S)),
            "s",
            20.0,
            "lower",
            _best_s(lambda: smooth(centred, 0.0, 9.0, 0.08, 0.08, work)),
        ),
    ]


def _best_s(work: Callable[[], object], rounds: int = 3) -> float:
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - began_s)
    return min(times)
