"""A small TSP core: text in, text out. It knows the language and no instrument.

An instrument is a class with `identity`, `machine`, `reset` and `trigger`, which puts its names
below `machine.root`, and a `Session` that does the talking.
"""

from sim_backend.tsp.errors import RuntimeFault, TspError
from sim_backend.tsp.machine import Machine, own
from sim_backend.tsp.objects import (
    Column,
    Function,
    Node,
    Table,
    Value,
    between,
    number,
    one_of,
    text,
    too_big,
    too_small,
    whole,
)
from sim_backend.tsp.session import Session
from sim_backend.tsp.status import Status

__all__ = [
    "Column",
    "Function",
    "Machine",
    "Node",
    "RuntimeFault",
    "Session",
    "Status",
    "Table",
    "TspError",
    "Value",
    "between",
    "number",
    "one_of",
    "own",
    "text",
    "too_big",
    "too_small",
    "whole",
]
