"""Outputs of one NI board and inputs of another in one block, on a clock that a cable carries.

The bench file declares the cable (`[[wiring.clocks]]`); the board with the inputs then takes
outputs of the other under that board's name, `out/ao0`. Its inputs are sampled on the outputs'
clock, which runs from the start of the outputs to their end: it is the start trigger, too.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from drivers.ni_board import NiBoard
from mtjlab.core.errors import Aborted, LimitError, nearest
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.units import si


def owner(
    where: str, own: str, outputs: Sequence[str], joined: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """Whose outputs these are, and what that board calls them.

    Args:
        where: the board with the inputs, for messages.
        own: its name.
        outputs: `ao0` of the same board, `out/ao0` of another.
        joined: boards whose clock it can take.

    Raises:
        LimitError: a board without a shared clock, or more than one board.
    """
    names = dict.fromkeys(output.rpartition("/")[0] or own for output in outputs)
    if len(names) > 1:
        raise LimitError(
            f"{where}: a block with outputs of {' and '.join(names)}; expected those of one "
            "board, whose clock the inputs take; nothing was sent"
        )
    name = next(iter(names), own)
    if name != own and name not in joined:
        raise LimitError(
            f"{where} shares no clock with {name!r}: its inputs would drift against those "
            "outputs; nothing was sent. Join the boards by a cable (RTSI, or PXI's trigger bus) "
            f'and declare it: [[wiring.clocks]] outputs = "{name}", inputs = "{own}"'
        )
    return name, tuple(output.rpartition("/")[2] for output in outputs)


def merged(reader: DaqAbilities, name: str, player: DaqAbilities) -> DaqAbilities:
    """Inputs of the one; outputs of both, where they differ with what holds for either."""
    theirs = tuple(f"{name}/{channel}" for channel in player.outputs)
    if not reader.outputs:
        return replace(
            reader,
            outputs=theirs,
            output_ranges_v=player.output_ranges_v,
            output_bits=player.output_bits,
            output_rate_hz=player.output_rate_hz,
            block_samples=player.block_samples,
        )
    return replace(
        reader,
        outputs=(*reader.outputs, *theirs),
        output_rate_hz=min(reader.output_rate_hz, player.output_rate_hz),
        block_samples=min(reader.block_samples, player.block_samples),
    )


@contextmanager
def together(reader: NiBoard, player: NiBoard) -> Iterator[None]:
    """Both boards, or the one, for a block; an abort of either is one of both.

    Raises:
        Aborted: one was aborted before, and not shut down since.
    """
    with reader.lock, player.lock:
        if player is not reader:
            reader.partner, player.partner = player, reader
        try:
            for board in (reader, player):
                if board.abort.is_set():
                    raise Aborted(f"{board.where}: aborted; shut it down to go on")
            yield
        finally:
            reader.partner = player.partner = None


def check_output(board: NiBoard, channel: str, low_v: float, high_v: float) -> None:
    """Refuse what the board cannot play.

    Raises:
        LimitError: no such output, or beyond its range.
    """
    outputs, largest_v = board.abilities.outputs, max(board.abilities.output_ranges_v, default=0.0)
    if channel not in outputs:
        raise LimitError(
            f"{board.where} has no output {channel!r}; nothing was sent; "
            f"{nearest(channel, outputs)}"
        )
    if not (low_v >= -largest_v and high_v <= largest_v):
        raise LimitError(
            f"{board.where}: {channel} = {si(low_v, 'V')} .. {si(high_v, 'V')}; expected "
            f"within +-{si(largest_v, 'V')}; nothing was sent"
        )
