"""What somebody who looks for a run wants to know of it, without reading its rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtjlab.core.errors import StoreError
from mtjlab.store import annotations
from mtjlab.store.annotations import Annotations
from mtjlab.store.catalogue import Catalogue
from mtjlab.store.compare import Difference, differences
from mtjlab.store.entry import Entry
from mtjlab.store.reader import RunReader


@dataclass(frozen=True)
class Glance:
    """One run.

    Attributes:
        path: of the run file.
        entry: as the catalogue lists it; None if it does not (any more).
        status: in words, with what cannot be known from here.
        error: why it did not finish, or why it cannot be read.
        parameters, results: of the protocol; empty if it cannot be read.
        rows: committed, by stream.
        before: the run of the same protocol before it, if there is one.
        changed: parameters that differ; `one` is of `before`, `two` of this run.
        said: notes and tags; empty where they cannot be read, with the reason in `trouble`.
        picture: the PNG beside the run file, if it is there.
    """

    path: Path
    entry: Entry | None
    status: str
    error: str | None
    parameters: dict[str, Any]
    results: dict[str, Any]
    rows: dict[str, int]
    before: Path | None
    changed: tuple[Difference, ...]
    said: Annotations
    trouble: str | None
    picture: Path | None


def glance(runs_dir: Path, name: str) -> Glance:
    """Look at one run file of a catalogue that has been refreshed.

    Args:
        runs_dir: the folder of runs.
        name: path of the run file below it, as in `Entry`.

    Raises:
        StoreError: the file is gone.
    """
    path = runs_dir / name
    if not path.exists():
        raise StoreError(f"run file {path} is no longer there")
    with Catalogue(runs_dir) as catalogue:
        entry = catalogue.entry(name)
        earlier = catalogue.before(name)
    said, trouble = Annotations(), None
    try:
        said = annotations.read(path)
    except StoreError as error:
        trouble = str(error)
    status, why = "unreadable", None
    parameters: dict[str, Any] = {}
    results: dict[str, Any] = {}
    rows: dict[str, int] = {}
    try:
        with RunReader.open(path) as run:
            status, why = run.status_text, run.error
            parameters, results = dict(run.header.parameters), run.results
            rows = dict(run.committed)
    except StoreError as error:
        why = str(error)
    before = None if earlier is None else runs_dir / earlier.path
    drawn = path.with_suffix(".png")
    return Glance(
        path=path,
        entry=entry,
        status=status,
        error=why,
        parameters=parameters,
        results=results,
        rows=rows,
        before=before,
        changed=() if before is None or not parameters else _changed(before, parameters),
        said=said,
        trouble=trouble,
        picture=drawn if drawn.exists() else None,
    )


def _changed(before: Path, parameters: dict[str, Any]) -> tuple[Difference, ...]:
    try:
        with RunReader.open(before) as run:
            return differences(run.header.parameters, parameters)
    except StoreError:
        return ()
