"""Strict JSON: what a run file, a shell script and a browser read the same way."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mtjlab.core.errors import StoreError


def to_json(value: Any, *, what: str) -> str:
    """JSON text without NaN: a number that is not finite becomes null.

    NumPy numbers and arrays become numbers and lists, tuples become lists, paths their text.

    Args:
        value: nested mappings with text keys, sequences, numbers, texts, None.
        what: named in the message.

    Raises:
        StoreError: something that has no JSON form, with its place.
    """
    return json.dumps(_plain(value, what), ensure_ascii=False, allow_nan=False)


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise StoreError(f"{where}: key {key!r} is not text; the run file keeps JSON")
        return {key: _plain(inner, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    if hasattr(value, "__fspath__"):
        return str(value)
    raise StoreError(f"{where}: {type(value).__name__} has no JSON form; the run file keeps JSON")
