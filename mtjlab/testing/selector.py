"""What every `Selector` must do: one function per promise, for twins and real switches.

Each check starts from and leaves behind everything open. Nothing is energised here: sources that
are connected must be at 0 V all the time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Selector, Unselected
from mtjlab.core.wiring import Cell
from mtjlab.testing.verdict import refused, require

_UNSELECTED: tuple[Unselected, ...] = ("ground", "float", "bias_half")


@dataclass(frozen=True)
class SelectorUnderTest:
    """A selector and what may be done to it.

    Attributes:
        selector: a guarded face, or a raw driver.
        cells: junctions that it can connect, at least two.
        allowed: opens the write permit for a raw driver; nothing for a guarded face.
    """

    selector: Selector
    cells: tuple[Cell, ...]
    allowed: Callable[[], AbstractContextManager[object]] = nullcontext


def check_asking_moves_nothing(subject: SelectorUnderTest) -> None:
    """Identity and list can be read at any time."""
    with _all_open(subject) as selector:
        selector.connect(subject.cells[:1], "float")
        first = selector.closed()
        require(bool(first), "nothing is closed after a cell was connected")
        require(selector.identify() == selector.identify(), "two identities")
        require(selector.closed() == first, "asking who is there moved a switch")


def check_connects_exactly_what_it_is_told(subject: SelectorUnderTest) -> None:
    """The list depends on what was asked last and on nothing before it."""
    with _all_open(subject) as selector:
        for unselected in _UNSELECTED:
            alone = {}
            for cell in subject.cells:
                selector.open_all()
                selector.connect([cell], unselected)
                alone[cell] = _closed(selector)
            for cell in reversed(subject.cells):
                selector.connect([cell], unselected)
                require(
                    _closed(selector) == alone[cell],
                    f"{cell} with the others on {unselected}: {_closed(selector)} after another "
                    f"cell, {alone[cell]} after everything was open",
                )
            different = {frozenset(closed) for closed in alone.values()}
            require(len(different) == len(alone), "two cells have the same switches")


def check_several_cells_at_once(subject: SelectorUnderTest) -> None:
    """What selects two cells holds what selects each of them alone."""
    with _all_open(subject) as selector:
        together: set[str] = set()
        for cell in subject.cells[:2]:
            selector.connect([cell], "float")
            together |= set(_closed(selector))
        selector.connect(subject.cells[:2], "float")
        require(
            set(_closed(selector)) == together,
            f"{_closed(selector)} for two cells; alone they need {sorted(together)}",
        )


def check_unknown_cell_is_refused(subject: SelectorUnderTest) -> None:
    """A cell that is not there moves nothing, not even the others of the call."""
    with _all_open(subject) as selector:
        selector.connect(subject.cells[:1], "ground")
        before = selector.closed()
        with refused(BenchError, "a cell that is not there was accepted"):
            selector.connect([*subject.cells[1:], Cell(10**6, 10**6)], "ground")
        require(selector.closed() == before, "a refused call moved a switch")


def check_open_all(subject: SelectorUnderTest) -> None:
    """Nothing is closed afterwards, also when nothing was before."""
    with _all_open(subject) as selector:
        selector.connect(subject.cells, "ground")
        for _ in range(2):
            selector.open_all()
            require(not selector.closed(), f"{selector.closed()} after everything was opened")


def check_shutdown_is_safe_and_idempotent(subject: SelectorUnderTest) -> None:
    """Everything open from whatever state, twice; usable afterwards, also after an abort."""
    with _all_open(subject) as selector:
        selector.connect(subject.cells[:1], "bias_half")
        selector.abort()
        for _ in range(2):
            selector.shutdown()
            require(not selector.closed(), f"{selector.closed()} after shutdown")
        selector.connect(subject.cells[:1], "ground")


CHECKS: tuple[Callable[[SelectorUnderTest], None], ...] = (
    check_asking_moves_nothing,
    check_connects_exactly_what_it_is_told,
    check_several_cells_at_once,
    check_unknown_cell_is_refused,
    check_open_all,
    check_shutdown_is_safe_and_idempotent,
)


def _closed(selector: Selector) -> Sequence[str]:
    return sorted(selector.closed())


@contextmanager
def _all_open(subject: SelectorUnderTest) -> Iterator[Selector]:
    with subject.allowed():
        subject.selector.shutdown()
        try:
            yield subject.selector
        finally:
            subject.selector.shutdown()
        require(not subject.selector.closed(), "switches are closed after shutdown")
