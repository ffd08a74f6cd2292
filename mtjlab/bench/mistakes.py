"""Collects what is wrong with a bench file, so that one error names all of it.

A mistake is a key, the value the file has there, and a sentence that says what was expected.
Keys are spelt as in the file, with items of a list counted from 0: `wiring.singles[0].series`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from mtjlab.core.errors import BenchError
from mtjlab.core.parameters import explain

Key = Sequence[str | int]

_LONGEST_VALUE = 60
_EXPECTED = {
    "model_type": "expected a table",
    "dict_type": "expected a table",
    "tuple_type": "expected a list; a list of tables is written with [[double brackets]]",
    "too_short": "expected at least one entry",
    "string_too_short": "expected some text",
}


class Mistakes:
    """The mistakes of one file, in the order found.

    Attributes:
        source: path or shipped name, for the message.
        what: kind of file it is, likewise.
        told: key and sentence of each, for who shows them beside what was filled in.
    """

    def __init__(self, source: str, raw: Mapping[str, Any], *, what: str = "bench file") -> None:
        self.source, self.what = source, what
        self._raw = raw
        self._lines: list[str] = []
        self.told: list[tuple[Key, str]] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, key: Key, sentence: str) -> None:
        """Note that the value at `key` is wrong; the value itself is looked up in the file."""
        value = show(_look_up(self._raw, key))
        said = sentence.removeprefix(f"got {value}; ")
        line = f"{spell(key)}{f' = {value}' if value else ''}: {said}"
        if line not in self._lines:
            self._lines.append(line)
            self.told.append((tuple(key), said))

    def add_invalid(self, error: ValidationError, model: type[BaseModel], *, at: Key = ()) -> None:
        """Note everything pydantic refused in the table at `at`."""
        details = error.errors(include_url=False)
        for detail, (_, sentence) in zip(details, explain(error, model), strict=True):
            # A list is "too short" also when its only entry is refused, which has been said.
            below = (d["loc"] for d in details if len(d["loc"]) > len(detail["loc"]))
            if detail["type"] == "too_short" and any(
                loc[: len(detail["loc"])] == detail["loc"] for loc in below
            ):
                continue
            key = (*at, *detail["loc"])
            value = _look_up(self._raw, key)
            expected = _EXPECTED.get(detail["type"], sentence.removeprefix(f"got {value!r}; "))
            self.add(key, expected)

    def raise_if_any(self) -> None:
        """End with one error that lists every mistake, one per line.

        Raises:
            BenchError: there is at least one.
        """
        if not self._lines:
            return
        if len(self._lines) == 1:
            refuse(self.source, self._lines[0], what=self.what)
        lines = "\n  ".join([f"{len(self._lines)} mistakes", *self._lines])
        refuse(self.source, lines, what=self.what)


def refuse(source: str, sentence: str, *, what: str = "bench file") -> NoReturn:
    """Raise the one error of a file.

    Raises:
        BenchError: always.
    """
    raise BenchError(f"{what} {source}: {sentence}")


def spell(key: Key) -> str:
    """A key for people: `wiring.singles[0].series`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in key]
    return "".join(parts).removeprefix(".")


def show(value: object) -> str:
    """A value as TOML writes it, shortened; empty for a table, a list of tables or nothing."""
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        inside = [show(item) for item in value]
        text = f"[{', '.join(inside)}]" if all(inside) else ""
    else:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _look_up(raw: object, key: Key) -> object:
    for part in key:
        if isinstance(raw, list | tuple):
            raw = dict(enumerate(raw))
        if not isinstance(raw, Mapping) or part not in raw:
            return None
        raw = raw[part]
    return raw
