"""What protocols hold instead of a selector: it moves only when nothing is energised."""

from collections.abc import Sequence

from mtjlab.bench.guard import Guard
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import Identity, Selector, Unselected
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell


class GuardedSelector:
    """A selector that moves only when every source reads back 0 V or off."""

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
