"""What calibration found, into the run file: junctions and traces of all parts."""

from collections.abc import Sequence

import numpy as np

from mtjlab.core.protocol import Rig
from mtjlab.fabric.part import Seen
from protocols.noise_learning.fabrics import Placed

TRACE_SAMPLES = 4000


def emit_seen(rig: Rig, placed: Sequence[Placed], seen: Sequence[Seen]) -> None:
    """A row for each junction that was looked at, and one trace for each node that has one.

    Nodes are numbered through the network; a node without a trace is a row of NaN.
    """
    nodes = sum(len(one.nodes) for one in placed)
    traces = np.full((nodes, TRACE_SAMPLES), np.nan)
    for one, found in zip(placed, seen, strict=True):
        rows = np.array(found.junctions, dtype=np.float64)
        used = rows[:, 7] >= 0
        rows[used, 7] = np.array(one.nodes)[rows[used, 7].astype(np.int64)]
        if len(rows):
            rig.emit("junctions", rows)
        samples = found.traces_v[:, :TRACE_SAMPLES]
        traces[list(one.nodes[: len(samples)]), : samples.shape[1]] = samples
    if any(found.traces_v.size for found in seen):
        rig.emit("trace", traces)


def trace_interval_s(seen: Sequence[Seen]) -> float | None:
    """Between the samples of the traces; None where there are none."""
    return next((found.interval_s for found in seen if found.traces_v.size), None)
