"""The boards of one world as their tasks see each other: terminals, cables, events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_events import Events

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask
    from sim_backend.twins.nidaqmx import NiBoardTwin

Kind = Literal["ai", "ao"]
HALVES: tuple[Kind, Kind] = ("ai", "ao")


class NiRack:
    """Boards by NI's name; more may be added to the mapping later.

    Attributes:
        boards: device name -> board.
        events: what programs want to be called for.
    """

    def __init__(self, boards: "Mapping[str, NiBoardTwin]") -> None:
        self.boards = boards
        self.events = Events()

    def source(
        self, board: "NiBoardTwin", kind: Kind, terminal: str, signal: str, own: tuple[str, ...]
    ) -> "tuple[NiBoardTwin, Kind] | None":
        """Whose `signal` a terminal carries to one half of `board`; None if it is its own.

        Args:
            board: where the signal goes.
            kind: its half that takes it.
            terminal: such as `/Dev1/ao/SampleClock`, or `ao/SampleClock` of the same board.
            signal: `SampleClock` or `StartTrigger`.
            own: terminals that mean the board's own signal.

        Raises:
            NiError: no such terminal, or no cable to it.
        """
        first, _, rest = terminal.removeprefix("/").partition("/")
        from_board: NiBoardTwin | None = board
        local = terminal
        if first == board.device or first in self.boards:
            from_board, local = self.boards.get(first, board), rest
        elif terminal.startswith("/"):
            from_board = None
        if from_board is board and local in (*own, f"{kind}/{signal}"):
            return None
        halves = [half for half in HALVES if local == f"{half}/{signal}"]
        if from_board is None or not halves or not has_half(from_board, halves[0]):
            raise NiError(
                NiCode.NO_SUCH_TERMINAL,
                f"{board.device} has no {signal} at terminal {terminal!r}",
            )
        if from_board is not board:
            self._demand_cable(board, from_board, terminal)
        return from_board, halves[0]

    def held_v(self, board: "NiBoardTwin") -> dict[str, float]:
        """What the outputs of this board and its neighbours hold, by terminal."""
        boards = {id(b): b for b in (board, *self.boards.values())}
        return {b.terminal(c): v for b in boards.values() for c, v in b.held_v.items()}

    def waiting(self, board: "NiBoardTwin") -> "list[NiTask]":
        """Tasks of this board and its neighbours that were started and wait for another half."""
        boards = {id(b): b for b in (board, *self.boards.values())}
        tasks = [task for each in boards.values() for task in each.running]
        return [task for task in tasks if task.depends and task.part is None]

    def demand_free(self, task: "NiTask") -> None:
        """One input task at a time; outputs share the board only on demand, never a channel.

        Raises:
            NiError: another running task has what this one needs.
        """
        for other in tuple(task.board.running):
            if other is task or other.kind != task.kind:
                continue
            if other.ownerless:
                other.clear()
                continue
            shared = set(other.channels) & set(task.channels)
            if task.kind == "ai" or task.ticks or other.ticks or shared:
                raise NiError(
                    NiCode.RESOURCE_RESERVED,
                    f"{task.board.device}: the {task.kind} resource is reserved by the running "
                    f"task {other.name!r}",
                )

    @staticmethod
    def _demand_cable(to: "NiBoardTwin", source: "NiBoardTwin", terminal: str) -> None:
        if not to.options.rtsi or to.options.rtsi != source.options.rtsi:
            raise NiError(
                NiCode.NO_TRIGGER_LINES,
                f"no trigger line leads from {terminal!r} to {to.device}: set rtsi to the same "
                f"name for both boards in [twin.instruments] if one cable joins them",
            )


def has_half(board: "NiBoardTwin", kind: Kind) -> bool:
    """Whether the board has any such channel, and so its clock and trigger."""
    return bool(board.inputs if kind == "ai" else board.outputs)
