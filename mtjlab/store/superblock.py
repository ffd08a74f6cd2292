"""The first 48 bytes of an HDF5 file: has it a writer, and is all of it there?

HDF5 itself answers neither well. Without SWMR it refuses a file whose writer was killed; with
SWMR it reads zeros where a file was cut short, or tries for ever. Layout: HDF5 File Format
Specification, version 3.0, section II.A, superblock versions 2 and 3.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mtjlab.core.errors import StoreError
from mtjlab.store.lookup3 import lookup3

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LENGTH = 48
CHECKSUM_AT = 44
_SWMR_WRITER = 0x04
# A writer may be at it just while we read.
_TRIES = 5


@dataclass(frozen=True)
class Superblock:
    """What is needed to choose how to open the file.

    Attributes:
        has_writer: marked as open for appending; the writer may be dead.
        end_bytes: where HDF5's own data end; the file may be longer.
    """

    has_writer: bool
    end_bytes: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Look at a file.

        Raises:
            StoreError: no such file, not HDF5, damaged, or shorter than it says of itself.
        """
        try:
            head = _read(path)
            size = path.stat().st_size
        except OSError as error:
            raise StoreError(f"run file {path} cannot be read: {error.strerror}") from error
        if not head.startswith(SIGNATURE):
            raise StoreError(f"{path} is not a run file: it does not begin as an HDF5 file does")
        if len(head) < LENGTH:
            raise StoreError(f"run file {path} is cut short: {size} bytes are left")
        if head[8] < 2:
            # Written by other programs; never ours. HDF5 opens it, and our format check follows.
            return cls(has_writer=False, end_bytes=size)
        if not _whole(head):
            raise StoreError(
                f"run file {path}: its first {LENGTH} bytes are damaged (checksum). Take it from a "
                "backup"
            )
        expected = int.from_bytes(head[28:36], "little")
        if size < expected:
            raise StoreError(
                f"run file {path} is cut short: {size} of {expected} bytes are left. "
                "Copy it again from where it came, or from a backup"
            )
        return cls(has_writer=bool(head[11] & _SWMR_WRITER), end_bytes=expected)


def _read(path: Path) -> bytes:
    head = b""
    for _ in range(_TRIES):
        with path.open("rb") as file:
            head = file.read(LENGTH)
        if len(head) < LENGTH or head[8] < 2 or _whole(head):
            break
    return head


def _whole(head: bytes) -> bool:
    """Whether the checksum holds; with SWMR, HDF5 tries for ever where it does not."""
    return int.from_bytes(head[CHECKSUM_AT:LENGTH], "little") == lookup3(head[:CHECKSUM_AT])
