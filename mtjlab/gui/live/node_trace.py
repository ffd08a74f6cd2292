"""Traces that a run has as one row for each node, shown by a scope like any other."""

import numpy as np

from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import TRACE, Collected
from mtjlab.gui.live.trace import LiveTrace, Trace

# More do not fit a scope; the run file has all.
MOST_NODES = 32


def has_trace(run: Collected) -> bool:
    """Whether there are raw samples, now or later."""
    table = run.tables.get(TRACE)
    return TRACE in run.traces or (table is not None and len(table.stream.shape) == 1)


def trace_of(run: Collected) -> Trace | None:
    """The raw samples of a run; None while there are none."""
    if TRACE in run.traces:
        return run.traces[TRACE]
    table = run.tables.get(TRACE)
    interval_s = run.results.get("trace_interval_s")
    if table is None or not len(table) or not interval_s:
        return None
    rows = table.rows
    nodes = np.flatnonzero(np.isfinite(rows).any(axis=1))[:MOST_NODES]
    if not len(nodes):
        return None
    names = ",".join(f"node {node}" for node in nodes)
    made = LiveTrace(Stream(TRACE, "f4", (len(nodes),), table.stream.unit, names), rows.shape[1])
    made.segments(np.array([[0.0, 0.0, float(interval_s), np.nan]]))
    made.append(0, rows[nodes].T)
    return made
