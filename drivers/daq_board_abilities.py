"""What a DAQ board says of itself, and the options of its driver."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from mtjlab.core.errors import BadReply, BenchError, nearest
from mtjlab.core.interfaces import DaqAbilities, Multiplexer
from mtjlab.core.parameters import Ge, Gt, Le, Quantity
from mtjlab.core.units import si
from mtjlab.core.wiring import ArrayWiring, InputWire

_KEYS = (
    *("AO", "AI", "AOBITS", "AIBITS", "AOSPAN", "AISPAN", "TERM", "AIRATE", "SCANRATE", "AORATE"),
    *("LIST", "DATA", "BLOCK", "LINES", "SWITCH", "LOOP"),
)
_WORD = re.compile(r"[A-Z]+=[^=,]+\Z")


class DaqBoardOptions(BaseModel):
    """`[instruments.NAME.options]`.

    Attributes:
        serial: number that the board must have; None: any.
        baud: speed, on a line that has one; a USB port has none.
        timeout_s: how long a reply may take, s.
        dead_man_s: longest silence after which the board goes to 0 V by itself; None: as it has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    serial: str | None = None
    baud: Annotated[int, Ge(1200)] = 115200
    timeout_s: Annotated[float, Quantity("s"), Gt(0)] = 2.0
    dead_man_s: Annotated[float, Quantity("s"), Ge(0.5), Le(3600)] | None = None


@dataclass(frozen=True)
class BoardAbilities:
    """Of one board.

    Attributes:
        daq: what every `Daq` says.
        terminal: how its inputs are referenced.
        list_values, data_values: memory for outputs and for samples.
        block_values: most values in one block.
        lines: of the selector.
        switch_s: time that its switches take, s.
        loop_back: it can measure its own outputs.
    """

    daq: DaqAbilities
    terminal: str
    list_values: int
    data_values: int
    block_values: int
    lines: int
    switch_s: float
    loop_back: bool

    @property
    def output_step_v(self) -> float:
        """One code of an output, V."""
        return self.daq.output_ranges_v[-1] * 2.0 ** (1 - self.daq.output_bits)


def read_abilities(reply: str, outputs: int, where: str) -> BoardAbilities:
    """From the reply to `SYSTem:CAPability?`.

    Args:
        reply: of the board.
        outputs: how many are in use; they share the memory.
        where: the board, for messages.

    Raises:
        BadReply: keys are missing or have no values.
    """
    words = reply.split(",")
    values = dict(word.split("=") for word in words if _WORD.match(word))
    if any(key not in values for key in _KEYS) or len(values) < len(words):
        raise BadReply(f"{where}: {reply!r} does not say what the board has; see docs/boards.md")
    try:
        spans = tuple(sorted(float(v) for v in values["AISPAN"].split("/")))
        number = {k: float(v) for k, v in values.items() if k not in ("AISPAN", "TERM")}
    except ValueError as error:
        raise BadReply(f"{where}: {reply!r}: {error}") from error
    if not all(math.isfinite(v) and v >= 0 for v in (*number.values(), *spans)):
        raise BadReply(f"{where}: {reply!r}: a value is negative or not finite")
    count = {k: int(v) for k, v in number.items()}
    daq = DaqAbilities(
        inputs=tuple(f"ai{i}" for i in range(count["AI"])),
        outputs=tuple(f"ao{i}" for i in range(count["AO"])),
        input_ranges_v=spans,
        output_ranges_v=(number["AOSPAN"],),
        input_bits=count["AIBITS"],
        output_bits=count["AOBITS"],
        input_rate_hz=number["AIRATE"],
        aggregate_rate_hz=number["SCANRATE"],
        output_rate_hz=number["AORATE"] if count["AO"] else 0.0,
        simultaneous=False,
        block_samples=max(1, count["LIST"] // max(1, outputs) - 1),
        multiplexer=Multiplexer(number["MUXF"], number["MUXOHM"])
        if {"MUXF", "MUXOHM"} <= set(number)
        else None,
    )
    return BoardAbilities(
        daq,
        values["TERM"].lower(),
        count["LIST"],
        count["DATA"],
        max(1, count["BLOCK"]),
        count["LINES"],
        number["SWITCH"],
        bool(count["LOOP"]),
    )


def demand_wiring(
    board: BoardAbilities,
    inputs: Mapping[str, InputWire],
    outputs: Sequence[str],
    arrays: Sequence[ArrayWiring],
    where: str,
) -> None:
    """Compare a board with what the bench file wires to it.

    Raises:
        BenchError: with what it has.
    """
    daq = board.daq
    for channel, wire in inputs.items():
        if channel not in daq.inputs:
            raise BenchError(
                f"{where} has no input {channel!r} that the wiring reads; "
                f"{nearest(channel, daq.inputs)}"
            )
        if wire.range_v > daq.input_ranges_v[-1]:
            raise BenchError(
                f"{where}: {channel} is wired for +-{si(wire.range_v, 'V')}; the largest span is "
                f"+-{si(daq.input_ranges_v[-1], 'V')}"
            )
        if wire.terminal != board.terminal:
            raise BenchError(
                f"{where}: {channel} is wired as {wire.terminal!r}; the inputs of this board are "
                f"{board.terminal!r}. Change `terminal` in the wiring"
            )
    for channel in outputs:
        if channel not in daq.outputs:
            raise BenchError(
                f"{where} has no output {channel!r} that the wiring drives from; "
                f"{nearest(channel, daq.outputs)}"
            )
    lines = sum(len(array.rows) + len(array.columns) for array in arrays)
    if lines > board.lines:
        raise BenchError(
            f"{where}: its selector has {board.lines} lines; the arrays that name it have {lines}"
        )
