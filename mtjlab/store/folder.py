"""The folder of runs: is it usable, which number is next, which file is meant."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mtjlab.core.errors import StoreError

LEAST_FREE_BYTES = 64 * 1024 * 1024

_NUMBERED = re.compile(r"\.?(\d+)[-.]")
_RUN_FILE = re.compile(r"(\d+)-.*\.h5\Z")


def check_runs_dir(path: Path) -> None:
    """Make sure that runs can be written below `path`, before anything is switched on.

    Creates the folder; writes and removes a small file.

    Raises:
        StoreError: cannot be created or written, or less than 64 MiB are free.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path).free
        if free >= LEAST_FREE_BYTES:
            with tempfile.NamedTemporaryFile(dir=path, prefix=".probe-") as probe:
                probe.write(bytes(4096))
                probe.flush()
                os.fsync(probe.fileno())
    except OSError as error:
        raise StoreError(
            f"run folder {path} cannot be written: {error.strerror or error}. "
            "Choose another with --out or MTJLAB_RUNS; nothing was switched on"
        ) from error
    if free < LEAST_FREE_BYTES:
        raise StoreError(
            f"run folder {path}: only {free / 2**20:.1f} MiB are free on its disk, at least "
            f"{LEAST_FREE_BYTES // 2**20} MiB are needed. Make room or choose another with --out "
            "or MTJLAB_RUNS; nothing was switched on"
        )


def claim_number(day: Path) -> tuple[int, Path]:
    """Take the next free number of a day's folder; safe against other processes.

    Returns:
        The number and an empty hidden file `.NNN.part` that holds the claim. Whoever claimed
        renames it to the run file, or removes it.
    """
    while True:
        number = max(_numbers(day), default=0) + 1
        part = day / f".{number:03d}.part"
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        # Another process may have claimed, finished and renamed since the folder was listed.
        if number not in _numbers(day, without=part.name):
            return number, part
        part.unlink()


def _numbers(day: Path, without: str = "") -> set[int]:
    found = (_NUMBERED.match(name) for name in os.listdir(day) if name != without)
    return {int(match.group(1)) for match in found if match}


def run_files(runs_dir: Path) -> list[Path]:
    """All run files below `runs_dir`, the oldest first."""
    return [runs_dir / day / name for day, name in sorted_names(runs_dir)]


def sorted_names(runs_dir: Path) -> list[tuple[str, str]]:
    """Day and name of every run file, the oldest first."""
    found = [
        (day, int(match.group(1)), name)
        for day, entries in days(runs_dir)
        for name, entry in entries.items()
        if (match := _RUN_FILE.match(name)) and entry.is_file()
    ]
    return [(day, name) for day, _, name in sorted(found)]


def stamps(runs_dir: Path, notes: str) -> dict[str, str]:
    """`day/name` of every run file -> size and time of it and of its notes.

    A stamp changes whenever either does. Ten thousand files are looked at in some ten
    milliseconds, which `pathlib` would take a second for.

    Args:
        runs_dir: the folder of runs.
        notes: what the name of a file of notes has in place of `.h5`.
    """
    found: dict[str, str] = {}
    for day, entries in days(runs_dir):
        for name, entry in entries.items():
            if _RUN_FILE.match(name) and entry.is_file():
                beside = entries.get(name.removesuffix(".h5") + notes)
                found[f"{day}/{name}"] = f"{_stamp(entry)} {_stamp(beside)}"
    return found


def days(runs_dir: Path) -> Iterator[tuple[str, dict[str, "os.DirEntry[str]"]]]:
    """What each folder of a day holds, by name; nothing where there are no runs."""
    try:
        with os.scandir(runs_dir) as found:
            folders = [entry for entry in found if entry.is_dir()]
    except OSError:
        return
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as inside:
            yield folder.name, {entry.name: entry for entry in inside}


def _stamp(entry: "os.DirEntry[str] | None") -> str:
    if entry is None:
        return "-"
    try:
        found = entry.stat()
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}"


def find_run(runs_dir: Path, text: str) -> Path:
    """The run file that a user means.

    Args:
        runs_dir: the folder of runs.
        text: a path, the beginning of a run id, a file name without `.h5`, `YYYY-MM-DD/NNN`, or
            `latest`.

    Raises:
        StoreError: none, or more than one.
    """
    if text != "latest" and Path(text).is_file():
        return Path(text)
    files = run_files(runs_dir)
    if not files:
        raise StoreError(f"no run {text!r}: there are no run files below {runs_dir}")
    if text == "latest":
        return files[-1]
    found = [path for path in files if _meant(path, text)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(_name(path) for path in found[:5])
        raise StoreError(f"{len(found)} runs match {text!r}: {names}. Give more of it")
    raise StoreError(f"no run {text!r} below {runs_dir}; the latest is {_name(files[-1])}")


def _meant(path: Path, text: str) -> bool:
    short = _short_id(path)
    # The file name has eight characters of the id; `text` may have more, or fewer.
    by_id = short.startswith(text) or (len(short) >= 8 and text.startswith(short))
    number = path.name.split("-")[0]
    return by_id or text in (path.stem, _name(path), f"{path.parent.name}/{number}")


def _short_id(path: Path) -> str:
    return path.stem.rpartition("-")[2]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
