"""Single junctions on the inputs of one board, read in one block."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Block, Daq
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.timing import Timing


def one_board(junctions: Sequence[SingleJunction]) -> str:
    """The name of the board that reads all `junctions`.

    Raises:
        BenchError: a junction nobody reads, or several boards: their clocks would not agree.
    """
    unread = [str(j.cell) for j in junctions if j.read is None]
    if unread:
        raise BenchError(f"junctions {', '.join(unread)} have no `read` input in the bench file")
    boards = {j.read.instrument for j in junctions if j.read is not None}
    if len(boards) != 1:
        raise BenchError(
            f"node_noise reads all nodes in one block, but the junctions are spread over "
            f"{', '.join(sorted(boards)) or 'no board'}; wire them to one board"
        )
    return boards.pop()


def channels(junctions: Sequence[SingleJunction]) -> list[str]:
    """Input channels of `junctions`, in their order."""
    return [j.read.channel for j in junctions if j.read is not None]


def record(
    daq: Daq, junctions: Sequence[SingleJunction], rows: int, when: Timing
) -> tuple[NDArray[np.float64], Block]:
    """One block of `rows` reads of every junction: means over `keep`, (rows, junctions), V."""
    block = daq.play_and_record(
        None,
        ao=(),
        ai=channels(junctions),
        step_rate_hz=when.step_rate_hz,
        settle=when.settle,
        keep=when.keep,
        rest_v=(),
        steps=rows,
    )
    return block.samples_v.mean(axis=1), block
