"""All runs below a folder in one SQLite table, which is only ever a copy of what the files say.

`catalogue.sqlite` in the folder of runs may be deleted at any time: it is made again from the run
files and the notes beside them. Where the folder cannot be written the copy is kept in memory.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mtjlab.core.errors import StoreError
from mtjlab.store.annotations import SUFFIX
from mtjlab.store.entry import Entry, entry_of
from mtjlab.store.folder import stamps
from mtjlab.store.query import Query

FILE = "catalogue.sqlite"
# Another layout has another number; a catalogue of an older one is made again.
LAYOUT = 2
# Files read between two writes.
PIECE = 200

_TABLES = """
CREATE TABLE runs (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, final INTEGER NOT NULL,
    run_id TEXT, day TEXT, number INTEGER, protocol TEXT, bench TEXT, chip TEXT, twin INTEGER,
    seed TEXT, started TEXT, status TEXT, error TEXT, wall_time_s REAL, bench_time_s REAL,
    resumed_from TEXT, headline TEXT, notes TEXT);
CREATE TABLE texts (path TEXT PRIMARY KEY, words TEXT) WITHOUT ROWID;
CREATE TABLE cells (path TEXT, row INTEGER, col INTEGER);
CREATE TABLE tags (path TEXT, tag TEXT);
CREATE INDEX by_day ON runs (day, number);
CREATE INDEX cells_of ON cells (row, col);
CREATE INDEX cells_by_path ON cells (path);
CREATE INDEX tags_of ON tags (tag);
CREATE INDEX tags_by_path ON tags (path);
"""
# As in `Entry`.
_COLUMNS = (
    "path",
    "run_id",
    "day",
    "number",
    "protocol",
    "bench",
    "chip",
    "twin",
    "seed",
    "started",
    "status",
    "error",
    "wall_time_s",
    "bench_time_s",
    "resumed_from",
    "headline",
    "notes",
)


class Catalogue:
    """The runs of one folder; a context manager.

    Args:
        runs_dir: the folder of runs; need not exist yet.
    """

    def __init__(self, runs_dir: Path) -> None:
        self.runs_dir = runs_dir
        self._db = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def refresh(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Look at every file that is new or has changed, the newest first.

        A file that cannot be read is listed as `unreadable`, with the reason.

        Args:
            progress: called with (files read, files to read) after each `PIECE`, when those are
                kept and can be found. What it raises ends the look.

        Returns:
            How many were read.
        """
        there = stamps(self.runs_dir, SUFFIX)
        known = {
            path: (stamp, final)
            for path, stamp, final in self._db.execute("SELECT path, stamp, final FROM runs")
        }
        stale = [path for path, stamp in there.items() if known.get(path) != (stamp, 1)]
        stale.sort(reverse=True)
        gone = known.keys() - there.keys()
        with self._db:
            for name in gone:
                self._forget(name)
        # Kept piece by piece: whoever interrupts a long first look does not begin again.
        for start in range(0, len(stale), PIECE):
            entries = [
                entry_of(self.runs_dir / path, self.runs_dir)
                for path in stale[start : start + PIECE]
            ]
            with self._db:
                for found in entries:
                    self._forget(found.path)
                    self._keep(found, there[found.path])
            if progress is not None:
                progress(min(start + PIECE, len(stale)), len(stale))
        return len(stale)

    def find(self, query: Query) -> list[Entry]:
        """Runs that match all that was asked, the newest first."""
        where, values = query.sql()
        limit = "" if query.limit is None else f" LIMIT {int(query.limit)}"
        rows = self._db.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM runs WHERE {where} "
            f"ORDER BY day DESC, number DESC{limit}",
            values,
        ).fetchall()
        tags: dict[str, list[str]] = {}
        for path, tag in self._db.execute("SELECT path, tag FROM tags ORDER BY rowid"):
            tags.setdefault(path, []).append(tag)
        return [_entry(row, tags.get(row[0], ())) for row in rows]

    def entry(self, path: str) -> Entry | None:
        """One run by its path, as in `Entry`; None if it is not listed."""
        names = ", ".join(_COLUMNS)
        row = self._db.execute(f"SELECT {names} FROM runs WHERE path = ?", (path,)).fetchone()
        if row is None:
            return None
        tags = self._db.execute("SELECT tag FROM tags WHERE path = ? ORDER BY rowid", (path,))
        return _entry(row, [tag for (tag,) in tags])

    def before(self, path: str) -> Entry | None:
        """The run of the same protocol that was made before; None if there is none.

        Args:
            path: as in `Entry`, of a run that has been looked at.
        """
        rows = self._db.execute(
            f"SELECT {', '.join('b.' + name for name in _COLUMNS)} FROM runs a JOIN runs b "
            "ON b.protocol = a.protocol AND (b.day, b.number) < (a.day, a.number) "
            "WHERE a.path = ? AND b.status != 'unreadable' "
            "ORDER BY b.day DESC, b.number DESC LIMIT 1",
            (path,),
        ).fetchall()
        return _entry(rows[0], ()) if rows else None

    def _keep(self, found: Entry, stamp: str) -> None:
        values = [found.path, stamp, int(found.final), *(getattr(found, n) for n in _COLUMNS[1:])]
        marks = ", ".join("?" * len(values))
        names = ", ".join(["path", "stamp", "final", *_COLUMNS[1:]])
        self._db.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", values)
        self._db.execute("INSERT INTO texts VALUES (?, ?)", (found.path, found.words))
        self._db.executemany(
            "INSERT INTO cells VALUES (?, ?, ?)", [(found.path, r, c) for r, c in found.cells]
        )
        self._db.executemany(
            "INSERT INTO tags VALUES (?, ?)", [(found.path, tag) for tag in found.tags]
        )

    def _forget(self, path: str) -> None:
        for table in ("runs", "texts", "cells", "tags"):
            self._db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))

    def _opened(self) -> sqlite3.Connection:
        path = self.runs_dir / FILE
        if not self.runs_dir.is_dir():
            return _ready(sqlite3.connect(":memory:"))
        for _ in range(2):
            try:
                return _ready(sqlite3.connect(path, timeout=10.0))
            except sqlite3.OperationalError as error:
                # Read-only, or on a disk that cannot lock: the files are all that matters.
                if "locked" in str(error):
                    raise StoreError(f"catalogue {path} is busy: {error}. Try again") from error
                break
            except sqlite3.DatabaseError:
                with suppress(OSError):
                    path.unlink()
        return _ready(sqlite3.connect(":memory:"))


def _ready(db: sqlite3.Connection) -> sqlite3.Connection:
    try:
        (layout,) = db.execute("PRAGMA user_version").fetchone()
        if layout != LAYOUT:
            with db, closing(db.cursor()) as cursor:
                names = cursor.execute(
                    "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
                    "ORDER BY type = 'table'"
                ).fetchall()
                for kind, name in names:
                    cursor.execute(f'DROP {kind} IF EXISTS "{name}"')
                for statement in filter(str.strip, _TABLES.split(";")):
                    cursor.execute(statement)
                cursor.execute(f"PRAGMA user_version = {LAYOUT}")
    except BaseException:
        db.close()
        raise
    return db


def _entry(row: Sequence[Any], tags: Sequence[str]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Entry(**values | {"twin": bool(values["twin"])}, tags=tuple(tags))
