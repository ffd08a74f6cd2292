"""Two checkpoint slots in an open run file, written in turn and overwritten in place."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from mtjlab.store import records
from mtjlab.store.schema import SLOT_CHUNK_BYTES, SLOT_RECORDS, SLOTS


def growth_bytes(file: Any, blob: bytes, sequence: int) -> int:
    """How much larger the file becomes by storing `blob`."""
    return max(0, _room(len(blob)) - int(file[SLOTS[sequence % 2]].shape[0]))


def write(file: Any, blob: bytes, *, sequence: int, committed: Mapping[str, int]) -> None:
    """Store `blob` in the older slot; the caller flushes afterwards.

    Args:
        file: an `h5py.File` in SWMR mode.
        blob: the encoded state.
        sequence: 1, 2, 3 ...; chooses the slot.
        committed: rows per stream that belong to this state.
    """
    index = sequence % 2
    slot = file[SLOTS[index]]
    room = _room(len(blob))
    if room > slot.shape[0]:
        slot.resize(room, axis=0)
    slot[: len(blob)] = np.frombuffer(blob, np.uint8)
    # The bytes must be on their way to the disk before the record that vouches for them.
    file.flush()
    record = np.zeros(1, file[SLOT_RECORDS].dtype)
    record["sequence"] = sequence
    record["length"] = len(blob)
    record["blob_crc32"] = zlib.crc32(blob)
    for name, count in committed.items():
        record["committed"][name] = count
    file[SLOT_RECORDS][index : index + 1] = records.sealed(record)


def read(file: Any) -> tuple[bytes, dict[str, int]] | None:
    """Newest whole blob and the rows that belong to it; None if there is none."""
    table = file[SLOT_RECORDS][:]
    for index in records.newest_first(table):
        record = table[index]
        length = int(record["length"])
        blob = file[SLOTS[index]][:length].tobytes()
        if len(blob) == length and zlib.crc32(blob) == int(record["blob_crc32"]):
            return blob, records.counts(record["committed"])
    return None


def _room(length: int) -> int:
    return -(-length // SLOT_CHUNK_BYTES) * SLOT_CHUNK_BYTES
