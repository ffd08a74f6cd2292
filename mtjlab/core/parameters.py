"""Parameter models: units and bounds in the annotation, one reader for `--set`, TOML and GUI.

class Sweep(Parameters):
    bias_v: Annotated[float, Quantity("V"), Ge(0), Le(0.3)] = Field(0.1, description="...")
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.core.toml_value import toml_or_text
from mtjlab.core.units import Unit, parse_quantity

__all__ = ["Ge", "Gt", "Le", "Lt", "Parameters", "Quantity", "explain", "from_texts", "read_file"]


class Quantity(Unit):
    """A `Unit` that also reads text with SI prefixes: `"5u"`, `"100 mV"`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def from_text(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            try:
                return parse_quantity(value, self.symbol)
            except ParameterError as error:
                raise ValueError(str(error)) from error

        return core_schema.no_info_before_validator_function(from_text, handler(source))


class Parameters(BaseModel):
    """Base of every protocol's parameters: frozen, no unknown names, no NaN.

    Attributes:
        shown_first: names that a form shows before the others.
    """

    shown_first: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


M = TypeVar("M", bound=BaseModel)


def read_file(path: Path) -> dict[str, Any]:
    """Parameters of a TOML file.

    Raises:
        ParameterError: not readable, or not TOML, with the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"parameter file {path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"parameter file {path}: not TOML: {error}") from error


def from_texts(
    model: type[M], given: Mapping[str, Any], settings: Iterable[str] = (), *, of: str
) -> M:
    """Build a model from a file's values and `name=value` texts, the latter winning.

    Args:
        model: the parameter model.
        given: values as TOML gave them.
        settings: each `name=value`; the value is read as TOML, else kept as text.
        of: whose parameters these are, for messages.

    Raises:
        ParameterError: one message with every name, value, range and unit that is wrong.
    """
    values = dict(given)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ParameterError(f"--set {setting!r}: expected name=value")
        values[name.strip()] = toml_or_text(text.strip())
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [f"{name}: {text}" for name, text in explain(error, model)]
        raise ParameterError(f"parameters of {of}: " + "\n  ".join(lines)) from error


def explain(error: ValidationError, model: type[BaseModel]) -> list[tuple[str, str]]:
    """(dotted key, sentence) for each mistake pydantic found, in words a user can act on."""
    return [
        (_key(detail["loc"]), _sentence(detail, model))
        for detail in error.errors(include_url=False)
    ]


def _key(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".")


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], detail.get("input")
    owner, name = _owner(detail["loc"], model)
    if kind == "extra_forbidden":
        known = owner.model_fields if owner else ()
        return f"unknown; {nearest(name, known)}"
    if kind == "missing":
        about = _about(owner, name)
        return f"missing{f'; expected {about}' if about else ''}"
    bounds = _bounds(owner, name)
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal") and bounds:
        return f"{value!r} is out of range; expected {bounds}"
    message = detail["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return message
    said = message[:1].lower() + message[1:]
    return f"got {value!r}; {said}{f' ({bounds})' if bounds else ''}"


def _owner(
    location: tuple[int | str, ...], model: type[BaseModel]
) -> tuple[type[BaseModel] | None, str]:
    """The model that holds the field at `location`, and the field's name."""
    owner: type[BaseModel] | None = model
    names = [part for part in location if isinstance(part, str)]
    keyed = False
    for position, name in enumerate(names):
        if keyed:
            # A key of dict[str, Model] is the user's word, not a field.
            keyed = False
            continue
        if owner is None or name not in owner.model_fields or position == len(names) - 1:
            return owner, name
        annotation = owner.model_fields[name].annotation
        keyed = get_origin(annotation) is dict
        owner = next(_models_in(annotation), None)
    return owner, names[-1] if names else ""


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _metadata(owner: type[BaseModel] | None, name: str) -> list[Any]:
    if owner is None or name not in owner.model_fields:
        return []
    field = owner.model_fields[name]
    found = list(field.metadata)
    stack = list(get_args(field.annotation))
    while stack:
        inner = stack.pop()
        found += list(getattr(inner, "__metadata__", ()))
        stack += get_args(inner)
    return found


def _bounds(owner: type[BaseModel] | None, name: str) -> str:
    metadata = _metadata(owner, name)
    unit = next((m.symbol for m in metadata if isinstance(m, Unit)), "")
    marks = {Ge: (">=", "ge"), Gt: (">", "gt"), Le: ("<=", "le"), Lt: ("<", "lt")}
    texts = [
        f"{sign} {getattr(m, attribute):g}"
        for m in metadata
        for kind, (sign, attribute) in marks.items()
        if isinstance(m, kind)
    ]
    if not texts:
        return f"a value in {unit}" if unit else ""
    return " and ".join(texts) + (f" {unit}" if unit else "")


def _about(owner: type[BaseModel] | None, name: str) -> str:
    if owner is None or name not in owner.model_fields:
        return ""
    bounds = _bounds(owner, name)
    return " ".join(t for t in (owner.model_fields[name].description, bounds) if t)
