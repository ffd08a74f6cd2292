"""Clocks that boards share, as `[[wiring.clocks]]` says."""

from collections.abc import Mapping

from mtjlab.core.driver import Driver
from mtjlab.core.errors import BenchError
from mtjlab.core.wiring import Wiring


def share_clocks(wiring: Wiring, drivers: Mapping[str, Driver]) -> None:
    """Tell each board with inputs whose outputs it may sample on; boards that are missing wait.

    Raises:
        BenchError: these two cannot share a clock.
    """
    for clock in wiring.clocks:
        reader, player = drivers.get(clock.inputs), drivers.get(clock.outputs)
        if reader is None or player is None:
            continue
        join = getattr(reader, "join", None)
        if join is None:
            raise BenchError(
                f"{clock.inputs} cannot take the clock of another board; take it out of "
                "[[wiring.clocks]]"
            )
        join(clock.outputs, player)
