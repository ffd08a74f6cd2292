"""The open HDF5 file behind a writer: appending, and two records overwritten in turn."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.store import records, schema, slots
from mtjlab.store.reservation import Reservation
from mtjlab.store.structure import open_for_appending
from mtjlab.store.superblock import Superblock

HEADROOM_BYTES = 1024 * 1024


class Appender:
    """Every change that a run file may see after its structure was made.

    Raises what h5py raises. Not one of the methods makes a new object: see `structure`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_for_appending(path)
        self._datasets: dict[str, Any] = {}
        self._reservation = Reservation(self._file.id.get_vfd_handle(), path)
        self._headroom_bytes = HEADROOM_BYTES + sum(
            math.prod(rows.chunks) * rows.dtype.itemsize
            for rows in self._file[schema.DATA].values()
        )
        self._status_sequence = 0
        self._checkpoints = 0

    def _dataset(self, name: str) -> Any:
        if name not in self._datasets:
            self._datasets[name] = self._file[name]
        return self._datasets[name]

    def reserve(self, payload_bytes: int) -> None:
        """Take the disk space that this much more needs, and what ending the run needs.

        Raises:
            OSError: there is not enough; nothing was touched.
        """
        # Twice: rows that do not fill their chunks to the edge take up to twice their size.
        wanted = 2 * payload_bytes + self._headroom_bytes
        self._reservation.ensure(int(self._file.id.get_filesize()) + wanted)

    def extend(self, name: str, start: int, blocks: Sequence[NDArray[Any]]) -> None:
        """Put blocks one after another at row `start`, which is where the dataset should end."""
        rows = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        dataset = self._dataset(name)
        dataset.resize(start + len(rows), axis=0)
        dataset[start:] = rows

    def rows(self, name: str) -> int:
        """Length of a dataset."""
        return int(self._dataset(name).shape[0])

    def flush(self) -> None:
        """Hand everything to the operating system: it survives the death of this process."""
        self._file.flush()

    def sync(self) -> None:
        """Bring everything to the disk: it survives a loss of power."""
        self._file.flush()
        os.fsync(self._file.id.get_vfd_handle())

    def write_status(
        self,
        state: str,
        *,
        progress: tuple[float, float, float],
        unix_s: float,
        committed: Mapping[str, int],
    ) -> None:
        """Say how far the run has come, and flush; `progress` is done, total, bench time in s."""
        self._status_sequence += 1
        dataset = self._dataset(schema.STATUS)
        record = np.zeros(1, dataset.dtype)
        record["sequence"] = self._status_sequence
        record["state"] = state
        record["done"], record["total"], record["bench_time_s"] = progress
        record["unix_s"] = unix_s
        for name, count in committed.items():
            record["committed"][name] = count
        index = self._status_sequence % 2
        dataset[index : index + 1] = records.sealed(record)
        self._file.flush()

    def checkpoint_growth_bytes(self, blob: bytes) -> int:
        """How much larger the file becomes with the next checkpoint."""
        return slots.growth_bytes(self._file, blob, self._checkpoints + 1)

    def write_checkpoint(self, blob: bytes, committed: Mapping[str, int]) -> None:
        """Overwrite the older slot, and sync."""
        self._checkpoints += 1
        slots.write(self._file, blob, sequence=self._checkpoints, committed=committed)
        self.sync()

    def write_ending(self, state: str, *, complete: bool, summary: bytes) -> None:
        """Summary and the two root attributes that change; the status record comes before."""
        dataset = self._dataset(schema.SUMMARY)
        dataset.resize(len(summary), axis=0)
        dataset[:] = np.frombuffer(summary, np.uint8)
        self._file.flush()
        # In place and of fixed length: the only attributes that ever change, in the last moment.
        self._file.attrs.modify("status", np.bytes_(state))
        self._file.attrs.modify("complete", complete)
        self.sync()

    def close(self) -> None:
        """Close; from now on any HDF5 program opens the file."""
        self._datasets.clear()
        self._file.close()
        # What was reserved and not used goes back.
        os.truncate(self._path, Superblock.of(self._path).end_bytes)
