"""Tables as TOML text: what a bench file may hold, and no more."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def toml_text(table: Mapping[str, Any]) -> str:
    """The text whose reading is `table`: text, numbers, true, false, lists and tables of them."""
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = [f"{_key(k)} = {_value(v)}" for k, v in table.items() if not _is_table(v)]
    lines = [f"\n[{_dotted(path)}]"] if path and (plain or not table) else []
    lines += plain
    for name, value in table.items():
        below = (*path, name)
        if isinstance(value, Mapping):
            lines += _lines(value, below)
        elif _is_table(value):
            for entry in value:
                lines.append(f"\n[[{_dotted(below)}]]")
                # Without a path: what is inside an entry stays inside its braces.
                lines += [f"{_key(k)} = {_value(v)}" for k, v in entry.items()]
    return lines


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    entries = isinstance(value, Sequence) and not isinstance(value, str)
    return entries and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"{value:+}".replace("+nan", "nan")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"{value!r} has no place in a bench file")


def _key(name: str) -> str:
    return name if _BARE.match(name) else _value(name)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(_key, path))
