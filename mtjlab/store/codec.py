"""A checkpoint as bytes: a JSON table of contents, then raw little-endian arrays. No pickle.

8 bytes   magic
8 bytes   length of the table of contents, unsigned, little-endian
...       table of contents, ASCII JSON: a list of entries {name, kind, ...}
...       arrays, each at its `offset` from the end of the table
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import StateValue

MAGIC = b"mtjstat1"
ALIGNMENT = 16
_LENGTH_AT = len(MAGIC)
_TABLE_AT = _LENGTH_AT + 8


def encode(state: Mapping[str, StateValue]) -> bytes:
    """Bytes of a flat state; every number comes back with the same bits.

    Floats are written in hexadecimal and integers of any size as text, since JSON promises
    neither. A NumPy scalar comes back as the Python number.

    Raises:
        StoreError: a value that is neither an array of plain numbers or texts, nor int, float,
            str, bool or None.
    """
    entries: list[dict[str, Any]] = []
    arrays: list[bytes] = []
    offset = 0
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            entry, raw = _array(name, value)
            entry["offset"] = offset
            padding = -len(raw) % ALIGNMENT
            arrays += [raw, bytes(padding)]
            offset += len(raw) + padding
        else:
            entry = _scalar(name, value)
        entries.append({"name": name, **entry})
    table = json.dumps(entries).encode("ascii")
    table += b" " * (-(len(table) + _TABLE_AT) % ALIGNMENT)
    return b"".join([MAGIC, len(table).to_bytes(8, "little"), table, *arrays])


def decode(blob: bytes) -> dict[str, StateValue]:
    """The state that `encode` was given, in the same order; arrays are writable copies.

    Raises:
        StoreError: not bytes of `encode`, or cut short.
    """
    try:
        if blob[: len(MAGIC)] != MAGIC:
            raise ValueError(f"it starts with {bytes(blob[: len(MAGIC)])!r}, not {MAGIC!r}")
        start = _TABLE_AT + int.from_bytes(blob[_LENGTH_AT:_TABLE_AT], "little")
        entries = json.loads(blob[_TABLE_AT:start])
        return {entry["name"]: _value(entry, blob, start) for entry in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the checkpoint cannot be read: {error}") from error


def _array(name: str, value: NDArray[Any]) -> tuple[dict[str, Any], bytes]:
    if value.dtype.kind not in "biufcSU":
        raise StoreError(
            f"checkpoint value {name!r}: an array of {value.dtype} has no portable bytes; "
            "use numbers, or split it into several arrays"
        )
    # A product with a transposed matrix may be summed in another order: keep the layout.
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    entry = {
        "kind": "array",
        "dtype": little.dtype.str,
        "shape": list(value.shape),
        "order": order,
    }
    return entry, little.tobytes(order="F" if order == "F" else "C")


def _scalar(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool):
        return {"kind": "bool", "value": value}
    if isinstance(value, int):
        return {"kind": "int", "value": hex(value)}
    if isinstance(value, float):
        return {"kind": "float", "value": value.hex()}
    if isinstance(value, str):
        return {"kind": "str", "value": str(value)}
    raise StoreError(
        f"checkpoint value {name!r} is a {type(value).__name__}; "
        "a state holds arrays, int, float, str, bool and None"
    )


def _value(entry: dict[str, Any], blob: bytes, start: int) -> StateValue:
    kind = entry["kind"]
    if kind == "none":
        return None
    if kind == "array":
        return _read_array(entry, blob, start)
    text = entry["value"]
    if kind == "int":
        return int(text, 16)
    if kind == "float":
        return float.fromhex(text)
    if kind == "bool":
        return bool(text)
    if kind == "str":
        return str(text)
    raise ValueError(f"value {entry['name']!r} is of unknown kind {kind!r}")


def _read_array(entry: dict[str, Any], blob: bytes, start: int) -> NDArray[Any]:
    dtype = np.dtype(entry["dtype"])
    shape = tuple(entry["shape"])
    size = math.prod(shape)
    if size == 0 or dtype.itemsize == 0:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(blob, dtype, count=size, offset=start + entry["offset"])
    order = entry["order"]
    return flat.reshape(shape, order=order).copy(order=order)
