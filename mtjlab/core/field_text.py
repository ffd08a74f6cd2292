"""The text of one parameter, read and written: `read_text(field, write_text(field, v)) == v`.

Text is what somebody types into a line: `5u`, `100 mV`, `64, 32`, `[[0, 3], [0, 4]]`, `on`.
"""

import tomllib
from typing import Any

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.core.parameter_fields import ParameterField
from mtjlab.core.quantity_text import quantity_text
from mtjlab.core.toml_value import toml_or_text, toml_value
from mtjlab.core.units import parse_quantity

_FLAGS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
# Elements that a comma can part without doubt.
_COMMA = ("number", "integer", "flag", "choice")


def read_text(field: ParameterField, text: str) -> Any:
    """The value that a text means; bounds are the model's to judge.

    Raises:
        ParameterError: it is no such value, with an example.
    """
    text = text.strip()
    match field.kind:
        case "number":
            return parse_quantity(text, field.unit)
        case "integer":
            return _integer(text, field.unit)
        case "flag":
            return _flag(text)
        case "choice":
            return _choice(field, text)
        case "text":
            read = toml_or_text(text) if text[:1] in ("'", '"') else text
            return read if isinstance(read, str) else text
        case "list":
            return _list(field, text)
        case "table":
            return _toml(text, dict, "a table such as {name = 1}")
        case "any":
            return toml_or_text(text)


def write_text(field: ParameterField, value: Any) -> str:
    """The text that means `value`, which is as JSON has it; what does not fit is written as TOML.

    None is no text: what is left out, also of the tables inside.
    """
    if value is None:
        return ""
    value = _said(value)
    for text in _written(field, value):
        try:
            read = read_text(field, text)
        except ParameterError:
            continue
        if read == value and (field.kind == "number" or type(read) is type(value)):
            return text
    return value if isinstance(value, str) else _toml_or_repr(value)


def _said(value: Any) -> Any:
    """TOML has no None; a key that has it is left out."""
    if isinstance(value, dict):
        return {key: _said(inner) for key, inner in value.items() if inner is not None}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


def _written(field: ParameterField, value: Any) -> list[str]:
    """Ways to write it, the shortest first; `write_text` takes the first that is read back."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.kind == "number" and number:
        return [quantity_text(value, field.unit)]
    if field.kind in ("integer", "choice") and not isinstance(value, list | dict):
        return [_plain(value)]
    texts = []
    item = field.item
    if field.kind == "list" and item and item.kind in _COMMA and isinstance(value, list) and value:
        texts.append(", ".join(write_text(item, one) for one in value))
    if isinstance(value, str) and value.strip():
        texts.append(value)
    return [*texts, _toml_or_repr(value)]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _toml_or_repr(value: Any) -> str:
    try:
        return toml_value(value)
    except TypeError:
        return repr(value)


def _integer(text: str, unit: str) -> int:
    try:
        return int(text)
    except ValueError:
        value = parse_quantity(text, unit)
    if not value.is_integer():
        raise ParameterError(f"{text!r} is not a whole number")
    return int(value)


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ParameterError(f"{text!r} is neither true nor false")
    return _FLAGS[text.lower()]


def _choice(field: ParameterField, text: str) -> Any:
    named = {_plain(choice): choice for choice in field.choices}
    if text not in named:
        raise ParameterError(f"no {field.name} {text!r}; {nearest(text, named)}")
    return named[text]


def _list(field: ParameterField, text: str) -> list[Any]:
    item = field.item
    if text.startswith("[") or item is None or item.kind not in _COMMA:
        example = "[1, 2]" if item is None or item.kind != "list" else "[[0, 3], [0, 4]]"
        values: list[Any] = _toml(text, list, f"a list such as {example}")
        # Elements may be texts with units, which the model reads.
        return values
    found = []
    for number, part in enumerate(text.split(","), start=1):
        try:
            found.append(read_text(item, part))
        except ParameterError as error:
            raise ParameterError(f"number {number}: {error}") from error
    return found


def _toml(text: str, kind: type, example: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{text!r} is not {example}: {error}") from error
    if len(read) != 1 or not isinstance(read["value"], kind):
        raise ParameterError(f"{text!r} is not {example}")
    return read["value"]
