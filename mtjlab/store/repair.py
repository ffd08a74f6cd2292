"""A run file whose writer died, made readable for every HDF5 program.

A killed writer leaves its mark in the superblock, and without SWMR nobody opens such a file.
Taking the mark away is all that `h5clear -s` does, too; rows and chunks are not touched.
"""

import os
from pathlib import Path

import h5py
import numpy as np

from mtjlab.core.errors import StoreError
from mtjlab.store.lookup3 import lookup3
from mtjlab.store.reader import RunReader
from mtjlab.store.superblock import CHECKSUM_AT, LENGTH, Superblock

_FLAGS_AT = 11


def repair(path: Path) -> bool:
    """Let any HDF5 program open the file of a run that died; nothing that was flushed is lost.

    Returns:
        Whether there was anything to repair.

    Raises:
        StoreError: the run still goes on, or the file is cut short or damaged.
    """
    with RunReader.open(path) as run:
        if run.status == "running":
            raise StoreError(f"run {path} is {run.status_text}; only a run that died is repaired")
    block = Superblock.of(path)
    if not block.has_writer:
        return False
    try:
        with path.open("r+b") as file:
            head = bytearray(file.read(LENGTH))
            head[_FLAGS_AT] = 0
            head[CHECKSUM_AT:] = lookup3(head[:CHECKSUM_AT]).to_bytes(4, "little")
            file.seek(0)
            file.write(head)
            file.flush()
            os.fsync(file.fileno())
        # Space that was reserved for rows that never came.
        os.truncate(path, block.end_bytes)
        with h5py.File(path, "r+", libver="latest") as opened:
            opened.attrs.modify("status", np.array(b"died", dtype="S10"))
    except OSError as error:
        raise StoreError(f"run file {path} cannot be repaired: {error}") from error
    return True
