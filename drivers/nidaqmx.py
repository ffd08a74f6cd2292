"""National Instruments boards through the `nidaqmx` package, NI's own or on another interpreter.

A board holds its outputs whatever becomes of the tasks, the program or the computer: 0 V has to
be written, and is read back through the board's own path from output to converter.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
from nidaqmx.stream_readers import AnalogMultiChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter
from numpy.typing import NDArray

from drivers.ni_abilities import demand_wired, find_device, sample_rate_hz, survey
from drivers.ni_block import Pause, Recording, count_steps, play, record, stream
from drivers.ni_board import NiBoard
from drivers.ni_errors import is_reserved, translated
from drivers.ni_options import NiDaqOptions, located
from drivers.ni_together import check_output, merged, owner, together
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    BenchError,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotSafeError,
    Reported,
    WrongIdentity,
)
from mtjlab.core.interfaces import (
    Block,
    Identity,
    Instrument,
    Samples,
)
from mtjlab.core.units import si

_SAFE_V = 5e-3


class NiDaq:
    """One board; satisfies `Daq` and `Driver`."""

    options_model: ClassVar[type[Any]] = NiDaqOptions
    host_loss: ClassVar[str] = (
        "nothing: outputs hold their last value; only a fence (divider, series resistor) bounds "
        "what a junction then sees"
    )
    output_full_scale_v: ClassVar[float] = 10.0

    def __init__(
        self, opening: Opening, options: NiDaqOptions, device: Any, remote: Any = None
    ) -> None:
        """Take the board's abilities; sets nothing."""
        place = opening.resource if remote is None else f"{opening.resource} at {options.grpc}"
        self._name = opening.name
        self._where = f"{opening.name} ({place})"
        self._remote = remote
        self._device = device
        self._permit = opening.permit
        self._options = options
        self._outputs = tuple(opening.outputs)
        self._joined: dict[str, NiBoard] = {}
        self.board = NiBoard(
            opening.resource, self._where, opening.ports.ni, opening.inputs, options
        )
        self._lock = self.board.lock
        self._abort = self.board.abort if remote is None else remote.abort
        self.board.abort = self._abort
        self._pause = Pause(opening.clock, self._abort, options.timeout_s)
        self.abilities = survey(device, self.board, self._outputs, options)
        self.board.abilities = self.abilities

    @staticmethod
    def preload() -> None:
        """For the supervisor: import now what opening would import."""
        with suppress(ImportError):
            import drivers.ni_remote  # noqa: F401

    @classmethod
    def open(cls, opening: Opening) -> "NiDaq":
        """Find the board and compare it with the wiring; changes no output.

        Raises:
            NotFound: no NI driver, or no such device; WrongIdentity: another product.
            BenchError: the wiring uses a channel or a range that the board does not have.
        """
        options = NiDaqOptions.model_validate(dict(opening.options))
        opening, remote = located(opening, options)
        try:
            device = find_device(opening)
            driver = cls(opening, options, device, remote)
            driver.identify()
            demand_wired(device, driver._where, driver.abilities, opening, options.read_back)
        except BaseException:
            if remote is not None:
                remote.close()
            raise
        return driver

    def faces(self) -> Mapping[str, Instrument]:
        """The driver is its only face."""
        return {"": self}

    def join(self, name: str, player: object) -> None:
        """From now on blocks may play outputs of another board, `name/ao0`, on its clock.

        Raises:
            BenchError: no cable can lead from there to here.
        """
        if not isinstance(player, NiDaq):
            raise BenchError(
                f"{self._where} cannot take the clock of {name!r}, which is no NI board; take it "
                "out of [[wiring.clocks]]"
            )
        if player.board.computer != self.board.computer:
            raise BenchError(
                f"{self._where} and {player.board.where} are to share a clock; expected both in "
                "one computer: the same `grpc`, or none"
            )
        self._joined[name] = player.board
        self.abilities = merged(self.board.abilities, name, player.board.abilities)

    def close(self) -> None:
        """Close every task; the outputs hold what they have."""
        with self._lock:
            self.board.drop()
            if self._remote is not None:
                self._remote.close()

    def identify(self) -> Identity:
        """As `Daq.identify`."""
        with translated(self._where, "asking for its product type"):
            product, serial = str(self._device.product_type), int(self._device.serial_num)
        wanted = self._options.product
        # A twin says whose it is; it stands in for that board when a bench is tried in a dry run.
        if wanted is not None and product not in (wanted, f"mtjlab twin of {wanted}"):
            raise WrongIdentity(
                f"{self._where}: a {wanted} was expected, a {product} answered. Check `resource` "
                "in the bench file against NI MAX"
            )
        return Identity("National Instruments", product, f"{serial:X}", "not reported")

    def write(self, values_v: Mapping[str, float]) -> None:
        """As `Daq.write`; refused as a whole if one value is."""
        self._permit.demand(f"{self._where}: write")
        for channel, volts in values_v.items():
            check_output(self.board, channel, float(volts), float(volts))
        if not values_v:
            return
        if self._abort.is_set() and any(volts != 0 for volts in values_v.values()):
            raise Aborted(f"{self._where}: aborted; shut it down to go on")
        with self._lock:
            task = self.board.outputs(tuple(values_v))
            try:
                with translated(self._where, "writing outputs"):
                    writer = AnalogMultiChannelWriter(task.out_stream, auto_start=True)
                    writer.verify_array_shape = False
                    writer.write_one_sample(
                        np.array(list(values_v.values()), dtype=np.float64),
                        timeout=self._options.timeout_s,
                    )
            finally:
                self.board.release(task)

    def read(self, channels: Sequence[str]) -> NDArray[np.float64]:
        """As `Daq.read`."""
        with self._lock:
            task = self._inputs(channels)
            values_v = np.empty(len(channels))
            try:
                with translated(self._where, "reading inputs"):
                    reader = AnalogMultiChannelReader(task.in_stream)
                    reader.verify_array_shape = False
                    reader.read_one_sample(values_v, timeout=self._options.timeout_s)
            finally:
                self.board.release(task)
            return values_v

    def _inputs(self, channels: Sequence[str]) -> Any:
        try:
            return self.board.inputs(channels)
        except BenchError as error:
            outputs = [c for c in channels if c.startswith("ao")]
            if not outputs:
                raise
            raise InstrumentError(
                f"{self._where} cannot read back {', '.join(outputs)}: it has no internal channel "
                "for it. Wire the output to a free input and name that in read_back"
            ) from error

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
        """As `Daq.play_and_record`; `out/ao0` is an output of a board whose clock is shared."""
        name, ao = owner(self._where, self._name, ao, self._joined)
        player = self._joined.get(name, self.board)
        steps = count_steps(self._where, outputs_v, ao, rest_v, steps)
        limits = self.board.abilities, player.abilities if ao else None
        rate_hz = sample_rate_hz(self._where, step_rate_hz, settle, keep, len(ai), *limits)
        with together(self.board, player):
            if outputs_v is None:
                shape = (steps, settle, keep)
                recorded = [record(self.board, ai, rate_hz, shape, self._pause)]
            else:
                self._permit.demand(f"{player.where}: play_and_record")
                for column, channel in enumerate(ao):
                    values = np.append(outputs_v[:, column], rest_v[column])
                    check_output(player, channel, float(values.min()), float(values.max()))
                recorded = self._play(player, outputs_v, ao, ai, rate_hz, settle, keep, rest_v)
        return Block(
            samples_v=np.concatenate([r.samples_v for r in recorded])
            if len(recorded) > 1
            else recorded[0].samples_v,
            step_rate_hz=recorded[0].rate_hz / (settle + keep),
            t0_s=recorded[0].t0_s,
            parts=len(recorded),
        )

    def _play(
        self,
        player: NiBoard,
        outputs_v: NDArray[np.float64],
        ao: Sequence[str],
        ai: Sequence[str],
        rate_hz: float,
        settle: int,
        keep: int,
        rest_v: Sequence[float],
    ) -> list[Recording]:
        per_step = settle + keep
        # One more value than samples, for the rest.
        fit = (player.abilities.block_samples - 1) // per_step
        if fit < 1:
            raise LimitError(
                f"{player.where}: one step of {per_step} samples does not fit the output memory of "
                f"{player.abilities.block_samples}; nothing was sent. Use a smaller settle or keep"
            )
        parts = []
        for first in range(0, len(outputs_v), fit):
            part = outputs_v[first : first + fit]
            end = rest_v if first + fit >= len(outputs_v) else part[-1]
            played = np.vstack([np.repeat(part, per_step, axis=0), np.asarray(end)[np.newaxis]])
            waveform_v = np.ascontiguousarray(played.T, dtype=np.float64)
            shape = (len(part), settle, keep)
            parts.append(play(self.board, player, ao, ai, waveform_v, rate_hz, shape, self._pause))
        return parts

    def stream(self, ai: Sequence[str], rate_hz: float, block: int) -> Iterator[Samples]:
        """As `Daq.stream`."""
        if block < 1:
            raise LimitError(f"{self._where}: a stream in pieces of {block}; expected 1 or more")
        rate_hz = sample_rate_hz(self._where, rate_hz, 0, 1, len(ai), self.board.abilities, None)
        return stream(self.board, tuple(ai), rate_hz, block, self._pause)

    def abort(self) -> None:
        """As `Daq.abort`; of both boards while they are in one block."""
        self._abort.set()
        partner = self.board.partner
        if partner is not None:
            partner.abort.set()

    def shutdown(self) -> None:
        """As `Daq.shutdown`; moves the outputs that the bench file wires, and no others."""
        self._permit.demand(f"{self._where}: shutdown")
        self._abort.clear()
        with self._lock:
            self.board.drop()
            if not self._outputs:
                return
            try:
                self._write_zero()
                held_v = self.read(self._outputs)
            except MtjlabError as error:
                raise NotSafeError(
                    f"{self._where}: outputs could not be read back at 0 V: {error}. Disconnect "
                    "them by hand"
                ) from error
        for channel, volts in zip(self._outputs, held_v.tolist(), strict=True):
            # Not `abs(volts) > _SAFE_V`: a NaN is not safe.
            if not abs(volts) < _SAFE_V:
                raise NotSafeError(
                    f"{self._where}: {channel} reads back {si(volts, 'V')} after 0 V was written; "
                    f"expected less than {si(_SAFE_V, 'V')}. Disconnect it by hand"
                )

    def _write_zero(self) -> None:
        zero_v = dict.fromkeys(self._outputs, 0.0)
        try:
            self.write(zero_v)
        except Reported as error:
            if self._remote is None or not is_reserved(error):
                raise
            # A program that has died left a running task on the server; nobody else can stop it.
            with translated(self._where, "resetting the board"):
                self._device.reset_device()
            self.write(zero_v)
