"""What protocols hold instead of a selector: it moves only when nothing is energised."""

from collections.abc import Sequence

from mtjlab.bench.guard import Guard
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import Daq, Identity, Selector, Unselected
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell

# What an output at 0 V may read back, V.
ZERO_V = 5e-3


class GuardedSelector:
    """A selector that moves only when every source and board output reads back 0 V or off."""

    def __init__(self, name: str, selector: Selector, guard: Guard) -> None:
        self._name = name
        self._selector = selector
        self._guard = guard

    def identify(self) -> Identity:
        """As `Selector.identify`."""
        return self._selector.identify()

    def connect(self, cells: Sequence[Cell], unselected: Unselected) -> None:
        """As `Selector.connect`.

        Raises:
            LimitError: a source is energised; nothing moved.
        """
        with self._guard.permitted():
            self._demand_zero()
            self._selector.connect(cells, unselected)

    def closed(self) -> tuple[str, ...]:
        """As `Selector.closed`."""
        return self._selector.closed()

    def open_all(self) -> None:
        """As `Selector.open_all`, under the same interlock."""
        with self._guard.permitted():
            self._demand_zero()
            self._selector.open_all()

    def abort(self) -> None:
        """As `Selector.abort`."""
        self._selector.abort()

    def shutdown(self) -> None:
        """As `Selector.shutdown`."""
        with self._guard.permitted():
            self._selector.shutdown()

    def _demand_zero(self) -> None:
        for terminal, source in self._guard.sources.items():
            state = source.state()
            if state.output_on and state.level != 0:
                raise LimitError(
                    f"{self._name} does not move while {terminal} is on at "
                    f"{si(state.level, 'V' if state.function == 'voltage' else 'A')}; "
                    "nothing was sent. Set it to 0 first"
                )
        for terminal, volts in self._guard.setpoints.items():
            if "/" in terminal and volts != 0:
                raise LimitError(
                    f"{self._name} does not move while {terminal} holds {si(volts, 'V')}; "
                    "nothing was sent. Write 0 V first"
                )
        for name, board in self._guard.boards.items():
            # Set-points say nothing of what somebody else, or an earlier program, has left there.
            if outputs := self._guard.wiring.outputs(name):
                self._demand_zero_outputs(name, board, outputs)

    def _demand_zero_outputs(self, name: str, board: Daq, outputs: Sequence[str]) -> None:
        for channel, volts in zip(outputs, board.read(outputs).tolist(), strict=True):
            # Not `abs(volts) > ZERO_V`: a NaN is not zero.
            if not abs(volts) < ZERO_V:
                raise LimitError(
                    f"{self._name} does not move while {name}/{channel} reads back "
                    f"{si(volts, 'V')}; nothing was sent. Write 0 V first"
                )
