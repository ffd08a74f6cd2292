"""The voltage traces of a run file, junction by junction, however its protocol keeps them.

Two forms are known: `trace` with a row for each node, cut at the first nan, as `noise_learning`
leaves it; and `trace` with a row for each sample and a column `rROWcCOLUMN` for each junction
beside `segments`, the stretches without a gap, as `telegraph` does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.store.reader import RunReader

_COLUMN = re.compile(r"r(?P<row>\d+)c(?P<column>\d+)\Z")
_PIECE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class JunctionTrace:
    """One trace of a run.

    Attributes:
        name: `(0, 4)`, or `node 3` where the junction is not known.
        cell: (row, column) of the junction; None where it is not known.
        volts: (n,), V.
        interval_s: between samples, s.
        note: what is left out, in words; empty if nothing is.
    """

    name: str
    cell: tuple[int, int] | None
    volts: NDArray[np.floating]
    interval_s: float
    note: str = ""


def junction_traces(
    run: RunReader,
    *,
    cell: tuple[int, int] | None = None,
    samples: int,
    interval_s: float | None = None,
) -> Iterator[JunctionTrace]:
    """Every trace of a run, in the order of the file; one is in memory at a time.

    Args:
        run: open.
        cell: only this junction; None for all.
        samples: most samples of each, from the beginning of its longest stretch without a gap.
        interval_s: between samples, where the file does not say; s.

    Raises:
        DataError: the run has no traces, none of that junction, or no interval is known.
    """
    if "trace" not in run.streams or not run.committed["trace"]:
        with_rows = [name for name, rows in run.committed.items() if rows]
        raise DataError(
            f"run {run.path} has no traces: its streams with rows are "
            f"{', '.join(with_rows) or 'none'}. Protocols that keep some: telegraph, noise_learning"
        )
    found = (
        _by_column(run, cell, samples, interval_s)
        if "segments" in run.streams
        else _by_row(run, cell, samples, interval_s)
    )
    some = False
    for trace in found:
        some = True
        yield trace
    if not some:
        raise DataError(f"run {run.path} has no trace of junction {cell}; it has {_known(run)}")


def _by_row(
    run: RunReader, cell: tuple[int, int] | None, samples: int, interval_s: float | None
) -> Iterator[JunctionTrace]:
    known_s = interval_s or run.results.get("trace_interval_s")
    if known_s is None:
        # A run that did not come to its end has it in its checkpoint.
        saved = (run.checkpoint() or {}).get("protocol/trace_interval_s")
        known_s = None if saved is None else float(np.asarray(saved))
    if not known_s:
        raise DataError(
            f"run {run.path} does not say how fast its traces were sampled; give --interval"
        )
    cells = _cells_of_nodes(run)
    for node in range(run.committed["trace"]):
        if cell is not None and cells.get(node) != cell:
            continue
        volts = run.stream("trace", node, node + 1)[0]
        missing = np.flatnonzero(np.isnan(volts))
        volts = volts[: missing[0]] if len(missing) else volts
        if len(volts):
            at = cells.get(node)
            name = f"node {node}" if at is None else str(at)
            yield JunctionTrace(name, at, volts[:samples], float(known_s))


def _by_column(
    run: RunReader, cell: tuple[int, int] | None, samples: int, interval_s: float | None
) -> Iterator[JunctionTrace]:
    names = [name.strip() for name in run.streams["trace"].about.split(",")]
    start, stop, stated_s, pieces = _longest(run)
    used_s = interval_s or stated_s
    if not used_s or not np.isfinite(used_s):
        raise DataError(
            f"run {run.path} does not say how fast its traces were sampled; give --interval"
        )
    note = f"in {pieces} stretches: the longest one without a gap is used" if pieces > 1 else ""
    last = min(stop, start + samples)
    for column in range(run.streams["trace"].shape[0]):
        match = _COLUMN.match(names[column]) if column < len(names) else None
        at = (int(match["row"]), int(match["column"])) if match else None
        if cell is None or cell == at:
            volts = _column(run, column, start, last)
            name = f"column {column}" if at is None else str(at)
            yield JunctionTrace(name, at, volts, float(used_s), note)


def _column(run: RunReader, column: int, start: int, stop: int) -> NDArray[np.floating]:
    """Read in pieces: all columns of a long run would not fit into memory."""
    wide = run.streams["trace"].shape[0] * 4
    piece = max(1, _PIECE_BYTES // wide)
    parts = [
        run.stream("trace", at, min(at + piece, stop))[:, column]
        for at in range(start, stop, piece)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _longest(run: RunReader) -> tuple[int, int, float | None, int]:
    """First and last + 1 sample, interval and number of the stretches without a gap."""
    segments = run.stream("segments")
    end = run.committed["trace"]
    if not len(segments):
        return 0, end, None, 1
    firsts = [int(first) for first in segments[:, 0]]
    stops = [*firsts[1:], end]
    best = max(range(len(firsts)), key=lambda index: stops[index] - firsts[index])
    return firsts[best], stops[best], float(segments[best, 2]), len(firsts)


def _cells_of_nodes(run: RunReader) -> dict[int, tuple[int, int]]:
    """Node -> junction, from the table of junctions."""
    if "junctions" not in run.streams:
        return {}
    names = [name.strip() for name in run.streams["junctions"].about.split(",")]
    if not {"row", "column", "node"} <= set(names):
        return {}
    rows = run.stream("junctions")
    at = [names.index(name) for name in ("row", "column", "node")]
    return {int(node): (int(row), int(column)) for row, column, node in rows[:, at] if node >= 0}


def _known(run: RunReader) -> str:
    if "segments" in run.streams:
        return run.streams["trace"].about
    cells = list(_cells_of_nodes(run).values())
    return ", ".join(str(cell) for cell in cells) or "traces of unknown junctions"
