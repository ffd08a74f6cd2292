"""What an NI board says of itself; nothing is set to find out."""

from collections.abc import Mapping, Sequence
from typing import Any

import nidaqmx.system

from drivers.ni_board import TERMINALS, NiBoard
from drivers.ni_errors import translated
from mtjlab.core.driver import Opening
from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import (
    DaqAbilities,
)
from mtjlab.core.wiring import InputWire


def find_device(opening: Opening) -> Any:
    """The vendor's device object; asked nothing yet."""
    with translated(f"{opening.name} ({opening.resource})", "looking for the board"):
        if opening.ports.ni is not None:
            return opening.ports.ni.device(opening.resource)
        return nidaqmx.system.Device(opening.resource)


def survey(
    device: Any, board: NiBoard, used: Sequence[str], block_samples: int | None
) -> DaqAbilities:
    """Ask for channels, ranges, resolution, rates and output memory; tell `board` its ranges.

    Args:
        device: the vendor's.
        board: makes the tasks that resolution and memory have to be asked through.
        used: outputs that the bench wires; those that the board lacks are passed over.
        block_samples: overrides the board's own output memory.

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
            block_samples=block_samples or memory,
        )


def demand_terminals(device: Any, where: str, wires: Mapping[str, InputWire]) -> None:
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
