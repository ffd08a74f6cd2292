"""What a kind of instrument can do: the interfaces between protocols and drivers.

All values are SI floats. An interface belongs to a *channel*, not to a box: a two-channel
source-meter is two `SourceMeter`s on one link. Every failure is an error of `core.errors`.

`abort()` exists everywhere: it only sets a flag, takes no lock, writes nothing and may be called
from any thread. A call that is waiting is released with `Aborted` within 100 ms of wall time.
The flag stays until `shutdown()`, which clears it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.daq_abilities import DaqAbilities as DaqAbilities
from mtjlab.core.daq_abilities import Multiplexer as Multiplexer
from mtjlab.core.wiring import Cell

Function = Literal["voltage", "current"]
OffState = Literal["normal", "zero", "high_impedance", "guard"]
Unselected = Literal["ground", "float", "bias_half"]


@dataclass(frozen=True)
class Identity:
    """What an instrument says of itself."""

    vendor: str
    model: str
    serial: str
    firmware: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.model}, serial {self.serial}, firmware {self.firmware}"


@dataclass(frozen=True)
class SourceAbilities:
    """Largest |value| of each fixed range, ascending; full scale is what the output can reach.

    Attributes:
        voltage_ranges_v, current_ranges_a: nominal ranges.
        overrange: full scale over nominal range, such as 1.05.
    """

    voltage_ranges_v: tuple[float, ...]
    current_ranges_a: tuple[float, ...]
    overrange: float


@dataclass(frozen=True)
class SourceSettings:
    """How a source-meter is set up; fixed ranges only.

    Attributes:
        function: what is sourced; the other quantity is measured.
        range: source range (V or A), at least the largest |level| to come.
        compliance: limit of the other quantity (A or V), > 0; also sets its measuring range.
        four_wire: remote sense.
        off_state: what the terminals are while the output is off.
        nplc: integration time in power-line cycles.
    """

    function: Function
    range: float
    compliance: float
    four_wire: bool = False
    off_state: OffState = "normal"
    nplc: float = 1.0


@dataclass(frozen=True)
class SourceState:
    """Read back from the instrument, not remembered."""

    function: Function
    level: float
    range: float
    compliance: float
    output_on: bool


@dataclass(frozen=True)
class Reading:
    """One measurement of a source-meter."""

    voltage_v: float
    current_a: float
    in_compliance: bool


@runtime_checkable
class SourceMeter(Protocol):
    """One channel that sources voltage or current and measures both."""

    abilities: SourceAbilities

    def identify(self) -> Identity:
        """Ask who is there. Changes nothing.

        Raises:
            WrongIdentity: not the instrument this driver is for.
            Timeout, NotFound: no answer.
        """
        ...

    def state(self) -> SourceState:
        """Read set-points and output back. Changes nothing."""
        ...

    def configure(self, settings: SourceSettings) -> None:
        """Set function, ranges, compliance, sense and off-state; level becomes 0.

        Only with the output off. Every setting is read back.

        Raises:
            LimitError: the instrument has no such range.
            Reported: the instrument refused; InstrumentError if the output is on.
        """
        ...

    def set_level(self, level: float) -> None:
        """Go to `level` (V or A, within the configured range) in one step."""
        ...

    def output(self, on: bool) -> None:
        """Switch the output. Turning it on at a level other than 0 is an InstrumentError."""
        ...

    def measure(self) -> Reading:
        """One reading with the configured integration time. The output must be on.

        Raises:
            InstrumentError: the output is off.
        """
        ...

    def sweep(self, levels: NDArray[np.float64], delay_s: float) -> NDArray[np.float64]:
        """Step through `levels` in the instrument's own buffer; (n, 2): voltage V, current A.

        `delay_s` passes between reaching a level and measuring. Ends at `levels[-1]`.

        Raises:
            Reported: compliance held the output back somewhere, so that not all of it is data.
        """
        ...

    def abort(self) -> None:
        """Release whoever waits; see the module."""
        ...

    def shutdown(self) -> None:
        """Level 0, output off, both read back; may be repeated.

        Raises:
            NotSafeError: the read-back says otherwise, or there is none.
        """
        ...


@dataclass(frozen=True)
class Block:
    """One hardware-timed block.

    Attributes:
        samples_v: (steps, keep, n_ai), V.
        step_rate_hz: the actual rate, as the board coerced it, Hz.
        t0_s: bench time of the block's first sample clock edge, s.
        parts: transactions it took; more than one if the board's memory forced a split.
    """

    samples_v: NDArray[np.float64]
    step_rate_hz: float
    t0_s: float
    parts: int


@dataclass(frozen=True)
class Samples:
    """A piece of a gapless stream; `index0` counts samples since the stream began."""

    index0: int
    t0_s: float
    samples_v: NDArray[np.float64]


@runtime_checkable
class Daq(Protocol):
    """A board with analogue inputs and perhaps outputs on one sample clock.

    Input ranges and terminal modes come from the wiring and are fixed at opening.
    """

    abilities: DaqAbilities

    def identify(self) -> Identity:
        """Ask who is there. Changes nothing."""
        ...

    def write(self, values_v: Mapping[str, float]) -> None:
        """Set outputs, channel -> V, at once; they hold."""
        ...

    def read(self, channels: Sequence[str]) -> NDArray[np.float64]:
        """One sample of each channel, (n,), V. Wired inputs, and `ao0` for an output read back.

        Raises:
            InstrumentError: an output that this board cannot read back.
        """
        ...

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
        """Step the outputs and record the inputs on one clock.

        Sample rate = step_rate_hz x (settle + keep); of each step the first `settle` samples are
        dropped and `keep` kept. The block starts from what the outputs hold and ends at `rest_v`.

        Args:
            outputs_v: (steps, len(ao)), V; None to record only.
            ao: output channels, one per column; empty if `outputs_v` is None. `out/ao0` is one of
                another board, whose clock the inputs take; it must be declared as shared.
            ai: input channels, in the order of the samples.
            step_rate_hz: wanted; the block says what it became.
            settle: >= 0.
            keep: >= 1.
            rest_v: (len(ao),), V.
            steps: number of steps when `outputs_v` is None, and only then.

        Raises:
            LimitError: rate, range or channel that the board does not have.
            Timeout, Overrun, Reported: from the board; Aborted: `abort()` was called.
        """
        ...

    def stream(self, ai: Sequence[str], rate_hz: float, block: int) -> Iterator[Samples]:
        """Sample without a gap until the iterator is closed; pieces of `block` samples.

        Raises:
            Overrun: with the first lost index and the count.
        """
        ...

    def abort(self) -> None:
        """Release whoever waits; see the module."""
        ...

    def shutdown(self) -> None:
        """Stop every task, outputs to 0 V, read back within 5 mV; may be repeated.

        Raises:
            NotSafeError: an output could not be read back at 0 V.
        """
        ...


@runtime_checkable
class Selector(Protocol):
    """Switches between an array and its sources and readers. Moves only at verified 0 V."""

    def identify(self) -> Identity:
        """Ask who is there. Changes nothing."""
        ...

    def connect(self, cells: Sequence[Cell], unselected: Unselected) -> None:
        """Connect exactly these cells and wait the declared settling time."""
        ...

    def closed(self) -> tuple[str, ...]:
        """The instrument's own list of closed channels, read back."""
        ...

    def open_all(self) -> None:
        """Disconnect everything."""
        ...

    def abort(self) -> None:
        """Release whoever waits; see the module."""
        ...

    def shutdown(self) -> None:
        """Open everything and read back an empty list.

        Raises:
            NotSafeError: something is still closed, or nothing can be read.
        """
        ...


@runtime_checkable
class Channel(Protocol):
    """Something that is only read and recorded beside the experiment, such as a thermometer.

    Attributes:
        columns: names of its values.
    """

    columns: tuple[str, ...]

    def identify(self) -> Identity:
        """Ask who is there. Changes nothing."""
        ...

    def values(self) -> NDArray[np.float64]:
        """Read each column once; shape (len(columns),), in units of the instrument.

        Raises:
            BadReply: what came is no finite number.
        """
        ...

    def abort(self) -> None:
        """Release whoever waits; see the module."""
        ...

    def shutdown(self) -> None:
        """Clear `abort`. There is nothing to switch off."""
        ...


Instrument = SourceMeter | Daq | Selector | Channel
