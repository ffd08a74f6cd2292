"""A parameter model described for whoever shows it: kinds, units, bounds, choices, words.

What an annotation means is pydantic's business; what is not understood here is of kind `any`,
written and read as `--set` does it.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from mtjlab.core.quantity_text import quantity_text
from mtjlab.core.units import Unit

Kind = Literal["number", "integer", "flag", "choice", "text", "list", "table", "any"]
_PLAIN: dict[Any, Kind] = {bool: "flag", int: "integer", float: "number", str: "text"}
_UNSAID = "left to the protocol"


@dataclass(frozen=True)
class Bound:
    """An end of a range; `inclusive`: the value itself is allowed."""

    value: float
    inclusive: bool


@dataclass(frozen=True)
class ParameterField:
    """One parameter, as somebody sees it who is asked for it.

    Attributes:
        name: in the model.
        kind: `any` is whatever TOML can say.
        unit: SI symbol; "" for none.
        low, high: of a number, or of each element of a list through `item`; None: without.
        choices: of kind `choice`, as the model has them.
        suggestions: texts worth offering; others are allowed, too.
        default: as JSON has it; None where there is none.
        required: there is no default at all.
        optional: None is allowed.
        none_means: what is done with None, in words.
        description: from the model.
        item: of a list whose elements are all alike.
    """

    name: str
    kind: Kind
    unit: str = ""
    low: Bound | None = None
    high: Bound | None = None
    choices: tuple[Any, ...] = ()
    suggestions: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    optional: bool = False
    none_means: str = ""
    description: str = ""
    item: "ParameterField | None" = None

    @property
    def range_words(self) -> str:
        """`-10 V to 10 V`, `more than 0 s, at most 10 s`; "" without bounds."""
        if self.item is not None:
            words = self.item.range_words
            return f"each {words}" if words else ""
        low, high = self.low, self.high
        if low and high and low.inclusive and high.inclusive:
            return f"{self._said(low)} to {self._said(high)}"
        ends = []
        if low:
            ends.append(f"{'at least' if low.inclusive else 'more than'} {self._said(low)}")
        if high:
            ends.append(f"{'at most' if high.inclusive else 'less than'} {self._said(high)}")
        return ", ".join(ends)

    @property
    def shown_unit(self) -> str:
        """Unit of the value, or of the elements of a list."""
        return self.item.shown_unit if self.item is not None else self.unit

    def _said(self, bound: Bound) -> str:
        if self.kind == "integer" and bound.value.is_integer():
            return f"{bound.value:.0f} {self.unit}".rstrip()
        return quantity_text(bound.value, self.unit)


def fields_of(model: type[BaseModel]) -> dict[str, ParameterField]:
    """Every parameter of a model by name, in its order."""
    return {name: _field(name, info, model) for name, info in model.model_fields.items()}


def shown_first(model: type[BaseModel]) -> tuple[str, ...]:
    """What the model's `shown_first` names, of what it has; else nothing."""
    named = getattr(model, "shown_first", ())
    return tuple(name for name in named if name in model.model_fields)


def _field(name: str, info: FieldInfo, model: type[BaseModel]) -> ParameterField:
    described, optional = _described(name, info.annotation, info.metadata)
    description = info.description or ""
    return ParameterField(
        **described,
        suggestions=tuple(str(example) for example in info.examples or ()),
        default=_default(info),
        required=info.is_required(),
        optional=optional,
        none_means=_none_means(description, model) if optional else "",
        description=description,
    )


def _described(
    name: str, annotation: Any, metadata: Sequence[Any] = ()
) -> tuple[dict[str, Any], bool]:
    """Arguments of a `ParameterField`, and whether None is allowed."""
    kind, marks, optional = _bare(annotation, list(_flat(metadata)))
    found: dict[str, Any] = {
        "name": name,
        "kind": "any",
        "unit": next((mark.symbol for mark in marks if isinstance(mark, Unit)), ""),
        "low": _tightest(marks, Ge, Gt, max),
        "high": _tightest(marks, Le, Lt, min),
    }
    origin = get_origin(kind) or kind
    if origin is Literal:
        found |= {"kind": "choice", "choices": get_args(kind)}
    elif isinstance(origin, type):
        found |= _by_type(name, origin, get_args(kind))
    return found, optional


def _by_type(name: str, origin: type, inner: tuple[Any, ...]) -> dict[str, Any]:
    if origin in _PLAIN:
        return {"kind": _PLAIN[origin]}
    if issubclass(origin, Enum):
        return {"kind": "choice", "choices": tuple(member.value for member in origin)}
    if issubclass(origin, Mapping | BaseModel):
        return {"kind": "table"}
    if issubclass(origin, Sequence | set | frozenset) and not issubclass(origin, bytes):
        alike = len(inner) == 1 or (len(inner) == 2 and inner[1] is Ellipsis)
        return {"kind": "list", "item": _item(name, inner[0]) if alike else None}
    return {}


def _item(name: str, annotation: Any) -> ParameterField | None:
    described, optional = _described(name, annotation)
    return None if optional else ParameterField(**described)


def _bare(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any], bool]:
    """The annotation without None and metadata, and what these said."""
    optional = False
    while True:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = inner[0]
            marks = [*marks, *_flat(inner[1:])]
        elif origin in (Union, UnionType):
            rest = [one for one in inner if one is not type(None)]
            optional |= len(rest) < len(inner)
            if len(rest) != 1:
                return None, marks, optional
            annotation = rest[0]
        else:
            return annotation, marks, optional


def _flat(marks: Sequence[Any]) -> Iterator[Any]:
    """Metadata with intervals and pydantic's own fields taken apart."""
    for mark in marks:
        if isinstance(mark, FieldInfo):
            yield from _flat(mark.metadata)
        elif isinstance(mark, GroupedMetadata):
            yield from mark
        else:
            yield mark


def _tightest(marks: list[Any], closed: Any, open_: Any, pick: Any) -> Bound | None:
    """Of several bounds at one end the tightest; of two alike the one that excludes."""
    bounds = [
        (getattr(mark, kind.__name__.lower()), kind is closed)
        for mark in marks
        for kind in (closed, open_)
        if isinstance(mark, kind)
    ]
    numbers = [(float(v), c) for v, c in bounds if isinstance(v, int | float)]
    if not numbers:
        return None
    value = pick(v for v, _ in numbers)
    return Bound(value, all(c for v, c in numbers if v == value))


def _default(info: FieldInfo) -> Any:
    if info.is_required():
        return None
    try:
        return to_jsonable_python(info.get_default(call_default_factory=True))
    except Exception:
        # A factory that needs the other values, or an object of somebody's own.
        return None


def _none_means(description: str, model: type[BaseModel]) -> str:
    """From the description (`None: ...`), else from the module (`None means: ...`)."""
    said = re.search(r"\bNone: (.+)\Z", description, re.DOTALL)
    if said:
        return said.group(1).rstrip(". ")
    about = getattr(sys.modules.get(model.__module__), "__doc__", None) or ""
    said = re.search(r"\bNone means: (.+?)\.(?:\s|\Z)", about, re.DOTALL)
    return " ".join(said.group(1).split()) if said else _UNSAID
