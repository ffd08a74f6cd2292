"""Every header of a DAQ board, as docs/boards.md specifies them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim_backend.scpi import Channels, Integer, Number, ScpiError, Vocabulary
from sim_backend.twins.daq_board_blocks import Block, ListBlock
from sim_backend.twins.daq_board_dead_man import LONGEST_S, SHORTEST_S
from sim_backend.twins.daq_board_switches import energised

if TYPE_CHECKING:
    from sim_backend.twins.daq_board import DaqBoardTwin as Twin

SPEC = "mtjlab-daq-board,1"

_list = Channels(0, 999)
_number = Integer(0, 2**31 - 1)


def _inputs(board: "Twin", channels: Sequence[int]) -> tuple[int, ...]:
    return _demand(channels, board.options.inputs)


def _outputs(board: "Twin", channels: Sequence[int]) -> tuple[int, ...]:
    return _demand(channels, board.options.outputs)


def _demand(channels: Sequence[int], count: int) -> tuple[int, ...]:
    if len(set(channels)) < len(channels) or any(channel >= count for channel in channels):
        raise ScpiError(-222)
    return tuple(channels)


def _demand_idle(board: "Twin") -> None:
    if board.going:
        raise ScpiError(-213)


def _abilities(board: "Twin") -> str:
    o = board.options
    spans = "/".join(f"{span:g}" for span in o.input_ranges_v)
    return (
        f"AO={o.outputs},AI={o.inputs},AOBITS={o.output_bits},AIBITS={o.bits},"
        f"AOSPAN={o.output_range_v:g},AISPAN={spans},TERM={o.terminal.upper()},"
        f"AIRATE={o.rate_hz:g},SCANRATE={o.aggregate_rate_hz:g},AORATE={o.output_rate_hz:g},"
        f"LIST={o.list_values},DATA={o.data_values},BLOCK={o.fetch_values},LINES={o.lines},"
        f"SWITCH={o.switch_s:g},LOOP={int(o.loop_back)},"
        f"MUXF={o.mux_f:g},MUXOHM={o.mux_ohm:g}"
    )


def _set_outputs(board: "Twin", channels: Sequence[int], *volts: float) -> None:
    outputs = _outputs(board, channels)
    if len(volts) != len(outputs):
        raise ScpiError(-109 if len(volts) < len(outputs) else -108)
    if any(abs(value) > board.options.output_range_v for value in volts):
        raise ScpiError(-222)
    if board.going and set(outputs) & set(board.sequencer.outputs):
        raise ScpiError(-213)
    board.set_outputs(outputs, volts)


def _held(board: "Twin", channels: Sequence[int]) -> list[float]:
    return [board.held_v[output] for output in _outputs(board, channels)]


def _set_span(board: "Twin", volts: float, channels: Sequence[int]) -> None:
    _demand_idle(board)
    fitting = [span for span in board.options.input_ranges_v if span >= volts]
    if not fitting:
        raise ScpiError(-222)
    board.inputs.span_v |= dict.fromkeys(_inputs(board, channels), fitting[0])


def _spans(board: "Twin", channels: Sequence[int]) -> list[float]:
    return [board.inputs.span_v[i] for i in _inputs(board, channels)]


def _set_scan(board: "Twin", channels: Sequence[int]) -> None:
    _demand_idle(board)
    board.sequencer.scan = _inputs(board, channels)


def _codes(
    board: "Twin", channels: Sequence[int]
) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]]":
    _demand_idle(board)
    scan = _inputs(board, channels)
    # One scan after the other as fast as it goes; what the last one has left is in it.
    dt_s = max(1, len(scan)) / board.options.aggregate_rate_hz
    codes = board.inputs.look(scan, t0_s=board.world.clock.now_s(), dt_s=dt_s, n=1)
    board.world.clock.sleep(dt_s)
    return codes


def _measure(board: "Twin", channels: Sequence[int]) -> list[float]:
    codes = _codes(board, channels)[0].tolist()
    return [c * s / 32768 for c, s in zip(codes, _spans(board, channels), strict=True)]


def _read(board: "Twin", number: int, channels: Sequence[int]) -> str:
    return board.single(number, _codes(board, channels))


def _loop_back(board: "Twin", number: int, channels: Sequence[int]) -> str:
    if not board.options.loop_back:
        raise ScpiError(-113)
    _demand_idle(board)
    held = np.array([_held(board, channels)])
    spans = [board.options.input_ranges_v[-1]] * len(channels)
    return board.single(number, board.inputs.convert(held, spans))


def _set_rate(board: "Twin", rate_hz: float) -> None:
    _demand_idle(board)
    board.sequencer.set_rate(rate_hz)


def _set_step(board: "Twin", settle: int, keep: int) -> None:
    _demand_idle(board)
    board.sequencer.settle, board.sequencer.keep = settle, keep


def _set_count(board: "Twin", steps: int) -> None:
    _demand_idle(board)
    board.sequencer.steps = steps


def _begin_list(board: "Twin", channels: Sequence[int]) -> None:
    _demand_idle(board)
    board.sequencer.begin_list(_outputs(board, channels))


def _add_to_list(board: "Twin", block: ListBlock) -> None:
    _demand_idle(board)
    board.carries(len(block.codes) * 8 // 3)
    board.sequencer.add(block)


def _start(board: "Twin", number: int) -> None:
    _demand_idle(board)
    board.start(number)


def _condition(board: "Twin") -> str:
    run = board.run
    return "0,IDLE,0" if run is None else f"{run.plan.number},{run.condition},{run.fetched}"


def _demand_still(board: "Twin") -> None:
    _demand_idle(board)
    if any(board.held_v):
        raise energised()


def _close(board: "Twin", switches: Sequence[int]) -> None:
    _demand_still(board)
    board.switches.close(switches)
    board.world.clock.sleep(board.options.switch_s)


def _open(board: "Twin", switches: Sequence[int] | None = None) -> None:
    _demand_still(board)
    board.switches.open(switches)
    board.world.clock.sleep(board.options.switch_s)


def _closed(board: "Twin") -> str:
    return f"(@{','.join(str(number) for number in board.switches.closed)})"


def _kick(board: "Twin", silence_s: float = 0.0) -> None:
    board.dead_man.kick(board.world.clock.now_s(), silence_s)


def _set_time(board: "Twin", seconds: float) -> None:
    board.dead_man.set(seconds, board.world.clock.now_s())


def _words() -> "Vocabulary[Twin]":
    words: Vocabulary[Twin] = Vocabulary()
    number_and_list = (_number, _list)
    seconds = Number(SHORTEST_S, LONGEST_S)
    words.declare(":SYSTem:SPECification", query=lambda b: SPEC)
    words.declare(":SYSTem:SYNC", query=lambda b, n: n, asks=(_number,))
    words.declare(":SYSTem:CAPability", query=_abilities)
    words.declare(
        ":SYSTem:DEADman:TIME", query=lambda b: b.dead_man.time_s, set=_set_time, takes=(seconds,)
    )
    words.declare(":SYSTem:DEADman:KICK", set=_kick, takes=(Number(0, LONGEST_S),), optional=1)
    words.declare(":SYSTem:DEADman:COUNt", query=lambda b: b.dead_man.count)
    words.declare(
        ":SOURce:VOLTage",
        query=_held,
        set=_set_outputs,
        takes=(_list, Number()),
        repeat=True,
        asks=(_list,),
    )
    words.declare(
        ":SOURce:LIST:CHANnels",
        query=lambda b: f"(@{','.join(map(str, b.sequencer.outputs))})",
        set=_begin_list,
        takes=(_list,),
    )
    words.declare(":SOURce:LIST:DATA", set=_add_to_list, takes=(Block(),))
    words.declare(":SOURce:LIST:POINts", query=lambda b: b.sequencer.points)
    words.declare(
        ":CONFigure:AI:RANGe", query=_spans, set=_set_span, takes=(Number(0), _list), asks=(_list,)
    )
    words.declare(
        ":CONFigure:AI:SCAN",
        query=lambda b: f"(@{','.join(map(str, b.sequencer.scan))})",
        set=_set_scan,
        takes=(_list,),
    )
    words.declare(":MEASure[:VOLTage]", query=_measure, asks=(_list,))
    words.declare(":READ", query=_read, asks=number_and_list)
    words.declare(":READ:LOOP", query=_loop_back, asks=number_and_list)
    words.declare(
        ":CLOCk:RATE",
        query=lambda b: f"{b.sequencer.rate_hz:.9E}",
        set=_set_rate,
        takes=(Number(1.0, 10e6),),
    )
    words.declare(
        ":TRIGger:STEP",
        query=lambda b: f"{b.sequencer.settle},{b.sequencer.keep}",
        set=_set_step,
        takes=(Integer(0, 10**6), Integer(1, 10**6)),
    )
    words.declare(
        ":TRIGger:COUNt", query=lambda b: b.sequencer.steps, set=_set_count, takes=(_number,)
    )
    words.declare(":TRIGger", set=_start, takes=(_number,))
    words.declare(":TRIGger:STATe", query=_condition)
    words.declare(":FETCh:DATA", query=lambda b, n, k: b.fetch(n, k), asks=(_number, _number))
    words.declare(":ABORt", set=lambda b: b.abort())
    words.declare(":ROUTe:CLOSe", query=_closed, set=_close, takes=(_list,))
    words.declare(":ROUTe:OPEN", set=_open, takes=(_list,))
    words.declare(":ROUTe:OPEN:ALL", set=_open)
    return words


WORDS = _words()
