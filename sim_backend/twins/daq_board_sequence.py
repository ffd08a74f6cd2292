"""What the next run of a DAQ board is to be: clock, steps, scan and the list of its outputs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim_backend.scpi import DEVICE_ERROR, ScpiError
from sim_backend.twins.converter import quantise
from sim_backend.twins.daq_board_blocks import Codes, ListBlock
from sim_backend.twins.daq_board_inputs import FULL
from sim_backend.twins.daq_board_options import DaqBoardOptions
from sim_backend.twins.daq_board_run import Plan

TIME_BASE_HZ = 10e6
# A ratio of rates that rounding has put a little above a whole number.
_ROUNDING = 1e-6


class Sequencer:
    """Settings of a run, kept until others come.

    Attributes:
        divisor: periods of the time base in one of the sample clock.
        scan: inputs, in order.
        outputs: that the list plays.
        codes: values of the list so far, output by output within a step, in 1/32768 of the span.
        settle, keep, steps: see `Run`.
    """

    def __init__(self, options: DaqBoardOptions) -> None:
        self._options = options
        self.divisor = 1000
        self.scan: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self.codes: Codes = np.empty(0, dtype=np.int16)
        self.settle, self.keep, self.steps = 0, 1, 1
        self._number = self._blocks = 0

    @property
    def rate_hz(self) -> float:
        """Of the sample clock, Hz."""
        return TIME_BASE_HZ / self.divisor

    @property
    def points(self) -> int:
        """Values per output in the list."""
        return len(self.codes) // max(1, len(self.outputs))

    def set_rate(self, rate_hz: float) -> None:
        """The highest rate there is that is not above this one."""
        self.divisor = max(1, math.ceil(TIME_BASE_HZ / rate_hz - _ROUNDING))

    def begin_list(self, outputs: Sequence[int]) -> None:
        """An empty list for these outputs; for none: nothing is played."""
        self.outputs = tuple(outputs)
        self.codes = np.empty(0, dtype=np.int16)
        self._number = self._blocks = 0

    def add(self, block: ListBlock) -> None:
        """More of the list.

        Raises:
            ScpiError: 202 not the next block of this list; -223 no room; -221 no outputs chosen.
        """
        if not self.outputs:
            raise ScpiError(-221)
        wanted = (self._number if self._blocks else block.number, self._blocks)
        if (block.number, block.sequence) != wanted:
            raise ScpiError(202, "Block sequence", event=DEVICE_ERROR)
        if len(self.codes) + len(block.codes) > self._options.list_values:
            raise ScpiError(-223)
        self._number, self._blocks = block.number, self._blocks + 1
        self.codes = np.concatenate([self.codes, block.codes])

    def plan(self, number: int, t0_s: float, terminals: Sequence[str]) -> Plan:
        """Of a run that starts now.

        Raises:
            ScpiError: -221 the settings do not go together.
        """
        o, outputs = self._options, len(self.outputs)
        limit_hz = o.rate_hz if len(self.scan) <= 1 else o.aggregate_rate_hz / len(self.scan)
        too_fast = bool(self.scan) and self.rate_hz > min(limit_hz, o.rate_hz)
        too_fast |= bool(outputs) and self.rate_hz > o.output_rate_hz
        fits = len(self.codes) == outputs * (self.steps + 1) if outputs else True
        if too_fast or not fits or (outputs and not self.steps) or not (outputs or self.scan):
            raise ScpiError(-221)
        volts = quantise(self.codes * (o.output_range_v / FULL), o.output_range_v, o.output_bits)
        return Plan(
            number=number,
            t0_s=t0_s,
            dt_s=self.divisor / TIME_BASE_HZ,
            scan=self.scan,
            settle=self.settle,
            keep=self.keep,
            steps=self.steps,
            terminals=tuple(terminals),
            played_v=np.ascontiguousarray(volts.reshape(-1, max(1, outputs)).T)[:outputs],
            room=o.data_values // max(1, len(self.scan)),
        )

    def state(self) -> dict[str, Any]:
        """JSON-able; the codes are apart."""
        return {
            "divisor": self.divisor,
            "scan": self.scan,
            "outputs": self.outputs,
            "step": [self.settle, self.keep, self.steps],
            "list": [self._number, self._blocks],
        }

    def restore(self, state: Mapping[str, Any], codes: Codes) -> None:
        """What `state()` gave."""
        self.divisor = state["divisor"]
        self.scan, self.outputs = tuple(state["scan"]), tuple(state["outputs"])
        self.settle, self.keep, self.steps = state["step"]
        self._number, self._blocks = state["list"]
        self.codes = codes
