"""`[twin.instruments.NAME]` of a DAQ board: what the board has and how well it does it."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, model_validator

from mtjlab.core.parameters import Quantity
from mtjlab.core.wiring import TerminalMode

Positive = Annotated[float, Quantity("V"), Gt(0)]
Noise = Annotated[float, Quantity("V"), Ge(0)]
Hertz = Annotated[float, Quantity("Hz"), Gt(0), Le(10e6)]
Seconds = Annotated[float, Quantity("s"), Ge(0)]
Bits = Annotated[int, Ge(8), Le(16)]


class DaqBoardOptions(BaseModel):
    """A board of no particular make; sizes and noise are of the kind that 16-bit parts have.

    Attributes:
        serial, firmware: as `*IDN?` gives them.
        inputs, outputs: number of channels.
        bits, output_bits: resolution of inputs and outputs.
        input_ranges_v: largest |V| of each input span, ascending.
        input_noise_v: one standard deviation per sample, for each span.
        output_range_v: full scale of every output.
        terminal: how every input is referenced.
        rate_hz: highest rate of one input; aggregate_rate_hz: of all inputs of a scan together.
        output_rate_hz: highest update rate.
        mux_f, mux_ohm: capacitance behind the multiplexer and resistance of its switches.
        list_values, data_values: memory for values to play and for samples to fetch.
        fetch_values: largest number of values in one block, in either direction.
        lines: rows and columns that the selector can switch.
        switch_s: time that the switches take.
        loop_back: the board can measure its own outputs.
        dead_man_s: dead-man time at power-on.
        latency_s: of a message, either way; byte_s: of each byte of a block.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    serial: str = "0"
    firmware: str = "twin"
    inputs: Annotated[int, Ge(0), Le(100)] = 16
    outputs: Annotated[int, Ge(0), Le(100)] = 4
    bits: Bits = 16
    output_bits: Bits = 16
    input_ranges_v: tuple[Positive, ...] = (0.25, 1.0, 2.5)
    input_noise_v: tuple[Noise, ...] = (8e-6, 30e-6, 75e-6)
    output_range_v: Positive = 2.5
    terminal: TerminalMode = "differential"
    rate_hz: Hertz = 500e3
    aggregate_rate_hz: Hertz = 500e3
    output_rate_hz: Hertz = 500e3
    mux_f: Annotated[float, Quantity("F"), Ge(0)] = 10e-12
    mux_ohm: Annotated[float, Quantity("ohm"), Ge(0)] = 500.0
    list_values: Annotated[int, Ge(2)] = 16384
    data_values: Annotated[int, Ge(100)] = 65536
    fetch_values: Annotated[int, Ge(100), Le(100_000)] = 4096
    lines: Annotated[int, Ge(0), Le(100)] = 32
    switch_s: Seconds = 2e-3
    loop_back: bool = True
    dead_man_s: Annotated[float, Quantity("s"), Ge(0.1), Le(3600)] = 10.0
    latency_s: Seconds = 125e-6
    byte_s: Seconds = 1e-6

    @model_validator(mode="after")
    def _one_value_per_range(self) -> "DaqBoardOptions":
        if not self.input_ranges_v or list(self.input_ranges_v) != sorted(set(self.input_ranges_v)):
            raise ValueError("input_ranges_v must be ascending, each range once, at least one")
        if len(self.input_noise_v) != len(self.input_ranges_v):
            raise ValueError("input_noise_v must have one value for each of input_ranges_v")
        return self
