"""Takes disk space before HDF5 writes into it, so that a full disk is met in good order.

A write that fails inside HDF5 leaves chunks it can neither write nor forget: the file then cannot
be closed, and the process may crash when it ends. A reservation that fails has touched nothing.
"""

import errno
import os
import shutil
from pathlib import Path

STEP_BYTES = 1024 * 1024
LEAST_LEFT_BYTES = 16 * 1024 * 1024

_UNSUPPORTED = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)


class Reservation:
    """Space of one open file, from its beginning to `end_bytes`.

    Where the system cannot reserve (not POSIX, some network disks) it makes sure that 16 MiB
    more than wanted are free.
    """

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path
        self.end_bytes = os.fstat(handle).st_size

    def ensure(self, end_bytes: int) -> None:
        """Reserve up to `end_bytes`, and a little more to be asked less often.

        Raises:
            OSError: disk or quota is full, or the file would be too large.
        """
        if end_bytes <= self.end_bytes:
            return
        wanted = end_bytes + STEP_BYTES
        try:
            _allocate(self._handle, self.end_bytes, wanted - self.end_bytes)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            self._require_free(end_bytes - self.end_bytes)
        self.end_bytes = wanted

    def _require_free(self, wanted_bytes: int) -> None:
        free = shutil.disk_usage(self._path).free
        if free < wanted_bytes + LEAST_LEFT_BYTES:
            raise OSError(errno.ENOSPC, f"only {free / 2**20:.1f} MiB are left on the disk")


def _allocate(handle: int, start: int, length: int) -> None:
    if not hasattr(os, "posix_fallocate"):
        raise OSError(errno.ENOSYS, "no way to reserve space on this system")
    os.posix_fallocate(handle, start, length)
