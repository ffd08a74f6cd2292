"""Going on with a run that ended early: what a checkpoint holds, and how it is taken up again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Progress, Stream
from mtjlab.runner.channels import Channels
from mtjlab.store import RunReader, RunWriter

PROTOCOL, GENERATOR, GUARD, CHANNELS, DONE, TOTAL = (
    "protocol/",
    "generator/",
    "guard/",
    "channels_last_s",
    "done",
    "total",
)
# Rows are copied from the file that ended early in pieces of about this size.
PIECE_BYTES = 8 * 1024 * 1024


def snapshot(progress: Progress, bench: OpenBench, channels: Channels) -> dict[str, Any]:
    """All that is needed to go on from a committed step; on a twin in this process, its world."""
    return (
        {f"{PROTOCOL}{key}": value for key, value in progress.state.items()}
        | {f"{GENERATOR}{key}": value for key, value in bench.generators.state().items()}
        | {f"{GUARD}{terminal}": volts for terminal, volts in bench.guard.setpoints.items()}
        | dict(bench.world_state())
        | {CHANNELS: channels.last_s, DONE: progress.done, TOTAL: progress.total}
    )


@dataclass(frozen=True)
class Begun:
    """The run that is gone on with, at its last checkpoint.

    Attributes:
        path, run_id: of its file.
        progress: to go on from.
        generators: their states.
        setpoints: what the guard knew each terminal to stand at, V or A.
        world: state of the twin; empty on a real bench.
        channels_last_s: when recorded channels were last read, bench time.
        rows: rows per stream that belong to the checkpoint.
    """

    path: Path
    run_id: str
    progress: Progress
    generators: Mapping[str, str]
    setpoints: Mapping[str, float]
    world: Mapping[str, Any]
    channels_last_s: float
    rows: Mapping[str, int]

    @classmethod
    def of(cls, run: RunReader) -> "Begun":
        """The newest whole checkpoint of a run.

        Raises:
            StoreError: the run still goes on, or has finished, or left no checkpoint.
        """
        name = f"run {run.path}"
        if run.status == "finished":
            raise StoreError(f"{name} has finished: there is nothing left to go on with")
        if run.status == "running":
            raise StoreError(f"{name} is {run.status_text}: stop it first")
        saved = run.checkpoint()
        if saved is None:
            before = run.header.resumed_from
            instead = f"go on with the run before it, {before[:8]}" if before else "run it again"
            raise StoreError(
                f"{name} left no checkpoint (it ended before its first step was over): {instead}"
            )
        ours = {CHANNELS, DONE, TOTAL}
        protocol = _below(PROTOCOL, saved)
        generators = {key: str(value) for key, value in _below(GENERATOR, saved).items()}
        setpoints = {key: _number(value) for key, value in _below(GUARD, saved).items()}
        world = {
            key: value
            for key, value in saved.items()
            if key not in ours and not key.startswith((PROTOCOL, GENERATOR, GUARD))
        }
        progress = Progress(protocol, _number(saved[DONE]), _number(saved[TOTAL]))
        last_s = _number(saved.get(CHANNELS, -np.inf))
        rows = run.checkpoint_rows()
        run_id = run.header.run_id
        return cls(run.path, run_id, progress, generators, setpoints, world, last_s, rows)

    def take_up(self, bench: OpenBench, channels: Channels) -> None:
        """World, generators and channels as they were; after the protocol's `setup`."""
        if bench.simulated is not None and self.world:
            bench.simulated.restore(self.world)
            # Ramps begin at what the guard knows; on a real bench that is what `setup` left.
            for terminal, volts in self.setpoints.items():
                bench.guard.holds(terminal, volts)
        bench.generators.restore(self.generators)
        channels.last_s = self.channels_last_s

    def keep(self, writer: RunWriter | None, streams: Sequence[Stream]) -> dict[str, int]:
        """Copy every row up to the checkpoint, so that the new file is whole by itself.

        Args:
            writer: None for a dry run, which copies nothing.
            streams: declared by the new run.

        Returns:
            Rows that came before, by stream.

        Raises:
            StoreError: the protocol declares other streams today, or the disk is full.
        """
        if writer is not None:
            for name, rows in self._rows(streams):
                writer.append(name, rows)
                writer.commit(done=0.0, total=self.progress.total, bench_time_s=0.0)
            writer.commit(done=self.progress.done, total=self.progress.total, bench_time_s=0.0)
            writer.checkpoint(self._saved())
        return dict(self.rows)

    def _saved(self) -> dict[str, Any]:
        """The checkpoint again: a run that dies at once can be gone on with all the same."""
        return (
            {f"{PROTOCOL}{key}": value for key, value in self.progress.state.items()}
            | {f"{GENERATOR}{key}": value for key, value in self.generators.items()}
            | {f"{GUARD}{terminal}": volts for terminal, volts in self.setpoints.items()}
            | dict(self.world)
            | {
                CHANNELS: self.channels_last_s,
                DONE: self.progress.done,
                TOTAL: self.progress.total,
            }
        )

    def _rows(self, streams: Sequence[Stream]) -> Iterator[tuple[str, NDArray[Any]]]:
        with RunReader.open(self.path) as run:
            for stream in streams:
                name = stream.name
                before = run.streams.get(name)
                if before is None or (before.shape, np.dtype(before.dtype)) != (
                    stream.shape,
                    np.dtype(stream.dtype),
                ):
                    raise StoreError(
                        f"run {self.path} has {before or 'no'} stream {name!r}, but this mtjlab "
                        f"makes {stream}: go on with the version that made it "
                        f"({run.header.versions.get('mtjlab', 'unknown')})"
                    )
                row_bytes = max(1, int(np.prod(stream.shape)) * np.dtype(stream.dtype).itemsize)
                piece = max(1, PIECE_BYTES // row_bytes)
                for start in range(0, self.rows[name], piece):
                    yield name, run.stream(name, start, min(start + piece, self.rows[name]))


def _below(prefix: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)}


def _number(value: Any) -> float:
    return float(value)
