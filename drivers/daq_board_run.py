"""Runs of a DAQ board: blocks and streams, fetched while they go on."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from drivers.board_blocks import (
    ABORTED,
    DEAD_MAN,
    END,
    FULL,
    OVERRUN,
    Codes,
    DataBlock,
    list_block,
    read_block,
)
from drivers.daq_board_link import BoardLink
from drivers.serial_link import fresh_number
from mtjlab.core.errors import Aborted, BadReply, InstrumentError, Overrun, Reported, Timeout
from mtjlab.core.interfaces import Samples
from mtjlab.core.units import si

Volts = NDArray[np.float64]

# Between two questions for samples that are due.
_POLL_S = 2e-3


@dataclass(frozen=True)
class Shape:
    """What is asked of a run.

    Attributes:
        outputs, inputs: numbers of channels, in order.
        spans_v: of each input, V.
        rate_hz: of the sample clock, Hz.
        steps: 0: until it is stopped.
        settle, keep: samples of each step that are dropped and kept.
    """

    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    spans_v: tuple[float, ...]
    rate_hz: float
    steps: int
    settle: int
    keep: int

    @property
    def per_step(self) -> int:
        """Edges of a step."""
        return self.settle + self.keep


@dataclass(frozen=True)
class Recording:
    """What one run gave: (steps, keep, inputs) V, the clock it had, and when it began."""

    samples_v: Volts
    rate_hz: float
    t0_s: float


def channel_list(numbers: Sequence[int]) -> str:
    """`(@0,1,2)`."""
    return f"(@{','.join(map(str, numbers))})"


class Runs:
    """Runs of one board, one after the other.

    Attributes:
        streaming: a stream is open.
    """

    def __init__(
        self,
        link: BoardLink,
        *,
        block_values: int,
        full_scale_v: float,
        timeout_s: float,
        silence_s: Callable[[], float],
    ) -> None:
        """Args: `silence_s`: how long the board may hear nothing, s."""
        self.streaming = False
        self._link = link
        self._block_values = block_values
        self._full_scale_v = full_scale_v
        self._timeout_s = timeout_s
        self._silence_s = silence_s

    def record(self, shape: Shape, outputs_v: Volts | None) -> Recording:
        """One run to its end. `outputs_v` is (steps + 1, outputs), V, the last to rest at.

        Raises:
            Timeout, Overrun, Reported, BadReply, Aborted: the run was stopped; the outputs hold.
        """
        link = self._link
        with link.held():
            self.demand_free()
            try:
                rate_hz = self._set_up(shape)
                number, t0_s = self._start(shape, outputs_v)
                codes = self._collect(shape, number, t0_s, rate_hz)
            except BaseException:
                link.stop()
                raise
        volts = codes * (np.array(shape.spans_v) / FULL)
        samples_v = volts.reshape(shape.steps, shape.keep, len(shape.inputs))
        return Recording(samples_v, rate_hz, t0_s)

    def stream(self, shape: Shape, block: int) -> Iterator[Samples]:
        """Until the iterator is closed; starts with the first `next`.

        Raises:
            Overrun: with the first lost index and the count.
        """
        self.demand_free()
        link = self._link
        scale = np.array(shape.spans_v) / FULL
        self.streaming = True
        try:
            with link.held():
                rate_hz = self._set_up(replace(shape, steps=0))
                number, t0_s = self._start(replace(shape, steps=0), None)
            pieces: list[Codes] = []
            held = sequence = index = 0
            while True:
                while held < block:
                    due = min(block, index + held + self._most(shape) - index)
                    self._pause(t0_s + (index + due) / rate_hz)
                    got = self._fetch(shape, number, sequence, t0_s + (index + due) / rate_hz)
                    sequence += 1
                    if got.flags:
                        self._ended(got)
                    pieces.append(got.codes)
                    held += len(got.codes)
                codes = np.concatenate(pieces)
                yield Samples(index, t0_s + index / rate_hz, codes[:block] * scale)
                pieces, held, index = [codes[block:]], held - block, index + block
        finally:
            self.streaming = False
            link.stop()

    def demand_free(self) -> None:
        """Refuse while a stream is open.

        Raises:
            InstrumentError: it is.
        """
        if self.streaming:
            raise InstrumentError(
                f"{self._link.where}: a stream is open and has the board's one clock; close it"
            )

    def _set_up(self, shape: Shape) -> float:
        """Everything but outputs; the rate that the board has made of it."""
        questions = [":CLOC:RATE?", ":TRIG:STEP?", ":TRIG:COUN?", ":CONF:AI:SCAN?"]
        units = [
            ":ABOR",
            f":CLOC:RATE {shape.rate_hz:.9E}",
            f":TRIG:STEP {shape.settle},{shape.keep}",
            f":TRIG:COUN {shape.steps}",
            f":CONF:AI:SCAN {channel_list(shape.inputs)}",
            f":SOUR:LIST:CHAN {channel_list(shape.outputs)}",
        ]
        units += spans(shape.inputs, shape.spans_v)
        if shape.inputs:
            questions.append(f":CONF:AI:RANG? {channel_list(shape.inputs)}")
        replies = self._link.exchange(*units, *questions, *questions)
        rate, *rest = self._link.same(replies, questions)
        wanted = [f"{shape.settle},{shape.keep}", str(shape.steps), channel_list(shape.inputs)]
        if rest[:3] != wanted:
            raise BadReply(f"{self._link.where}: {wanted} was set, {rest[:3]} is read back")
        demand_spans(rest[3:], shape.spans_v, self._link.where)
        try:
            return float(rate)
        except ValueError as error:
            raise BadReply(f"{self._link.where}: {rate!r} is no rate") from error

    def _start(self, shape: Shape, outputs_v: Volts | None) -> tuple[int, float]:
        number = fresh_number()
        moves = "a block with outputs" if shape.outputs else ""
        lines = [] if outputs_v is None else self._upload(number, outputs_v)
        for line in lines[:-1]:
            self._link.exchange(line)
        if lines:
            [points] = self._link.exchange(lines[-1], ":SOUR:LIST:POIN?")
            if points != str(shape.steps + 1):
                raise BadReply(
                    f"{self._link.where}: the list holds {points} values; {shape.steps + 1} were "
                    "sent"
                )
        t0_s = self._link.clock.now_s()
        self._link.exchange(f":TRIG {number}", sets=moves)
        return number, t0_s

    def _upload(self, number: int, outputs_v: Volts) -> list[str]:
        codes = np.clip(np.rint(outputs_v * (FULL / self._full_scale_v)), -FULL, FULL - 1)
        flat = codes.astype(np.int16).ravel()
        firsts = range(0, len(flat), self._block_values)
        return [
            f":SOUR:LIST:DATA {list_block(number, k, flat[first : first + self._block_values])}"
            for k, first in enumerate(firsts)
        ]

    def _collect(self, shape: Shape, number: int, t0_s: float, rate_hz: float) -> Codes:
        wanted = shape.steps * shape.keep if shape.inputs else 0
        end_s = t0_s + shape.steps * shape.per_step / rate_hz
        pieces: list[Codes] = [np.empty((0, len(shape.inputs)), dtype=np.int16)]
        got_scans = sequence = 0
        while True:
            due = min(wanted, got_scans + self._most(shape))
            step_s = shape.per_step / rate_hz
            due_s = end_s if due == wanted else t0_s + math.ceil(due / shape.keep) * step_s
            self._pause(due_s)
            got = self._fetch(shape, number, sequence, due_s)
            sequence += 1
            pieces.append(got.codes)
            got_scans += len(got.codes)
            if got.flags == END and got_scans == wanted:
                return np.concatenate(pieces)
            if got.flags or got_scans > wanted:
                self._ended(got)

    def _most(self, shape: Shape) -> int:
        return max(1, self._block_values // max(1, len(shape.inputs)))

    def _fetch(self, shape: Shape, number: int, sequence: int, due_s: float) -> DataBlock:
        """The next block; an empty one that is not the last is waited for no longer than it may."""
        link = self._link
        with link.held():
            [text] = link.exchange(f":FETC:DATA? {number},{sequence}")
            got = read_block(
                text, run=number, sequence=sequence, width=len(shape.inputs), where=link.where
            )
        if not len(got.codes) and not got.flags:
            if link.clock.now_s() > due_s + self._timeout_s:
                raise Timeout(
                    f"{link.where}: samples have not come {si(self._timeout_s, 's')} after they "
                    "should have. Check the sample clock"
                )
            self._pause(link.clock.now_s() + _POLL_S)
        return got

    def _pause(self, due_s: float) -> None:
        """Let time pass, and say a word often enough that the dead-man timer does not strike."""
        link = self._link
        while (left_s := due_s - link.clock.now_s()) > 0 or link.port.abort.is_set():
            if link.clock.sleep(min(left_s, self._silence_s()), link.port.abort):
                raise Aborted(f"{link.where}: aborted while it waited for samples")
            if due_s > link.clock.now_s():
                link.exchange(":SYST:DEAD:KICK")

    def _ended(self, got: DataBlock) -> NoReturn:
        where = self._link.where
        if got.flags & OVERRUN:
            first = got.first + len(got.codes)
            raise Overrun(
                f"{where}: samples {first} to {first + got.lost - 1} per channel were lost: the "
                "board's memory was full. Sample more slowly, or with fewer inputs",
                first_lost=first,
                count=got.lost,
            )
        if got.flags & DEAD_MAN:
            raise Reported(
                f"{where}: the dead-man timer has put the outputs to 0 V in the middle of a run: "
                "the board has heard nothing for too long. Check the line, or set a longer "
                "dead_man_s"
            )
        if got.flags & ABORTED:
            raise InstrumentError(f"{where}: somebody else has stopped the run")
        raise BadReply(
            f"{where}: the run has ended (flags {got.flags}) with scan "
            f"{got.first + len(got.codes)}, which is not where it should"
        )


def spans(inputs: Sequence[int], spans_v: Sequence[float]) -> list[str]:
    """Commands that put each input on its span; one for all that share it."""
    return [
        f":CONF:AI:RANG {span_v:.6E},"
        + channel_list([i for i, own_v in zip(inputs, spans_v, strict=True) if own_v == span_v])
        for span_v in dict.fromkeys(spans_v)
    ]


def demand_spans(replies: Sequence[str], spans_v: Sequence[float], where: str) -> None:
    """Refuse inputs that are on other spans than they were put on.

    Raises:
        BadReply: with both.
    """
    wanted = ",".join(f"{span_v:.6E}" for span_v in spans_v)
    if spans_v and list(replies) != [wanted]:
        raise BadReply(f"{where}: the inputs are on {replies}; expected spans of {wanted} V")
