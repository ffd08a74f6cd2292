"""What a board can do, as its driver says it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Multiplexer:
    """What stands between many inputs and their one converter.

    Attributes:
        capacitance_f: behind the switches, F; keeps the voltage of the channel before.
        switch_ohm: of a closed switch, ohm.
        padding_s: how much longer than it must the board stays on a channel, where the sample
            period leaves it the time, s.
    """

    capacitance_f: float
    switch_ohm: float
    padding_s: float = 0.0


@dataclass(frozen=True)
class DaqAbilities:
    """What a board can do.

    Attributes:
        inputs, outputs: channel names, such as `ai0`, `ao0`.
        input_ranges_v, output_ranges_v: largest |V| of each symmetric range, ascending.
        input_bits, output_bits: resolution.
        input_rate_hz: highest sample rate of one input alone, Hz.
        aggregate_rate_hz: highest total rate of a scan of several inputs; inputs x rate if
            simultaneous.
        output_rate_hz: highest update rate, Hz; 0 without outputs.
        simultaneous: every input has its own converter.
        block_samples: largest output block per channel held by the board; longer ones are split.
        multiplexer: None where nothing is known of one.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    input_ranges_v: tuple[float, ...]
    output_ranges_v: tuple[float, ...]
    input_bits: int
    output_bits: int
    input_rate_hz: float
    aggregate_rate_hz: float
    output_rate_hz: float
    simultaneous: bool
    block_samples: int
    multiplexer: Multiplexer | None = None

    def rate_limit_hz(self, n_inputs: int) -> float:
        """Highest sample rate per channel with `n_inputs` in the scan, Hz."""
        if self.simultaneous or n_inputs <= 1:
            return self.input_rate_hz
        return min(self.input_rate_hz, self.aggregate_rate_hz / n_inputs)
