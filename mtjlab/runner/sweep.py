"""Runs a sweep: a journal of what is done, so that another call does only what is not."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from mtjlab.core.errors import StoreError
from mtjlab.runner.sweep_file import Point, Sweep
from mtjlab.runner.sweep_point import task_of
from mtjlab.runner.sweep_workers import Ended, locally, on_cluster
from mtjlab.store import check_runs_dir

JOURNAL = "points.jsonl"


@dataclass(frozen=True)
class Ran:
    """A point and what became of it; `found` as `run_point` tells it, None if it has not run."""

    point: Point
    found: Mapping[str, Any] | None

    @property
    def status(self) -> str:
        """finished, failed, aborted or not run."""
        return "not run" if self.found is None else str(self.found["status"])


@dataclass
class SweepRun:
    """One call of a sweep.

    Attributes:
        sweep: the file.
        runs_dir: where run files go; the sweep's own folder is in it.
        workers: processes at a time.
        scheduler: address of a Dask cluster to use instead; None: this computer.
        command: for the run files.
        again: run finished points, too.
        ended: told after each point: how many of how many are done, and the point.
        stopping: set it to end early.
    """

    sweep: Sweep
    runs_dir: Path
    workers: int = 2
    scheduler: str | None = None
    command: str = ""
    again: bool = False
    ended: Callable[[int, int, Ran], None] = lambda _done, _total, _ran: None
    stopping: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.folder = self.runs_dir / "sweeps" / self.sweep.name
        self._found: dict[str, Mapping[str, Any]] = {}

    def run(self) -> None:
        """Every point that is not done yet.

        Raises:
            StoreError: the folder of runs cannot be written.
            UsageError, InstrumentError: the cluster is not there.
        """
        check_runs_dir(self.runs_dir)
        self.folder.mkdir(parents=True, exist_ok=True)
        known = {} if self.again else _finished(self.folder / JOURNAL)
        points = {point.key: point for point in self.sweep.points}
        self._found = {key: known[key] for key in points if key in known}
        self.kept = len(self._found)
        tasks = {
            key: task_of(self.sweep, point, self.runs_dir, f"sweep-{self.sweep.name}", self.command)
            for key, point in points.items()
            if key not in self._found
        }

        def ended(key: str, found: Mapping[str, Any]) -> None:
            self._found[key] = found
            _write(self.folder / JOURNAL, {"key": key, **found})
            self.ended(len(self._found), len(points), Ran(points[key], found))

        self._carry_out(tasks, ended)

    def _carry_out(self, tasks: Mapping[str, str], ended: Ended) -> None:
        if not tasks:
            return
        if self.scheduler is None:
            locally(tasks, self.workers, ended, self.stopping)
        else:
            on_cluster(tasks, self.scheduler, ended, self.stopping)

    @property
    def ran(self) -> list[Ran]:
        """Every point, in the order of the file."""
        return [Ran(point, self._found.get(point.key)) for point in self.sweep.points]


def _finished(journal: Path) -> dict[str, Mapping[str, Any]]:
    """Points that an earlier call has finished, and whose run files are still there."""
    try:
        lines = journal.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"journal {journal} cannot be read: {error.strerror}") from error
    found: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        try:
            told = json.loads(line)
            key, file = told.pop("key"), told["run_file"]
            done = told["status"] == "finished" and file is not None
        except (ValueError, KeyError, TypeError, AttributeError):
            # The last line of a program that was killed.
            continue
        if done and Path(file).is_file():
            found[key] = told
    return found


def _write(journal: Path, line: Mapping[str, Any]) -> None:
    try:
        with journal.open("a", encoding="utf-8") as file:
            # A line that a killed program left unfinished must not swallow this one.
            file.write(("\n" if _torn(journal) else "") + json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"journal {journal} cannot be written: {error.strerror}") from error


def _torn(journal: Path) -> bool:
    size = journal.stat().st_size
    if size == 0:
        return False
    with journal.open("rb") as file:
        file.seek(size - 1)
        return file.read() != b"\n"
