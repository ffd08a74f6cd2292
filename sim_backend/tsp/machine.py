"""The run-time of an instrument: its names, those of its users, and chunks being carried out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sim_backend.tsp import remembering, replies
from sim_backend.tsp.errors import RuntimeFault, SyntaxFault, TspError
from sim_backend.tsp.objects import (
    Column,
    Function,
    Node,
    Script,
    Table,
    Value,
    number,
    one_of,
    type_name,
    whole,
)
from sim_backend.tsp.parser import parse
from sim_backend.tsp.statements import Block, carry_out
from sim_backend.tsp.status import Status

_MOST_REMEMBERED = 2000
# What would never end is ended; a real instrument waits for `abort`.
_MOST_STEPS = 500_000
_DEEPEST_SCRIPT = 20


class Machine:
    """One run-time environment, shared by all who talk to the instrument.

    Attributes:
        root: the instrument's own names.
        status: error queue and registers.
        users: variables of users.
    """

    def __init__(self, status: Status) -> None:
        self.root = Node()
        self.status = status
        self.users: dict[str, Value] = {}
        self._parsed: dict[str, Block] = {}
        self._locals: list[dict[str, Value]] = []
        self._send: Callable[[bytes], None] = lambda line: None
        self._steps = 0
        self._depth = 0
        self.reset()
        self._declare()

    def reset(self) -> None:
        """Formats as after a reset; variables stay."""
        self.precision, self.form, self.little = 6, replies.ASCII, 1

    def forget(self) -> None:
        """Power lost: variables and loaded scripts are gone."""
        self.users.clear()

    def run(self, chunk: str, send: Callable[[bytes], None]) -> None:
        """Carry out a chunk; what it prints goes to `send`, what goes wrong into the queue."""
        self._send = send
        self._steps = 0
        self._locals = [{}]
        try:
            carry_out(self._block(chunk), self)
        except (SyntaxFault, RuntimeFault) as fault:
            self.status.refuse(fault.error)

    def load(self, name: str, source: str) -> None:
        """Keep a script under a name."""
        self.users[name] = Script(source)

    def _block(self, chunk: str) -> Block:
        found = self._parsed.get(chunk)
        if found is None:
            found = parse(chunk)
            if len(self._parsed) >= _MOST_REMEMBERED:
                self._parsed.clear()
            self._parsed[chunk] = found
        return found

    # Scope -------------------------------------------------------------------------------------

    def get(self, name: str) -> Value:
        """A local, a user's variable, or a name of the instrument."""
        for inner in reversed(self._locals):
            if name in inner:
                return inner[name]
        return self.users[name] if name in self.users else self.root.get(name)

    def put(self, name: str, value: Value) -> None:
        """Assign to the local of that name, else to the global."""
        for inner in reversed(self._locals):
            if name in inner:
                inner[name] = value
                return
        self.users[name] = value

    def declare(self, name: str, value: Value) -> None:
        """A local of the innermost block."""
        self._locals[-1][name] = value

    @contextmanager
    def block(self) -> Iterator[None]:
        """Locals declared inside end with it."""
        self._locals.append({})
        try:
            yield
        finally:
            self._locals.pop()

    def tick(self) -> None:
        """One step more."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise RuntimeFault("script ended after half a million steps")

    def call(self, function: Function | Script, arguments: Sequence[Value]) -> Sequence[Value]:
        """Results of a call; what it refuses is queued, and nothing comes back."""
        if isinstance(function, Script):
            return self._call_script(function)
        try:
            return function.call(arguments)
        except TspError as error:
            self.status.refuse(error)
            return ()

    def set_attribute(self, node: Node, name: str, value: Value) -> None:
        """Assign to an attribute; a refusal is queued and ends nothing."""
        try:
            node.put(name, value)
        except TspError as error:
            self.status.refuse(error)

    def _call_script(self, script: Script) -> Sequence[Value]:
        if self._depth >= _DEEPEST_SCRIPT:
            raise RuntimeFault("stack overflow")
        outer, self._locals = self._locals, [{}]
        self._depth += 1
        try:
            carry_out(self._block(script.source), self)
        except SyntaxFault as fault:
            self.status.refuse(fault.error)
        finally:
            self._locals = outer
            self._depth -= 1
        return ()

    # What every TSP instrument has -------------------------------------------------------------

    def _declare(self) -> None:
        root = self.root
        root.function("print", self._print)
        root.function("printnumber", self._printnumber)
        root.function("printbuffer", self._printbuffer)
        root.function("tonumber", _tonumber)
        root.function("tostring", lambda a: (replies.printed(_first(a), self.precision),))
        root.function("type", lambda a: (type_name(_first(a)),))
        root.node("table").function("getn", lambda a: (float(len(_sequence(_first(a)))),))
        self._declare_queue(root.node("errorqueue"))
        self._declare_format(root.node("format"))

    def _declare_queue(self, queue: Node) -> None:
        def entry(_arguments: Sequence[Value]) -> Sequence[Value]:
            code, text, severity = self.status.errors.pop()
            return float(code), text, float(severity), 1.0

        def clear(_arguments: Sequence[Value]) -> Sequence[Value]:
            self.status.errors.clear()
            return ()

        queue.function("next", entry)
        queue.function("clear", clear)
        queue.attribute("count", lambda: float(len(self.status.errors)))

    def _declare_format(self, form: Node) -> None:
        form.constants(ASCII=1, SREAL=2, REAL32=2, REAL=3, REAL64=3, DREAL=3)
        form.constants(NORMAL=0, NETWORK=0, BIGENDIAN=0, SWAPPED=1, LITTLEENDIAN=1)
        own(form, "asciiprecision", self, "precision", whole(1, 16))
        own(form, "data", self, "form", one_of(1, 2, 3))
        own(form, "byteorder", self, "little", one_of(0, 1))

    def _print(self, arguments: Sequence[Value]) -> Sequence[Value]:
        line = "\t".join(replies.printed(value, self.precision) for value in arguments)
        self._send(line.encode("latin-1", "replace"))
        return ()

    def _printnumber(self, arguments: Sequence[Value]) -> Sequence[Value]:
        self._numbers([number(value) for value in arguments])
        return ()

    def _printbuffer(self, arguments: Sequence[Value]) -> Sequence[Value]:
        if len(arguments) < 3:
            raise TspError(1100, "Parameter missing")
        first, last = int(number(arguments[0])), int(number(arguments[1]))
        columns = [_sequence(value) for value in arguments[2:]]
        # An end beyond the buffer is its end (not verified).
        last = min(last, *(len(column) for column in columns))
        rows = range(max(first, 1) - 1, last)
        self._numbers([float(column[row]) for row in rows for column in columns])
        return ()

    def _numbers(self, values: Sequence[float]) -> None:
        little = bool(self.little)
        self._send(replies.numbers(values, self.precision, self.form, little=little))

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Formats and variables, JSON-able; for `restore`."""
        return {
            "format": [self.precision, self.form, self.little],
            "users": {name: remembering.packed(value) for name, value in self.users.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state()` gave."""
        self.precision, self.form, self.little = state["format"]
        self.users = {n: remembering.unpacked(v, self.root) for n, v in state["users"].items()}


def own(node: Node, name: str, owner: Any, attribute: str, kind: Callable[[Value], Any]) -> None:
    """An attribute that is a number of `owner`'s under another name."""
    node.attribute(
        name,
        lambda: float(getattr(owner, attribute)),
        lambda value: setattr(owner, attribute, value),
        kind,
    )


def _first(arguments: Sequence[Value]) -> Value:
    return arguments[0] if arguments else None


def _sequence(value: Value) -> Sequence[Value]:
    if isinstance(value, Node) and value.column is not None:
        value = value.column
    if isinstance(value, Column):
        return value.values()
    if isinstance(value, Table):
        return [number(item) for item in value.sequence()]
    raise RuntimeFault(f"table expected, got {type_name(value)}")


def _tonumber(arguments: Sequence[Value]) -> Sequence[Value]:
    value = _first(arguments)
    if isinstance(value, str):
        try:
            return (float(value),)
        except ValueError:
            return (None,)
    return (value if type_name(value) == "number" else None,)
