"""One value as TOML text on one line, and back."""

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def toml_value(value: Any) -> str:
    """The text whose reading is `value`: text, number, true, false, list, or table in braces.

    Raises:
        TypeError: TOML has no way to write it; None is left out instead.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"{value:+}".replace("+nan", "nan")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    raise TypeError(f"{value!r} cannot be written as TOML")


def toml_key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.match(name) else toml_value(name)


def toml_or_text(text: str) -> Any:
    """A value as `--set NAME=VALUE` reads it: TOML, else the text itself.

    TOML spells its booleans true and false; people at a prompt write on and off as text.
    """
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    # A line break in the text would begin another key.
    return read["value"] if len(read) == 1 else text
