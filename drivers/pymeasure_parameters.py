"""Parameters and columns of a PyMeasure `Procedure`, as parameters and streams of ours."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model
from pymeasure.experiment import (
    BooleanParameter,
    FloatParameter,
    IntegerParameter,
    ListParameter,
    Parameter,
    VectorParameter,
)

from mtjlab.core.parameters import Ge, Le, Parameters, Quantity
from mtjlab.core.protocol import Stream
from mtjlab.core.units import Unit

# What PyMeasure writes where nobody gave a bound.
_NO_BOUND = 1e9
_UNIT = re.compile(r"\s*\(([^()\s]+)\)\s*\Z")


def model(name: str, parameters: Mapping[str, Parameter]) -> type[Parameters]:
    """The parameter model of a procedure; one without a default must be given."""
    fields: dict[str, Any] = {
        key: (
            _annotation(parameter),
            Field(
                parameter.default if parameter.default is not None else ...,
                description=parameter.name,
            ),
        )
        for key, parameter in parameters.items()
    }
    made: type[Parameters] = create_model(name, __base__=Parameters, **fields)
    return made


def streams(columns: Sequence[str]) -> dict[str, Stream]:
    """Column -> the stream that holds it: `"Current (A)"` is `current` in A.

    Raises:
        ValueError: two columns come to the same name.
    """
    found: dict[str, Stream] = {}
    for column in columns:
        unit = _UNIT.search(column)
        words = re.sub(r"\W+", "_", _UNIT.sub("", column)).strip("_").lower()
        name = words if words[:1].isalpha() else f"column_{words}"
        if name in {stream.name for stream in found.values()}:
            raise ValueError(f"two columns are called {name!r}, {column!r} one of them")
        found[column] = Stream(name, "f8", (), unit.group(1) if unit else "", column)
    return found


def _annotation(parameter: Parameter) -> Any:
    unit = getattr(parameter, "units", None) or ""
    if isinstance(parameter, BooleanParameter):
        return bool
    if isinstance(parameter, IntegerParameter):
        return Annotated[int, *_bounds(parameter), *([Unit(unit)] if unit else [])]
    if isinstance(parameter, FloatParameter):
        return Annotated[float, *_bounds(parameter), Quantity(unit)]
    if isinstance(parameter, ListParameter):
        return Annotated[Any, AfterValidator(_one_of(parameter.choices or ()))]
    if isinstance(parameter, VectorParameter):
        return list[float]
    return str


def _bounds(parameter: IntegerParameter | FloatParameter) -> list[Ge | Le]:
    low = [] if parameter.minimum == -_NO_BOUND else [Ge(parameter.minimum)]
    high = [] if parameter.maximum == _NO_BOUND else [Le(parameter.maximum)]
    return [*low, *high]


def _one_of(choices: Sequence[Any]) -> Callable[[Any], Any]:
    def chosen(value: Any) -> Any:
        for choice in choices:
            if value == choice or str(value) == str(choice):
                return choice
        raise ValueError(f"expected one of {', '.join(str(c) for c in choices)}")

    return chosen
