"""Notes and tags of a run: one more file beside it, to which lines are only ever added.

The run file itself is never changed. `NNN-protocol-shortid.notes.jsonl` has one JSON object a
line: `when` (ISO, UTC) and one of `note`, `tag`, `untag`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mtjlab.core.errors import StoreError, UsageError

SUFFIX = ".notes.jsonl"
_TAG = re.compile(r"[^\s,]{1,40}\Z")


@dataclass(frozen=True)
class Annotations:
    """What people have said of a run.

    Attributes:
        notes: (when, text), in order.
        tags: in the order in which they were given.
    """

    notes: tuple[tuple[datetime, str], ...] = ()
    tags: tuple[str, ...] = ()


def beside(run_file: Path) -> Path:
    """The file of a run's notes; it need not exist."""
    return run_file.with_name(run_file.name.removesuffix(".h5") + SUFFIX)


def read(run_file: Path) -> Annotations:
    """Everything said of a run so far.

    Raises:
        StoreError: the file of notes cannot be read.
    """
    notes: list[tuple[datetime, str]] = []
    tags: dict[str, None] = {}
    for when, kind, text in _lines(beside(run_file)):
        if kind == "note":
            notes.append((when, text))
        elif kind == "tag":
            tags[text] = None
        elif kind == "untag":
            tags.pop(text, None)
    return Annotations(tuple(notes), tuple(tags))


def add_note(run_file: Path, text: str, *, now: datetime) -> None:
    """Keep one note.

    Raises:
        UsageError: it is empty; StoreError: it cannot be written.
    """
    if not text.strip():
        raise UsageError("the note is empty; give it as text in quotes")
    _append(run_file, "note", text.strip(), now)


def set_tag(run_file: Path, tag: str, *, on: bool, now: datetime) -> None:
    """Give a tag to a run, or take it away.

    Raises:
        UsageError: not one word; or to be taken away and not there.
        StoreError: it cannot be written.
    """
    if not _TAG.match(tag):
        raise UsageError(f"tag {tag!r}: one word of up to 40 characters, without commas")
    has = tag in read(run_file).tags
    if not on and not has:
        raise UsageError(f"run {run_file} has no tag {tag!r}")
    if on != has:
        _append(run_file, "tag" if on else "untag", tag, now)


def _append(run_file: Path, kind: str, text: str, now: datetime) -> None:
    path = beside(run_file)
    line = json.dumps({"when": now.astimezone(UTC).isoformat(), kind: text}, ensure_ascii=False)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise StoreError(f"notes {path} cannot be written: {error.strerror}") from error


def _lines(path: Path) -> Iterator[tuple[datetime, str, str]]:
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.strip():
                found = json.loads(line)
                when = datetime.fromisoformat(found.pop("when"))
                ((kind, text),) = found.items()
                yield when, str(kind), str(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"notes {path} cannot be read: {error}. Mend the line by hand; the run is untouched"
        ) from error
