"""`mtjlab run` in a process of its own, killed at a given moment, and what its file is worth."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mtjlab.store import RunReader, compare, repair

# What is run; long enough that most moments fall between its first checkpoint and its end.
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "noise_learning": ("--set", "epochs=150"),
    "telegraph": ("--set", "duration_s=5", "--set", "cells=[[0,0],[0,1]]"),
}
_LOOK_EVERY_S = 0.002
# A loaded machine takes its time to import the package, and to compile what it has not yet.
_BEGINS_WITHIN_S = 600.0


def command(verb: str, *arguments: str) -> list[str]:
    """One verb of the command line, in a fresh interpreter."""
    return [sys.executable, "-m", "mtjlab", verb, *arguments, "--json"]


@dataclass(frozen=True)
class Whole:
    """A run that nobody interrupted, and how long it took from its file to its end."""

    path: Path
    seconds: float


def whole(protocol: str, seed: int, folder: Path) -> Whole:
    """Run to the end."""
    arguments = (protocol, *PROTOCOLS[protocol], "--seed", str(seed))
    path, process = begun(command("run", *arguments, "--out", str(folder)), folder)
    began_s = time.monotonic()
    said, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{protocol} does not even run by itself: {said}")
    return Whole(path, time.monotonic() - began_s)


def begun(arguments: Sequence[str], folder: Path) -> tuple[Path, subprocess.Popen[str]]:
    """A process that has just made its run file in an empty folder."""
    folder.mkdir(parents=True)
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    until_s = time.monotonic() + _BEGINS_WITHIN_S
    while process.poll() is None and time.monotonic() < until_s:
        if found := list(folder.glob("*/[0-9]*.h5")):
            return found[0], process
        time.sleep(_LOOK_EVERY_S)
    process.kill()
    said, _ = process.communicate()
    raise RuntimeError(f"no run file came: {said}")


def _rows(run: RunReader) -> dict[str, np.ndarray]:
    return {name: run.stream(name) for name in run.streams}


def killed(arguments: Sequence[str], folder: Path, after_s: float) -> tuple[Path, float] | None:
    """SIGKILL so long after the run file came to be.

    Returns:
        The file and the wall clock of the death; None if the run was over before.
    """
    path, process = begun(arguments, folder)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        unix_s = time.time()
        os.kill(process.pid, signal.SIGKILL)
    else:
        return None
    finally:
        process.communicate()
    with RunReader.open(path) as run:
        # Its file was closed; only the picture was still being drawn.
        return None if run.status == "finished" else (path, unix_s)


@dataclass
class Death:
    """What was found of one.

    Attributes:
        after_s: from the run file to the death.
        wrong: everything that should not be, in words.
        missing_s: from the last status that was kept to the death; None where no step was over.
        resumed: whether the run was gone on with.
        deaths: of the same run, one after another.
    """

    after_s: float
    wrong: list[str]
    missing_s: float | None = None
    resumed: bool = False
    deaths: int = 1

    def examine(self, path: Path, unix_s: float, reference: Path) -> bool:
        """Look at the file of a run that died; True if it has a checkpoint."""
        with RunReader.open(path) as run, RunReader.open(reference) as complete:
            if run.status != "died":
                self.wrong.append(f"status {run.status}")
            if run.done > 0.0 or any(run.committed.values()):
                self.missing_s = max(0.0, unix_s - run.committed_unix_s)
            for stream in compare(run, complete).streams:
                if not stream.same or stream.compared != stream.rows_one:
                    self.wrong.append(f"rows of {stream.name} are not those of the whole run")
            checkpoint = run.checkpoint()
            if checkpoint is None and run.done > 0.0:
                self.wrong.append("steps, but no checkpoint")
            rows = _rows(run)
        with h5py.File(path, "r", swmr=True) as file:
            self._compare(file, rows, "before repair")
        return checkpoint is not None

    def mend(self, path: Path, copy: Path) -> None:
        """Repair a copy: any HDF5 program opens it then, and nothing is lost."""
        shutil.copyfile(path, copy)
        if not repair(copy):
            self.wrong.append("nothing to repair")
        with RunReader.open(path) as run:
            rows = _rows(run)
        with h5py.File(copy) as file:
            if file.attrs["status"] != b"died":
                self.wrong.append(f"repaired, but {file.attrs['status']}")
            self._compare(file, rows, "after repair")

    def _compare(self, file: Any, rows: dict[str, np.ndarray], when: str) -> None:
        for name, kept in rows.items():
            seen = file[f"data/{name}"][: len(kept)]
            if seen.tobytes() != kept.tobytes():
                self.wrong.append(f"{when} h5py reads other rows of {name}")

    def go_on(self, path: Path, folder: Path) -> None:
        """`mtjlab resume`, to the end."""
        done = subprocess.run(
            command("resume", str(path), "--out", str(folder)),
            capture_output=True,
            text=True,
            check=False,
        )
        self.resumed = True
        if done.returncode != 0:
            self.wrong.append(f"resume ended with {done.returncode}: {done.stdout[-300:]}")

    def compare(self, folder: Path, reference: Path) -> None:
        """The run gone on with against the one that was never interrupted."""
        files = list(folder.glob("*/[0-9]*.h5"))
        if len(files) != 1:
            return
        with RunReader.open(files[0]) as again, RunReader.open(reference) as complete:
            found = compare(again, complete)
            if not found.same_rows:
                parts = [s.name for s in found.streams if not s.same or s.rows_one != s.rows_two]
                self.wrong.append(f"resumed, other rows in {', '.join(parts)}")
            if found.results:
                self.wrong.append(f"resumed, other results: {found.results}")

    def refused(self, path: Path, folder: Path) -> None:
        """Without a checkpoint `mtjlab resume` must say so and leave no file."""
        done = subprocess.run(
            command("resume", str(path), "--out", str(folder)),
            capture_output=True,
            text=True,
            check=False,
        )
        error = json.loads(done.stdout).get("error") or {}
        if done.returncode == 0 or "no checkpoint" not in error.get("message", ""):
            self.wrong.append(f"no checkpoint, but resume said {done.stdout[-300:]}")
        if list(folder.glob("*/[0-9]*.h5")):
            self.wrong.append("no checkpoint, but resume left a file")
