"""What names stand for in a TSP instrument: nodes, attributes, functions, columns of buffers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim_backend.tsp.errors import RuntimeFault, TspError

Value = Any  # None, bool, float, str, Table, Node, Function, Column or Script
Call = Callable[[Sequence[Value]], Sequence[Value]]


@dataclass(frozen=True)
class Function:
    """Something that can be called; `path` says where it is found."""

    path: str
    call: Call


@dataclass(frozen=True)
class Column:
    """Numbers of a buffer, to be indexed from 1 or printed."""

    path: str
    values: Callable[[], Sequence[float]]


@dataclass(frozen=True)
class Script:
    """A chunk that has been loaded under a name."""

    source: str


class Table:
    """A Lua table of a user."""

    def __init__(self) -> None:
        self.fields: dict[float | str, Value] = {}

    def sequence(self) -> list[Value]:
        """What stands at 1, 2, 3, ..."""
        found: list[Value] = []
        while (key := float(len(found) + 1)) in self.fields:
            found.append(self.fields[key])
        return found


@dataclass(frozen=True)
class _Attribute:
    get: Callable[[], Value]
    put: Callable[[Value], None] | None


class Node:
    """A part of the instrument that has names, such as `smua.source`.

    Attributes:
        path: where it is found, such as `smua.source`; empty for the root.
        column: what it is when a buffer is indexed or printed itself.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.column: Column | None = None
        self._entries: dict[str, Value] = {}

    def node(self, name: str) -> "Node":
        """A part of this part; made if it is not there."""
        found = self._entries.get(name)
        if isinstance(found, Node):
            return found
        made = self._entries[name] = Node(self._below(name))
        return made

    def constants(self, **values: float) -> None:
        """Names for numbers, which nobody changes."""
        self._entries |= {name: float(value) for name, value in values.items()}

    def attribute(
        self,
        name: str,
        get: Callable[[], Value],
        put: Callable[[Value], None] | None = None,
        kind: "Kind | None" = None,
    ) -> None:
        """Something to be read and, with `put`, to be set to what `kind` lets pass."""
        if put is not None and kind is not None:
            setter, checked = put, kind
            self._entries[name] = _Attribute(get, lambda value: setter(checked(value)))
        else:
            self._entries[name] = _Attribute(get, put)

    def function(self, name: str, call: Call) -> None:
        """Something to be called."""
        self._entries[name] = Function(self._below(name), call)

    def columns(self, name: str, values: Callable[[], Sequence[float]]) -> None:
        """Numbers of a buffer."""
        self._entries[name] = Column(self._below(name), values)

    def get(self, name: str) -> Value:
        """What a name stands for now; nil where there is none."""
        entry = self._entries.get(name)
        return entry.get() if isinstance(entry, _Attribute) else entry

    def put(self, name: str, value: Value) -> None:
        """Set an attribute.

        Raises:
            TspError: the attribute does not take this value.
            RuntimeFault: there is no such attribute, or it is read only.
        """
        entry = self._entries.get(name)
        if not isinstance(entry, _Attribute):
            # The texts of these two are not verified.
            raise RuntimeFault(f"cannot assign to field `{name}'")
        if entry.put is None:
            raise RuntimeFault(f"field `{name}' is read only")
        entry.put(value)

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


Kind = Callable[[Value], Any]


def too_big() -> TspError:
    """Error 1101."""
    return TspError(1101, "Parameter too big")


def too_small() -> TspError:
    """Error 1102 (page 9-245)."""
    return TspError(1102, "Parameter too small")


def number(value: Value) -> float:
    """A number and nothing else.

    Raises:
        RuntimeFault: it is something else (number and text are not verified).
    """
    if isinstance(value, bool) or not isinstance(value, float):
        raise RuntimeFault(f"number expected, got {type_name(value)}")
    if value != value:
        raise RuntimeFault("number expected, got not a number")
    return value


def between(low: float, high: float) -> Kind:
    """Numbers from `low` to `high`."""

    def check(value: Value) -> float:
        got = number(value)
        if got > high:
            raise too_big()
        if got < low:
            raise too_small()
        return got

    return check


def whole(low: int, high: int) -> Kind:
    """Numbers from `low` to `high`; what is behind the point is dropped."""
    check = between(low, high)
    return lambda value: int(check(value))


def one_of(*allowed: int) -> Kind:
    """One of a few numbers, which mostly have names."""

    def check(value: Value) -> int:
        got = number(value)
        if got not in allowed:
            raise too_big() if got > max(allowed) else too_small()
        return int(got)

    return check


def text(value: Value) -> str:
    """A string."""
    if not isinstance(value, str):
        raise RuntimeFault(f"string expected, got {type_name(value)}")
    return value


def type_name(value: Value) -> str:
    """As Lua calls it."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "boolean"
    names = {float: "number", str: "string", Function: "function", Table: "table"}
    return names.get(type(value), "userdata")
