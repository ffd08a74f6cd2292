"""The DAQ board of docs/boards.md: outputs, inputs and selector of a microcontroller.

It is on a serial port, reached through pyserial.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drivers.board_blocks import FULL, read_block
from drivers.daq_board_abilities import DaqBoardOptions, demand_wiring, read_abilities
from drivers.daq_board_link import SPECIFICATION, BoardLink
from drivers.daq_board_requests import Requests
from drivers.daq_board_run import Recording, Runs, Shape, channel_list, demand_spans, spans
from drivers.daq_board_selector import DaqBoardSelector
from drivers.serial_link import SerialLink, fresh_number
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    BenchError,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotSafeError,
    WrongIdentity,
)
from mtjlab.core.interfaces import Block, DaqAbilities, Identity, Instrument, Samples
from mtjlab.core.units import si

_SAFE_V = 5e-3
# A word to the board at least so often, in its dead-man time.
_OFTEN = 1 / 3


class DaqBoard:
    """One board; satisfies `Daq` and `Driver`, and has a `Selector` as its second face."""

    options_model: ClassVar[type[Any]] = DaqBoardOptions
    host_loss: ClassVar[str] = (
        "dead-man timer: the board puts its outputs to 0 V when it has heard nothing for its "
        "dead-man time (10 s unless dead_man_s says otherwise); switches stay"
    )
    # Its identity is free text.
    recognised_by: ClassVar[str] = "SYST:SPEC?"
    # The most that the specification allows; the board says what it has.
    output_full_scale_v: ClassVar[float] = 10.0
    abilities: DaqAbilities

    def __init__(self, opening: Opening, options: DaqBoardOptions) -> None:
        """Open the port and ask who is there; sets nothing."""
        self._options = options
        self._outputs = tuple(opening.outputs)
        self._port = SerialLink(opening, timeout_s=options.timeout_s, baud=options.baud)
        try:
            self._link = BoardLink(opening, self._port)
            self._where = self._link.where
            self._link.greet()
            self._identity = self._identified()
            text, time_s = self._link.ask(":SYST:CAP?", ":SYST:DEAD:TIME?")
            self._board = read_abilities(text, len(self._outputs), self._where)
            self._dead_man_s = self._number(time_s)
            self.abilities = self._board.daq
            full_scale_v = self.abilities.output_ranges_v[-1]
            if full_scale_v > self.output_full_scale_v:
                raise BenchError(
                    f"{self._where}: its outputs reach {si(full_scale_v, 'V')}; the fences of a "
                    f"bench are computed for {si(self.output_full_scale_v, 'V')} at most"
                )
            self._asked = Requests(self._where, self.abilities, opening.inputs)
            demand_wiring(self._board, opening.inputs, self._outputs, opening.arrays, self._where)
        except BaseException:
            self._port.close()
            raise
        self._runs = Runs(
            self._link,
            block_values=self._board.block_values,
            full_scale_v=full_scale_v,
            timeout_s=options.timeout_s,
            silence_s=lambda: self._dead_man_s * _OFTEN,
        )
        self._selector = (
            DaqBoardSelector(self._link, self._runs, self._board, self._identity, opening.arrays)
            if opening.arrays
            else None
        )

    @staticmethod
    def recognises(reply: str) -> bool:
        """Whether this reply to `recognised_by` comes from such a board."""
        return reply.strip() == SPECIFICATION

    @classmethod
    def open(cls, opening: Opening) -> "DaqBoard":
        """Find the board and compare it with the wiring; changes no output and no setting.

        Raises:
            NotFound, Timeout: no such port, or nobody there; WrongIdentity: another instrument.
            BenchError: the wiring uses what the board does not have.
        """
        return cls(opening, DaqBoardOptions.model_validate(dict(opening.options)))

    def faces(self) -> Mapping[str, Instrument]:
        """The board, and `selector` where an array of the wiring names it as such."""
        return {"": self} if self._selector is None else {"": self, "selector": self._selector}

    def close(self) -> None:
        """Close the port; the outputs hold until the dead-man timer strikes."""
        self._port.close()

    def keep_alive(self, duration_s: float = 0.0) -> None:
        """Say a word if it is time, and that the next one may take `duration_s`, s.

        Whether it arrives is found out by whoever uses the board next.
        """
        now_s = self._link.clock.now_s()
        often_s = self._dead_man_s * _OFTEN
        if now_s - self._link.spoke_s < often_s and duration_s < often_s:
            return
        self._link.spoke_s = now_s
        try:
            self._link.exchange(f":SYST:DEAD:KICK {min(3600.0, duration_s + often_s):.3f}")
        except InstrumentError:
            return

    def identify(self) -> Identity:
        """As `Daq.identify`."""
        return self._identified()

    def _identified(self) -> Identity:
        [reply] = self._link.ask("*IDN?")
        parts = [part.strip() for part in reply.split(",", 3)]
        if len(parts) != 4:
            raise WrongIdentity(f"{self._where}: {reply!r} is no identity of four parts")
        if self._options.serial not in (None, parts[2]):
            raise WrongIdentity(
                f"{self._where}: the board with serial number {self._options.serial} was expected, "
                f"{reply!r} answered. Check `resource` in the bench file"
            )
        return Identity(*parts)

    def write(self, values_v: Mapping[str, float]) -> None:
        """As `Daq.write`; refused as a whole if one value is."""
        self._link.permit.demand(f"{self._where}: write")
        for channel, volts in values_v.items():
            self._asked.check_output(channel, float(volts), float(volts))
        if not values_v:
            return
        if self._port.abort.is_set() and any(volts != 0 for volts in values_v.values()):
            raise Aborted(f"{self._where}: aborted; shut it down to go on")
        with self._link.held():
            self._set_dead_man()
            self._write(values_v)

    def _write(self, values_v: Mapping[str, float]) -> None:
        listed = channel_list([self._asked.output(channel) for channel in values_v])
        volts = ",".join(f"{float(v):.9E}" for v in values_v.values())
        question = f":SOUR:VOLT? {listed}"
        replies = self._link.exchange(
            f":SOUR:VOLT {listed},{volts}", question, question, sets="write"
        )
        [held] = self._link.same(replies, [question])
        got_v = self._numbers(held, len(values_v))
        for (channel, wanted_v), held_v in zip(values_v.items(), got_v, strict=True):
            if not abs(held_v - wanted_v) <= 1.01 * self._board.output_step_v:
                raise BadReply(
                    f"{self._where}: {channel} holds {si(held_v, 'V')} after "
                    f"{si(float(wanted_v), 'V')} was written. Read it again, and check the line"
                )

    def read(self, channels: Sequence[str]) -> NDArray[np.float64]:
        """As `Daq.read`; an output is read through the board's own path to its converter."""
        with self._link.held():
            self._runs.demand_free()
            values_v = np.empty(len(channels))
            inputs = [(i, c) for i, c in enumerate(channels) if c in self.abilities.inputs]
            outputs = [(i, c) for i, c in enumerate(channels) if c in self.abilities.outputs]
            if len(inputs) + len(outputs) < len(channels):
                self._asked.refuse_channel(next(c for c in channels if c not in self._asked.known))
            if inputs:
                values_v[[i for i, _ in inputs]] = self._scan([c for _, c in inputs])
            if outputs:
                values_v[[i for i, _ in outputs]] = self._loop_back([c for _, c in outputs])
            return values_v

    def _scan(self, channels: Sequence[str]) -> NDArray[np.float64]:
        numbers = [int(channel[2:]) for channel in channels]
        spans_v = self._asked.spans_v(channels)
        number, listed = fresh_number(), channel_list(numbers)
        now, text = self._link.exchange(
            *spans(numbers, spans_v), f":CONF:AI:RANG? {listed}", f":READ? {number},{listed}"
        )
        demand_spans([now], spans_v, self._where)
        return self._one_scan(text, number, spans_v)

    def _loop_back(self, channels: Sequence[str]) -> NDArray[np.float64]:
        if not self._board.loop_back:
            raise InstrumentError(
                f"{self._where} cannot measure {', '.join(channels)}: it has no path from its "
                "outputs to its converter"
            )
        number = fresh_number()
        listed = channel_list([self._asked.output(channel) for channel in channels])
        [text] = self._link.exchange(f":READ:LOOP? {number},{listed}")
        return self._one_scan(text, number, [self.abilities.input_ranges_v[-1]] * len(channels))

    def _one_scan(self, text: str, number: int, spans_v: Sequence[float]) -> NDArray[np.float64]:
        got = read_block(text, run=number, sequence=0, width=len(spans_v), where=self._where)
        if len(got.codes) != 1:
            raise BadReply(f"{self._where}: {len(got.codes)} scans came; one was asked for")
        volts: NDArray[np.float64] = got.codes[0] * (np.array(spans_v) / FULL)
        return volts

    def play_and_record(
        self,
        outputs_v: NDArray[np.float64] | None,
        *,
        ao: Sequence[str],
        ai: Sequence[str],
        step_rate_hz: float,
        settle: int,
        keep: int,
        rest_v: Sequence[float],
        steps: int | None = None,
    ) -> Block:
        """As `Daq.play_and_record`."""
        steps = self._asked.count_steps(outputs_v, ao, rest_v, steps)
        shape = self._asked.shape(ao, ai, step_rate_hz * (settle + keep), steps, settle, keep)
        with self._link.held():
            if self._port.abort.is_set():
                raise Aborted(f"{self._where}: aborted; shut it down to go on")
            if outputs_v is not None:
                self._link.permit.demand(f"{self._where}: play_and_record")
                for column, channel in enumerate(ao):
                    values = np.append(outputs_v[:, column], rest_v[column])
                    self._asked.check_output(channel, float(values.min()), float(values.max()))
                self._set_dead_man()
            recorded = self._parts(shape, outputs_v, rest_v)
        return Block(
            samples_v=np.concatenate([r.samples_v for r in recorded]),
            step_rate_hz=recorded[0].rate_hz / shape.per_step,
            t0_s=recorded[0].t0_s,
            parts=len(recorded),
        )

    def _parts(
        self, shape: Shape, outputs_v: NDArray[np.float64] | None, rest_v: Sequence[float]
    ) -> list[Recording]:
        """As few runs as the board's memories allow."""
        fit = self._board.data_values // max(1, shape.keep * len(shape.inputs))
        if outputs_v is not None:
            most = self._board.list_values // len(shape.outputs) - 1
            fit = min(fit, most, self.abilities.block_samples)
        if fit < 1:
            raise LimitError(
                f"{self._where}: one step of {shape.keep} samples of {len(shape.inputs)} inputs "
                "does not fit the board's memory; nothing was sent. Use a smaller keep"
            )
        parts = []
        for first in range(0, shape.steps, fit):
            last = min(shape.steps, first + fit)
            part = Shape(**{**vars(shape), "steps": last - first})
            played = None
            if outputs_v is not None:
                end = rest_v if last == shape.steps else outputs_v[last - 1]
                played = np.vstack([outputs_v[first:last], np.asarray(end)[np.newaxis]])
            parts.append(self._runs.record(part, played))
        return parts

    def stream(self, ai: Sequence[str], rate_hz: float, block: int) -> Iterator[Samples]:
        """As `Daq.stream`."""
        if block < 1 or not ai:
            raise LimitError(
                f"{self._where}: a stream of {len(ai)} inputs in pieces of {block}; expected 1 or "
                "more of both"
            )
        return self._runs.stream(self._asked.shape((), ai, rate_hz, 0, 0, 1), block)

    def abort(self) -> None:
        """As `Daq.abort`."""
        self._port.abort.set()

    def shutdown(self) -> None:
        """As `Daq.shutdown`, of every output: the dead-man timer knows no others either."""
        self._link.permit.demand(f"{self._where}: shutdown")
        self._port.abort.clear()
        for last in (False, True):
            try:
                with self._link.held():
                    self._link.exchange("*CLS", ":ABOR")
                    self._runs.streaming = False
                    if self.abilities.outputs:
                        self._write(dict.fromkeys(self.abilities.outputs, 0.0))
                        self._demand_zero()
                return
            except MtjlabError as error:
                if last:
                    raise NotSafeError(
                        f"{self._where}: outputs could not be read back at 0 V: {error}. "
                        "Disconnect them by hand"
                    ) from error

    def _demand_zero(self) -> None:
        if not self._board.loop_back:
            return
        outputs = self.abilities.outputs
        for channel, volts in zip(outputs, self._loop_back(outputs).tolist(), strict=True):
            # Not `abs(volts) > _SAFE_V`: a NaN is not safe.
            if not abs(volts) < _SAFE_V:
                raise InstrumentError(
                    f"{channel} measures {si(volts, 'V')} after 0 V was written; expected less "
                    f"than {si(_SAFE_V, 'V')}"
                )

    def _set_dead_man(self) -> None:
        wanted_s = self._options.dead_man_s
        if wanted_s is None or wanted_s == self._dead_man_s:
            return
        question = ":SYST:DEAD:TIME?"
        replies = self._link.exchange(
            f":SYST:DEAD:TIME {wanted_s:.3f}", question, question, sets="dead-man time"
        )
        self._dead_man_s = self._number(self._link.same(replies, [question])[0])

    def _number(self, text: str) -> float:
        return self._numbers(text, 1)[0]

    def _numbers(self, text: str, count: int) -> list[float]:
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        if len(values) != count or not all(map(math.isfinite, values)):
            raise BadReply(f"{self._where}: {text!r} is not {count} numbers")
        return values
