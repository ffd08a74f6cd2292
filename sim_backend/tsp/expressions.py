"""Expressions of Lua: each knows how to find its own value."""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sim_backend.tsp.errors import RuntimeFault
from sim_backend.tsp.objects import Column, Function, Node, Script, Table, Value, type_name
from sim_backend.tsp.replies import shown

_LONGEST_TEXT = 100_000


class Scope(Protocol):
    """Where names are looked up and functions are called."""

    def get(self, name: str) -> Value:
        """What a name stands for; nil where there is none."""
        ...

    def put(self, name: str, value: Value) -> None:
        """Assign to a name."""
        ...

    def call(self, function: Function | Script, arguments: Sequence[Value]) -> Sequence[Value]:
        """Results of a call; what it refuses is queued, and nil."""
        ...

    def set_attribute(self, node: Node, name: str, value: Value) -> None:
        """Assign to an attribute; a refusal is queued."""
        ...


class Expression(ABC):
    """Something that has a value."""

    described: str = "value"

    @abstractmethod
    def value(self, scope: Scope) -> Value:
        """The one value."""

    def values(self, scope: Scope) -> Sequence[Value]:
        """All values: a call may have several, or none."""
        return (self.value(scope),)


@dataclass(frozen=True)
class Literal(Expression):
    """A number, string, boolean or nil."""

    constant: Value

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        return self.constant


@dataclass(frozen=True)
class Name(Expression):
    """A variable."""

    name: str

    @property
    def described(self) -> str:  # type: ignore[override]
        """As Lua calls it in messages."""
        return f"global `{self.name}'"

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        return scope.get(self.name)

    def assign(self, scope: Scope, value: Value) -> None:
        """Give it a value."""
        scope.put(self.name, value)


@dataclass(frozen=True)
class Index(Expression):
    """`of.key` or `of[key]`."""

    of: Expression
    key: Expression

    @property
    def described(self) -> str:  # type: ignore[override]
        """As Lua calls it in messages."""
        key = self.key.constant if isinstance(self.key, Literal) else "?"
        return f"field `{key}'"

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        owner, key = self.of.value(scope), self.key.value(scope)
        if isinstance(owner, Table):
            return owner.fields.get(key) if isinstance(key, float | str) else None
        if isinstance(owner, Node):
            if isinstance(key, float) and owner.column is not None:
                return _element(owner.column, key)
            return owner.get(key) if isinstance(key, str) else None
        if isinstance(owner, Column):
            return _element(owner, key)
        raise _no(owner, "index", self.of)

    def assign(self, scope: Scope, value: Value) -> None:
        """Give it a value."""
        owner, key = self.of.value(scope), self.key.value(scope)
        if isinstance(owner, Table):
            if not isinstance(key, float | str) or key != key:
                raise RuntimeFault("index is nil")
            owner.fields[key] = value
            if value is None:
                del owner.fields[key]
        elif isinstance(owner, Node) and isinstance(key, str):
            scope.set_attribute(owner, key, value)
        else:
            raise _no(owner, "index", self.of)


def _element(column: Column, key: Value) -> Value:
    values = column.values()
    if not isinstance(key, float) or not 1 <= key <= len(values):
        return None
    return float(values[int(key) - 1])


def _no(value: Value, what: str, expression: Expression) -> RuntimeFault:
    kind = type_name(value)
    return RuntimeFault(f"attempt to {what} {expression.described} (a {kind} value)")


@dataclass(frozen=True)
class Call(Expression):
    """`function(arguments)`."""

    function: Expression
    arguments: Sequence[Expression]

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        found = self.values(scope)
        return found[0] if found else None

    def values(self, scope: Scope) -> Sequence[Value]:
        """As `Expression.values`."""
        function = self.function.value(scope)
        if not isinstance(function, Function | Script):
            raise _no(function, "call", self.function)
        return scope.call(function, listed(self.arguments, scope))


@dataclass(frozen=True)
class Single(Expression):
    """`(expression)`: one value, and nothing to assign to."""

    inner: Expression

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        return self.inner.value(scope)


def listed(expressions: Sequence[Expression], scope: Scope) -> list[Value]:
    """Values of a list: one of each, all of the last."""
    if not expressions:
        return []
    found = [expression.value(scope) for expression in expressions[:-1]]
    found.extend(expressions[-1].values(scope))
    return found


@dataclass(frozen=True)
class Constructor(Expression):
    """`{1, 2, name = 3}`."""

    positional: Sequence[Expression]
    named: Sequence[tuple[str, Expression]] = field(default_factory=tuple)

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        made = Table()
        for place, value in enumerate(listed(self.positional, scope), start=1):
            if value is not None:
                made.fields[float(place)] = value
        for name, expression in self.named:
            made.fields[name] = expression.value(scope)
        return made


def truth(value: Value) -> bool:
    """All but nil and false."""
    return value is not None and value is not False


@dataclass(frozen=True)
class Logic(Expression):
    """`and`, `or`: the right side only where it decides."""

    word: str
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        left = self.left.value(scope)
        return left if truth(left) == (self.word == "or") else self.right.value(scope)


@dataclass(frozen=True)
class Unary(Expression):
    """`not` and `-`."""

    word: str
    operand: Expression

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        operand = self.operand.value(scope)
        if self.word == "not":
            return not truth(operand)
        return -_operand(operand, self.operand)


@dataclass(frozen=True)
class Binary(Expression):
    """Arithmetic, comparison, concatenation."""

    sign: str
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> Value:
        """As `Expression.value`."""
        left, right = self.left.value(scope), self.right.value(scope)
        if self.sign in ("==", "~="):
            return _equal(left, right) == (self.sign == "==")
        if self.sign == "..":
            joined = _text(left, self.left) + _text(right, self.right)
            if len(joined) > _LONGEST_TEXT:
                raise RuntimeFault("not enough memory")
            return joined
        if self.sign in _COMPARISONS:
            if type(left) is not type(right) or not isinstance(left, float | str):
                raise RuntimeFault(f"attempt to compare {type_name(left)} with {type_name(right)}")
            return _COMPARISONS[self.sign](left, right)
        return _ARITHMETIC[self.sign](_operand(left, self.left), _operand(right, self.right))


def _equal(left: Value, right: Value) -> bool:
    return type(left) is type(right) and bool(left == right)


def _operand(value: Value, expression: Expression) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, float):
        raise _no(value, "perform arithmetic on", expression)
    return value


def _text(value: Value, expression: Expression) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, float):
        raise _no(value, "concatenate", expression)
    # Lua's own %.14g, not that of print.
    return shown(value)


def _divided(left: float, right: float) -> float:
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    return left / right


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "^": _power,
}
