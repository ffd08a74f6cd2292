"""How values look on the wire."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sim_backend.scpi.vocabulary import Reply


def encode(value: Reply) -> bytes:
    """NR1 for whole numbers, NR3 with seven digits for others, 1 and 0 for booleans.

    Text and bytes pass as they are; a sequence of numbers is joined with commas.
    """
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, float):
        return f"{value:.6E}".encode()
    if isinstance(value, Sequence):
        return b",".join(encode(v) for v in value)
    return b""


def block(values: ArrayLike, dtype: str) -> bytes:
    """Definite length block of IEEE 488.2, 8.7.9: `#<digits><length><data>`."""
    data = np.asarray(values, dtype=dtype).tobytes()
    length = str(len(data))
    if len(length) > 9:
        raise ValueError(f"{length} bytes do not fit into a definite length block")
    return f"#{len(length)}{length}".encode() + data


def open_block(values: ArrayLike, dtype: str) -> bytes:
    """Indefinite length block of IEEE 488.2, 8.7.10: `#0<data>`, ended by the message's end."""
    return b"#0" + np.asarray(values, dtype=dtype).tobytes()
