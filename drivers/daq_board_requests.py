"""What is asked of a DAQ board, checked against what it has before anything is sent."""

import math
from collections.abc import Mapping, Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from drivers.daq_board_run import Shape
from mtjlab.core.errors import LimitError, nearest
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.units import si
from mtjlab.core.wiring import InputWire

# The node_noise timing asks for exactly the highest rate; its quotients round.
_RATE_ROUNDING = 1e-9


class Requests:
    """Of one board.

    Attributes:
        where: the board, for messages.
    """

    def __init__(self, where: str, abilities: DaqAbilities, wires: Mapping[str, InputWire]) -> None:
        self.where = where
        self.abilities = abilities
        self._wires = dict(wires)

    def shape(
        self,
        ao: Sequence[str],
        ai: Sequence[str],
        rate_hz: float,
        steps: int,
        settle: int,
        keep: int,
    ) -> Shape:
        """A run with that sample rate.

        Raises:
            LimitError: the board does not reach it, or has no such channel.
        """
        if settle < 0 or keep < 1 or not rate_hz > 0 or not (ai or ao):
            raise LimitError(
                f"{self.where}: {len(ai)} inputs, settle {settle}, keep {keep}, "
                f"{si(rate_hz, 'S/s')}; expected settle >= 0, keep >= 1, a rate above 0 and at "
                "least one channel; nothing was sent"
            )
        limit_hz = self.abilities.rate_limit_hz(len(ai)) if ai else math.inf
        if ao:
            limit_hz = min(limit_hz, self.abilities.output_rate_hz)
        if rate_hz > limit_hz * (1 + _RATE_ROUNDING):
            raise LimitError(
                f"{self.where}: {si(rate_hz, 'S/s')} per channel; the board reaches "
                f"{si(limit_hz, 'S/s')} with {len(ai)} inputs; nothing was sent. Lower the rate, "
                "settle or keep"
            )
        outputs = tuple(self.output(channel) for channel in ao)
        spans_v = self.spans_v(ai)
        inputs = tuple(int(channel[2:]) for channel in ai)
        if len(set(inputs)) < len(inputs) or len(set(outputs)) < len(outputs):
            raise LimitError(f"{self.where}: a channel is named twice; nothing was sent")
        return Shape(outputs, inputs, spans_v, min(rate_hz, limit_hz), steps, settle, keep)

    def count_steps(
        self,
        outputs_v: NDArray[np.float64] | None,
        ao: Sequence[str],
        rest_v: Sequence[float],
        steps: int | None,
    ) -> int:
        """Of a block: said, or the length of its outputs.

        Raises:
            LimitError: the shapes do not belong together.
        """
        if outputs_v is None:
            if steps is None or steps < 1 or ao or rest_v:
                raise LimitError(
                    f"{self.where}: a block without outputs needs steps >= 1 (got {steps}) and "
                    "neither ao nor rest_v; nothing was sent"
                )
            return steps
        fits = outputs_v.ndim == 2 and outputs_v.size > 0 and outputs_v.shape[1] == len(ao)
        if steps is not None or not fits or len(rest_v) != len(ao):
            raise LimitError(
                f"{self.where}: outputs of shape {outputs_v.shape} and {len(rest_v)} rest values "
                f"for {len(ao)} outputs; expected (steps, channels), and no separate number of "
                "steps; nothing was sent"
            )
        return len(outputs_v)

    def spans_v(self, channels: Sequence[str]) -> tuple[float, ...]:
        """The smallest span of each that holds what it is wired for."""
        found = []
        for channel in channels:
            if channel not in self.abilities.inputs:
                self.refuse_channel(channel)
            wire = self._wires.get(channel)
            wanted_v = self.abilities.input_ranges_v[-1] if wire is None else wire.range_v
            found.append(next(v for v in self.abilities.input_ranges_v if v >= wanted_v))
        return tuple(found)

    @property
    def known(self) -> tuple[str, ...]:
        """All channels."""
        return (*self.abilities.inputs, *self.abilities.outputs)

    def refuse_channel(self, channel: str) -> NoReturn:
        """Say that there is none.

        Raises:
            LimitError: always.
        """
        raise LimitError(
            f"{self.where} has no channel {channel!r}; nothing was sent; "
            f"{nearest(channel, self.known)}"
        )

    def output(self, channel: str) -> int:
        """Number of an output."""
        if channel not in self.abilities.outputs:
            self.refuse_channel(channel)
        return int(channel[2:])

    def check_output(self, channel: str, low_v: float, high_v: float) -> None:
        """Refuse an output beyond its span, NaN included.

        Raises:
            LimitError: with what the board has.
        """
        self.output(channel)
        largest_v = self.abilities.output_ranges_v[-1]
        if not (low_v >= -largest_v and high_v <= largest_v):
            raise LimitError(
                f"{self.where}: {channel} = {si(low_v, 'V')} .. {si(high_v, 'V')}; expected "
                f"within +-{si(largest_v, 'V')}; nothing was sent"
            )
