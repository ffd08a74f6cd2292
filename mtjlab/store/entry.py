"""One line of the catalogue, read from a run file and the notes beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtjlab.core.errors import StoreError
from mtjlab.store import annotations
from mtjlab.store.annotations import Annotations
from mtjlab.store.reader import RunReader

# Results that say most in one line, in this order; what a protocol does not have is left out.
_TELLING = ("train_accuracy", "test_accuracy", "reads_to_target", "noise_ratio")
MOST_CELLS = 65_536


@dataclass(frozen=True)
class Entry:
    """A run as the catalogue lists it.

    Attributes:
        path: of the run file, below the folder of runs.
        day, number: of the file name.
        status: as `RunReader.status`, or `unreadable`; `error` has the reason.
        headline: the telling results, in words.
        notes: texts, one a line.
        words: all that a text search looks at; only while it is being filed.
        cells: junctions (row, column) that the run has rows of; likewise.
        final: whether it can still change by itself.
    """

    path: str
    run_id: str = ""
    day: str = ""
    number: int = 0
    protocol: str = ""
    bench: str = ""
    chip: str = ""
    twin: bool = False
    seed: str = ""
    started: str = ""
    status: str = "unreadable"
    error: str | None = None
    wall_time_s: float | None = None
    bench_time_s: float | None = None
    resumed_from: str = ""
    headline: str = ""
    notes: str = ""
    words: str = ""
    tags: tuple[str, ...] = ()
    cells: tuple[tuple[int, int], ...] = ()
    final: bool = True


def entry_of(path: Path, runs_dir: Path) -> Entry:
    """Read one run file; one that cannot be read gets an entry that says why."""
    name = str(path.relative_to(runs_dir))
    day, number = path.parent.name, int(path.name.split("-")[0])
    said, trouble = Annotations(), None
    try:
        said = annotations.read(path)
    except StoreError as error:
        trouble = str(error)
    notes = "\n".join(text for _, text in said.notes)
    try:
        with RunReader.open(path) as run:
            header, results = run.header, run.results
            searched = [
                header.protocol,
                header.bench,
                header.chip,
                header.command,
                json.dumps(dict(header.parameters)),
                json.dumps(results),
                notes,
                *said.tags,
            ]
            return Entry(
                path=name,
                run_id=header.run_id,
                day=day,
                number=number,
                protocol=header.protocol,
                bench=header.bench,
                chip=header.chip,
                twin=header.twin,
                seed=str(header.seed),
                started=header.started.isoformat(),
                status=run.status,
                error=run.error or trouble,
                wall_time_s=run.wall_time_s,
                bench_time_s=run.bench_time_s,
                resumed_from=header.resumed_from,
                headline=_headline(results),
                notes=notes,
                words="\n".join(searched).lower(),
                tags=said.tags,
                cells=_cells(run),
                final=run.status != "running",
            )
    except StoreError as error:
        words = "\n".join((name, str(error), notes, *said.tags)).lower()
        return Entry(
            path=name,
            day=day,
            number=number,
            error=str(error),
            notes=notes,
            words=words,
            tags=said.tags,
        )


def _headline(results: dict[str, Any]) -> str:
    words = []
    for name in _TELLING:
        value = results.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            words.append(f"{name.replace('_', ' ')} {value:.4g}")
    return ", ".join(words)


def _cells(run: RunReader) -> tuple[tuple[int, int], ...]:
    """Junctions named by streams whose first two columns are row and column."""
    found: set[tuple[int, int]] = set()
    for stream in run.streams.values():
        columns = [name.strip() for name in stream.about.split(",")]
        if columns[:2] == ["row", "column"] and stream.shape == (len(columns),):
            rows = run.stream(stream.name, 0, MOST_CELLS)[:, :2]
            found |= {(int(r), int(c)) for r, c in rows[np.isfinite(rows).all(axis=1)]}
    return tuple(sorted(found))
