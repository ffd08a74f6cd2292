"""`[twin.instruments.NAME]` of an NI board: what it has and how well it does it."""

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, model_validator

from mtjlab.core.errors import nearest
from mtjlab.core.parameters import Quantity
from mtjlab.core.wiring import TerminalMode
from sim_backend.twins.ni_products import PRODUCTS

Volts = Annotated[float, Quantity("V"), Ge(0)]
SignedVolts = Annotated[float, Quantity("V")]
Positive = Annotated[float, Quantity("V"), Gt(0)]
Seconds = Annotated[float, Quantity("s"), Ge(0)]
Hertz = Annotated[float, Quantity("Hz"), Gt(0)]
Ratio = Annotated[float, Ge(0), Le(0.5)]
SignedRatio = Annotated[float, Ge(-0.5), Le(0.5)]

# Whoever reads a product type must see that it is no hardware.
_TWIN = "mtjlab twin"


class NiBoardOptions(BaseModel):
    """The board; a `product` that `ni_products` knows gives all other keys their defaults.

    Without one, ranges, noise and latencies are our own choice, of the size that 16-bit boards
    of this class have: one code of random noise, and 10 uV that no range goes below.

    Attributes:
        product: a product of `ni_products`, or a text that begins with `mtjlab twin`.
        seed: draws the errors of this board's converters.
        inputs, outputs: number of analogue channels.
        bits, output_bits: resolution; outputs have that of the inputs unless said otherwise.
        simultaneous: a converter for each input; else one for all, behind a multiplexer.
        rate_hz: highest sample rate of one input.
        aggregate_rate_hz: of a multiplexed scan, all channels together; None: `rate_hz`.
        mux_f, mux_ohm: capacitance behind the multiplexer and resistance of its switches; what
            the last channel left there reaches the next by the time constant (R + mux_ohm) mux_f.
        output_rate_hz: highest update rate of one output.
        output_rates_hz: of 1, 2, 3, ... outputs in a task, the last for more; empty: all alike.
        input_ranges_v: largest |V| of each range, ascending.
        input_noise_v: one standard deviation per sample, for each range.
        input_offset_v, input_gain_error: one standard deviation from channel to channel, for
            each range; empty: none.
        output_range_v: full scale of every output.
        output_offset_v, output_gain_error: one standard deviation from channel to channel.
        output_noise_v: one standard deviation, drawn at each update and held until the next.
        offset_v, gain_error: of single channels (`ai3`, `ao0`), instead of what is drawn.
        power_on_v: what outputs hold after power-on and reset.
        terminals: modes that the inputs have.
        differential_pairs: a differential input takes two channels, `ai0` with `ai8`; the upper
            eight of each sixteen cannot be differential.
        ground_offset_v: of the junctions' ground against the board's; `rse` reads it in full.
        cmrr_db: of the other modes, which read the rest.
        loopback: input -> output that is wired to it, of any board: `{ ai31 = "out/ao0" }`.
        rtsi: boards that name the same cable share clocks and triggers; empty: none.
        block_samples: samples that the output memory holds, per channel.
        block_shared: the outputs of a task share that memory.
        task_start_s, read_s, write_s: time the host needs for a start, a read, a write.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    product: str = f"{_TWIN}, 32 simultaneous inputs"
    serial: Annotated[int, Ge(0)] = 0
    seed: Annotated[int, Ge(0)] = 0
    inputs: Annotated[int, Ge(0), Le(256)] = 32
    outputs: Annotated[int, Ge(0), Le(64)] = 4
    bits: Annotated[int, Ge(8), Le(24)] = 16
    output_bits: Annotated[int, Ge(8), Le(24)] | None = None
    simultaneous: bool = True
    rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = 500e3
    aggregate_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] | None = None
    mux_f: Annotated[float, Quantity("F"), Ge(0)] = 100e-12
    mux_ohm: Annotated[float, Quantity("ohm"), Ge(0)] = 1e3
    output_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = 1e6
    output_rates_hz: tuple[Hertz, ...] = ()
    input_ranges_v: tuple[Positive, ...] = (0.2, 1.0, 2.0, 5.0, 10.0)
    input_noise_v: tuple[Volts, ...] = (12e-6, 32e-6, 62e-6, 153e-6, 305e-6)
    input_offset_v: tuple[Volts, ...] = ()
    input_gain_error: tuple[Ratio, ...] = ()
    output_range_v: Positive = 10.0
    output_offset_v: Volts = 0.0
    output_gain_error: Ratio = 0.0
    output_noise_v: Volts = 0.0
    offset_v: dict[str, SignedVolts] = {}
    gain_error: dict[str, SignedRatio] = {}
    power_on_v: SignedVolts = 0.0
    terminals: tuple[TerminalMode, ...] = ("differential", "rse", "nrse", "pseudodifferential")
    differential_pairs: bool = False
    ground_offset_v: SignedVolts = 0.0
    cmrr_db: Annotated[float, Ge(0), Le(200)] = 100.0
    loopback: dict[str, str] = {}
    rtsi: str = ""
    block_samples: Annotated[int, Ge(1)] = 8191
    block_shared: bool = False
    task_start_s: Seconds = 1e-3
    read_s: Seconds = 100e-6
    write_s: Seconds = 100e-6

    @model_validator(mode="before")
    @classmethod
    def _of_product(cls, given: Any) -> Any:
        product = given.get("product") if isinstance(given, Mapping) else None
        if not isinstance(product, str) or product.startswith(_TWIN):
            return given
        if product not in PRODUCTS:
            raise ValueError(
                f"no data sheet of a product {product!r} here; {nearest(product, PRODUCTS)} "
                f"(a board of your own has a name that begins with {_TWIN!r})"
            )
        return {**PRODUCTS[product], **given, "product": f"{_TWIN} of {product}"}

    @model_validator(mode="after")
    def _one_value_per_range(self) -> "NiBoardOptions":
        if list(self.input_ranges_v) != sorted(set(self.input_ranges_v)):
            raise ValueError("input_ranges_v must be ascending, each range once")
        if self.inputs and not self.input_ranges_v:
            raise ValueError("input_ranges_v must not be empty")
        for name, values in (
            ("input_noise_v", self.input_noise_v),
            ("input_offset_v", self.input_offset_v),
            ("input_gain_error", self.input_gain_error),
        ):
            optional = name != "input_noise_v" and not values
            if not optional and len(values) != len(self.input_ranges_v):
                raise ValueError(
                    f"{name} has {len(values)} values, input_ranges_v has "
                    f"{len(self.input_ranges_v)}; expected one per range"
                )
        return self

    @model_validator(mode="after")
    def _possible(self) -> "NiBoardOptions":
        if not self.inputs and not self.outputs:
            raise ValueError("a board has inputs or outputs; both are 0")
        if self.simultaneous and self.aggregate_rate_hz is not None:
            raise ValueError("aggregate_rate_hz is of a multiplexed board: simultaneous = false")
        if self.inputs and not self.terminals:
            raise ValueError("terminals must not be empty")
        if not abs(self.power_on_v) <= self.output_range_v:
            raise ValueError(
                f"power_on_v = {self.power_on_v:g} V; expected within output_range_v, "
                f"+-{self.output_range_v:g} V"
            )
        known = self.input_names + self.output_names
        for channel in (*self.offset_v, *self.gain_error):
            if channel not in known:
                raise ValueError(
                    f"offset_v and gain_error: no channel {channel!r}; {nearest(channel, known)}"
                )
        for channel in self.loopback:
            if channel not in self.input_names:
                raise ValueError(
                    f"loopback: no input {channel!r}; {nearest(channel, self.input_names)}"
                )
        return self

    @property
    def input_names(self) -> tuple[str, ...]:
        """`ai0`, `ai1`, ..."""
        return tuple(f"ai{i}" for i in range(self.inputs))

    @property
    def output_names(self) -> tuple[str, ...]:
        """`ao0`, `ao1`, ..."""
        return tuple(f"ao{i}" for i in range(self.outputs))

    def input_rate_limit_hz(self, channels: int) -> float:
        """Highest sample rate per channel of a scan."""
        if self.simultaneous or channels <= 1:
            return self.rate_hz
        return self.conversion_limit_hz(channels) / channels

    def conversion_limit_hz(self, channels: int) -> float:
        """Highest rate of conversions of a multiplexed board; one channel alone may go faster."""
        if channels <= 1 or self.aggregate_rate_hz is None:
            return self.rate_hz
        return min(self.rate_hz, self.aggregate_rate_hz)

    def output_rate_limit_hz(self, channels: int) -> float:
        """Highest update rate of a task with so many outputs."""
        if not self.output_rates_hz:
            return self.output_rate_hz
        return self.output_rates_hz[min(channels, len(self.output_rates_hz)) - 1]

    def memory(self, channels: int) -> int:
        """Output values per channel that the board holds for a task with so many outputs."""
        return self.block_samples // max(1, channels) if self.block_shared else self.block_samples
