"""What pydantic says of one parameter or of all, in the words of the range it has."""

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails, to_jsonable_python

from mtjlab.core.errors import ParameterError
from mtjlab.core.parameter_fields import ParameterField
from mtjlab.core.parameters import explain
from mtjlab.core.quantity_text import quantity_text

_SMALL = ("greater_than", "greater_than_equal")
_LARGE = ("less_than", "less_than_equal")


def judged(model: type[BaseModel], field: ParameterField, value: Any) -> Any:
    """One value as the model takes it, as JSON has it, whatever the others are.

    Raises:
        ParameterError: it does not take it; the words name the bounds.
    """
    alone = _alone(model)
    try:
        made = alone.model_validate({field.name: value})
    except ValidationError as error:
        details = error.errors(include_url=False)
        own = [place for place, one in enumerate(details) if one["loc"][:1] == (field.name,)]
        if not own:
            # Something that only the whole can say; it will.
            return _json(value)
        texts = explain(error, alone)
        said = [_words(field, details[place], texts[place]) for place in own]
        raise ParameterError("; ".join(dict.fromkeys(said))) from error
    return _json(getattr(made, field.name))


def mistakes(
    model: type[BaseModel], fields: Mapping[str, ParameterField], values: Mapping[str, Any]
) -> dict[str, str]:
    """Name -> words for everything that is wrong with the values together; "" is the whole."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        found: dict[str, str] = {}
        texts = explain(error, model)
        for detail, text in zip(error.errors(include_url=False), texts, strict=True):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            field = fields.get(name)
            words = f"{text[0]}: {text[1]}".removeprefix(": ")
            found.setdefault(name, _words(field, detail, text) if field else words)
        return found
    return {}


def _words(field: ParameterField, detail: ErrorDetails, text: tuple[str, str]) -> str:
    kind, value, within = detail["type"], detail.get("input"), detail["loc"][1:]
    if kind == "missing":
        return "needs a value; it has no default"
    numbers = [part for part in within if isinstance(part, int)]
    bounded = field.item if numbers and field.item is not None else field
    place = f"number {numbers[0] + 1}: " if numbers else ""
    if kind in (*_SMALL, *_LARGE) and bounded.range_words and len(numbers) < 2:
        said = value if isinstance(value, str) else quantity_text(float(value), bounded.unit)
        how = "small" if kind in _SMALL else "large"
        return f"{place}{said} is too {how}; expected {bounded.range_words}"
    return f"{place}{text[1]}"


def _json(value: Any) -> Any:
    try:
        return to_jsonable_python(value)
    except Exception:
        return value


@lru_cache(maxsize=64)
def _alone(model: type[BaseModel]) -> type[BaseModel]:
    """The model with a default everywhere, so that one value can be judged by itself."""
    loose: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if info.is_required():
            unset = copy(info)
            unset.default = None
            loose[name] = (info.annotation, unset)
    return create_model(model.__name__, __base__=model, **loose) if loose else model
