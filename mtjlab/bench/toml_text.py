"""Tables as TOML text: what a bench file may hold, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtjlab.core.toml_value import toml_key, toml_value


def toml_text(table: Mapping[str, Any]) -> str:
    """The text whose reading is `table`: text, numbers, true, false, lists and tables of them."""
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = [f"{toml_key(k)} = {toml_value(v)}" for k, v in table.items() if not _is_table(v)]
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
                lines += [f"{toml_key(k)} = {toml_value(v)}" for k, v in entry.items()]
    return lines


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    entries = isinstance(value, Sequence) and not isinstance(value, str)
    return entries and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(toml_key, path))
