"""A file of a task as bytes, unpacked where it is gzipped."""

import gzip
import zlib
from pathlib import Path

from mtjlab.core.errors import DataError

_GZIP = b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """The content of a file; gzip is known by its first bytes.

    Raises:
        DataError: no such file, named .gz and no gzip, or gzip that is cut short or damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise DataError(f"{path} cannot be read: {reason}") from error
    if not raw.startswith(_GZIP):
        if path.suffix == ".gz":
            raise DataError(
                f"{path} is named .gz, but does not begin as gzip does; rename it, or get it again "
                "from where it came"
            )
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(
            f"{path} cannot be unpacked: {error}; get it again from where it came"
        ) from error


def read_text(path: Path) -> str:
    """The same as text, UTF-8.

    Raises:
        DataError: see `read_bytes`; or not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not text in UTF-8 (byte {error.start}); save it as CSV in UTF-8"
        ) from error
