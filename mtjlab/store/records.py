"""Two records written in turn: a writer that dies in the middle spoils only the older one."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def sealed(record: NDArray[Any]) -> NDArray[Any]:
    """A copy of a (1,) record with its `crc32` set."""
    out = record.copy()
    out["crc32"] = 0
    out["crc32"] = zlib.crc32(out.tobytes())
    return out


def valid(record: NDArray[Any]) -> bool:
    """Whether a (1,) record was ever written, and completely."""
    return bool(record["sequence"][0] > 0) and bool(
        sealed(record)["crc32"][0] == record["crc32"][0]
    )


def newest_first(records: NDArray[Any]) -> list[int]:
    """Indices of the valid records, the highest sequence number first."""
    whole = [i for i in range(len(records)) if valid(records[i : i + 1])]
    return sorted(whole, key=lambda i: -int(records["sequence"][i]))


def counts(committed: np.void) -> dict[str, int]:
    """Rows per stream of a `committed` field."""
    names = committed.dtype.names or ()
    return {name: int(committed[name]) for name in names if name != "_"}
