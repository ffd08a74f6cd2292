"""What an NI board says of itself; nothing is set to find out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import nidaqmx.system

from drivers.ni_board import TERMINALS, NiBoard
from drivers.ni_errors import translated
from drivers.ni_options import NiDaqOptions
from mtjlab.core.driver import Opening
from mtjlab.core.errors import BenchError, LimitError, nearest
from mtjlab.core.interfaces import DaqAbilities, Multiplexer
from mtjlab.core.units import si
from mtjlab.core.wiring import InputWire

# The node_noise timing asks for exactly the highest rate; its quotients round.
_RATE_ROUNDING = 1e-9
# NI-DAQmx spaces the conversions of a scan by this much more than the converter needs, if it can.
_CONVERT_PADDING_S = 10e-6


def find_device(opening: Opening) -> Any:
    """The vendor's device object; asked nothing yet."""
    with translated(f"{opening.name} ({opening.resource})", "looking for the board"):
        if opening.ports.ni is not None:
            return opening.ports.ni.device(opening.resource)
        return nidaqmx.system.Device(opening.resource)


def survey(device: Any, board: NiBoard, used: Sequence[str], options: NiDaqOptions) -> DaqAbilities:
    """Ask for channels, ranges, resolution, rates and output memory; tell `board` its ranges.

    Args:
        device: the vendor's.
        board: makes the tasks that resolution and memory have to be asked through.
        used: outputs that the bench wires; those that the board lacks are passed over.
        options: overrides the board's own output memory; says what is behind its multiplexer.

    Raises:
        NotFound: no NI driver, or no such device.
        BenchError: a board without analogue channels.
    """
    with translated(board.where, "asking for its abilities"):
        inputs = _channels(device.ai_physical_chans)
        outputs = _channels(device.ao_physical_chans)
        if not inputs and not outputs:
            raise BenchError(f"{board.where} has neither analogue inputs nor outputs")
        single_hz = float(device.ai_max_single_chan_rate) if inputs else 0.0
        simultaneous = bool(device.ai_simultaneous_sampling_supported) if inputs else True
        several_hz = len(inputs) * single_hz if simultaneous else device.ai_max_multi_chan_rate
        input_ranges_v = _symmetric(device.ai_voltage_rngs) if inputs else ()
        output_ranges_v = _symmetric(device.ao_voltage_rngs) if outputs else ()
        if outputs:
            board.output_range_v = output_ranges_v[-1]
            board.read_back_range_v = min([output_ranges_v[-1], *input_ranges_v[-1:]])
        playing = tuple(channel for channel in used if channel in outputs) or outputs
        output_bits, memory = _outputs(board, playing) if outputs else (0, 0)
        return DaqAbilities(
            inputs=inputs,
            outputs=outputs,
            input_ranges_v=input_ranges_v,
            output_ranges_v=output_ranges_v,
            input_bits=_input_bits(board, inputs[0], input_ranges_v[-1]) if inputs else 0,
            output_bits=output_bits,
            input_rate_hz=single_hz,
            aggregate_rate_hz=float(several_hz),
            output_rate_hz=float(device.ao_max_rate) if outputs else 0.0,
            simultaneous=simultaneous,
            block_samples=options.block_samples or memory,
            multiplexer=None if simultaneous else _multiplexer(options),
        )


def _multiplexer(options: NiDaqOptions) -> Multiplexer:
    return Multiplexer(options.mux_f, options.mux_ohm, _CONVERT_PADDING_S)


def demand_wired(
    device: Any,
    where: str,
    abilities: DaqAbilities,
    opening: Opening,
    read_back: Mapping[str, str],
) -> None:
    """Refuse a wiring that uses what the board does not have.

    Raises:
        BenchError: a channel, an input range or a way to reference an input.
    """
    for channel, wire in opening.inputs.items():
        if channel not in abilities.inputs:
            raise BenchError(
                f"{where} has no input {channel!r} that the wiring reads; "
                f"{nearest(channel, abilities.inputs)}"
            )
        if wire.range_v > abilities.input_ranges_v[-1]:
            raise BenchError(
                f"{where}: {channel} is wired for +-{si(wire.range_v, 'V')}; the "
                f"largest range is +-{si(abilities.input_ranges_v[-1], 'V')}"
            )
    _demand_terminals(device, where, opening.inputs)
    for channel in opening.outputs:
        if channel not in abilities.outputs:
            raise BenchError(
                f"{where} has no output {channel!r} that the wiring drives from; "
                f"{nearest(channel, abilities.outputs)}"
            )
    for channel in read_back:
        if channel not in abilities.outputs:
            raise BenchError(
                f"{where}: read_back names {channel!r}; {nearest(channel, abilities.outputs)}"
            )


def sample_rate_hz(
    where: str,
    step_rate_hz: float,
    settle: int,
    keep: int,
    inputs: int,
    reader: DaqAbilities,
    player: DaqAbilities | None,
) -> float:
    """Of a block with this many inputs of `reader` and, if any, outputs of `player`.

    Raises:
        LimitError: more than either board reaches.
    """
    if settle < 0 or keep < 1 or not step_rate_hz > 0:
        raise LimitError(
            f"{where}: settle {settle}, keep {keep}, {si(step_rate_hz, 'Hz')}; expected "
            "settle >= 0, keep >= 1 and a rate above 0; nothing was sent"
        )
    rate_hz = step_rate_hz * (settle + keep)
    limit_hz = reader.rate_limit_hz(inputs) if inputs else math.inf
    if player is not None:
        limit_hz = min(limit_hz, player.output_rate_hz)
    if rate_hz > limit_hz * (1 + _RATE_ROUNDING):
        raise LimitError(
            f"{where}: {si(step_rate_hz, 'Hz')} x {settle + keep} samples is "
            f"{si(rate_hz, 'S/s')} per channel; the board reaches {si(limit_hz, 'S/s')} with "
            f"{inputs} inputs; nothing was sent. Lower the rate, settle or keep"
        )
    return min(rate_hz, limit_hz)


def _demand_terminals(device: Any, where: str, wires: Mapping[str, InputWire]) -> None:
    """Refuse a wiring that references an input as it cannot be.

    Raises:
        BenchError: with what it can be.
    """
    for channel, wire in wires.items():
        with translated(where, f"asking how {channel} can be referenced"):
            offered = device.ai_physical_chans[channel].ai_term_cfgs
        modes = [mode for mode, value in TERMINALS.items() if value in offered]
        if wire.terminal not in modes:
            raise BenchError(
                f"{where}: {channel} is wired as {wire.terminal!r}; it can be {', '.join(modes)}. "
                "Change `terminal` in the wiring, or use another input"
            )


def _channels(collection: Any) -> tuple[str, ...]:
    return tuple(name.rpartition("/")[2] for name in collection.channel_names)


def _symmetric(edges: list[float]) -> tuple[float, ...]:
    """Largest |V| of each range -V .. +V of NI's list low, high, low, high, ..."""
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(sorted(float(high) for low, high in pairs if low == -high))


def _input_bits(board: NiBoard, channel: str, range_v: float) -> int:
    task = board.probe(channel, range_v)
    try:
        return int(task.ai_channels.all.ai_resolution)
    finally:
        board.release(task)


def _outputs(board: NiBoard, channels: tuple[str, ...]) -> tuple[int, int]:
    """Resolution, and the memory of each output when these are used."""
    task = board.outputs(channels)
    try:
        bits = int(task.ao_channels[0].ao_resolution)
        return bits, int(task.out_stream.output_onbrd_buf_size)
    finally:
        board.release(task)
