"""How values look on the wire."""

from collections.abc import Sequence

import numpy as np

from sim_backend.tsp.objects import Column, Function, Node, Script, Table, Value

# An instrument adds an address, which nobody can use.
_KINDS = {
    Table: "table",
    Function: "function",
    Script: "function",
    Node: "userdata",
    Column: "userdata",
}
ASCII, REAL32, REAL64 = 1, 2, 3


def shown(value: float) -> str:
    """A number as Lua joins it to a string."""
    return f"{value:.14g}"


def printed(value: Value, precision: int) -> str:
    """A value as print() gives it; `precision` counts the digits of a number."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.{max(precision, 1) - 1}e}"
    if isinstance(value, str):
        return value
    return _KINDS[type(value)]


def numbers(values: Sequence[float], precision: int, form: int, *, little: bool) -> bytes:
    """Numbers as printbuffer() and printnumber() give them (page 7-102, Rev. C)."""
    if form == ASCII:
        return ", ".join(printed(float(value), precision) for value in values).encode()
    kind = "f4" if form == REAL32 else "f8"
    with np.errstate(over="ignore"):
        return b"#0" + np.asarray(values, dtype=("<" if little else ">") + kind).tobytes()
