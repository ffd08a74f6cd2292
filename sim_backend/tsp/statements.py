"""Statements of Lua: each carries itself out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sim_backend.tsp.errors import RuntimeFault
from sim_backend.tsp.expressions import Call, Expression, Index, Name, Scope, listed, truth
from sim_backend.tsp.objects import Value


class Running(Scope, Protocol):
    """A chunk that is being carried out."""

    def tick(self) -> None:
        """One step more; ends what would never end."""
        ...

    def declare(self, name: str, value: Value) -> None:
        """A local variable of the innermost block."""
        ...

    def block(self) -> AbstractContextManager[None]:
        """Locals declared inside end with it."""
        ...


class Break(Exception):
    """Leaves the innermost loop."""


@dataclass(frozen=True)
class Statement(ABC):
    """One statement; `line` counts from 1."""

    line: int

    @abstractmethod
    def run(self, scope: Running) -> None:
        """Do it."""


Block = Sequence[Statement]


def carry_out(block: Block, scope: Running) -> None:
    """One statement after the other.

    Raises:
        RuntimeFault: with the line it happened on.
    """
    for statement in block:
        scope.tick()
        try:
            statement.run(scope)
        except RuntimeFault as fault:
            fault.line = fault.line or statement.line
            raise


@dataclass(frozen=True)
class Assignment(Statement):
    """`a, b.c = f()`: every value is found before any is given."""

    targets: Sequence[Name | Index]
    expressions: Sequence[Expression]

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        for target, value in zip(
            self.targets, _filled(self.expressions, len(self.targets), scope), strict=True
        ):
            target.assign(scope, value)


@dataclass(frozen=True)
class Local(Statement):
    """`local a, b = f()`."""

    names: Sequence[str]
    expressions: Sequence[Expression]

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        values = _filled(self.expressions, len(self.names), scope)
        for name, value in zip(self.names, values, strict=True):
            scope.declare(name, value)


def _filled(expressions: Sequence[Expression], count: int, scope: Scope) -> list[Value]:
    found = listed(expressions, scope)[:count]
    return found + [None] * (count - len(found))


@dataclass(frozen=True)
class Do(Statement):
    """A call, for what it does."""

    call: Call

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        self.call.values(scope)


@dataclass(frozen=True)
class Inner(Statement):
    """`do ... end`."""

    body: Block

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        with scope.block():
            carry_out(self.body, scope)


@dataclass(frozen=True)
class If(Statement):
    """Branches in order; `else` has the condition true."""

    branches: Sequence[tuple[Expression, Block]]

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        for condition, body in self.branches:
            if truth(condition.value(scope)):
                with scope.block():
                    carry_out(body, scope)
                return


@dataclass(frozen=True)
class While(Statement):
    """`while condition do ... end`."""

    condition: Expression
    body: Block

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        try:
            while truth(self.condition.value(scope)):
                scope.tick()
                with scope.block():
                    carry_out(self.body, scope)
        except Break:
            pass


@dataclass(frozen=True)
class For(Statement):
    """`for name = first, last, step do ... end`."""

    name: str
    bounds: Sequence[Expression]
    body: Block

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        first, last, step = self._bounds(scope)
        try:
            for value in _counted(first, last, step):
                scope.tick()
                with scope.block():
                    scope.declare(self.name, value)
                    carry_out(self.body, scope)
        except Break:
            pass

    def _bounds(self, scope: Running) -> tuple[float, float, float]:
        found = [bound.value(scope) for bound in self.bounds]
        for value, what in zip(found, ("initial value", "limit", "step"), strict=False):
            if isinstance(value, bool) or not isinstance(value, float):
                raise RuntimeFault(f"`for' {what} must be a number")
        return found[0], found[1], found[2] if len(found) > 2 else 1.0


def _counted(first: float, last: float, step: float) -> Iterator[float]:
    value = first
    while value <= last if step >= 0 else value >= last:
        yield value
        value += step


@dataclass(frozen=True)
class Leave(Statement):
    """`break`."""

    def run(self, scope: Running) -> None:
        """As `Statement.run`."""
        raise Break
