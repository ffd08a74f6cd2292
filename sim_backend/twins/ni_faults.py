"""What a scenario does to a simulated NI board: asked at every call, answered in NI's numbers."""

from typing import TYPE_CHECKING

from sim_backend.faults import BOARD_CALLS, LinkDown
from sim_backend.twins.ni_acquisition import Acquisition
from sim_backend.twins.ni_errors import NiCode, NiError

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask
    from sim_backend.twins.nidaqmx import NiBoardTwin

# Which number NI gives a wait that was in vain.
_IN_VAIN = {
    "read": NiCode.NOT_YET_AVAILABLE,
    "write": NiCode.CANNOT_YET_BE_WRITTEN,
    "wait": NiCode.NOT_DONE_IN_TIME,
}


class FaultyBoard:
    """What a scenario can do to a board by itself."""

    def __init__(self, board: "NiBoardTwin") -> None:
        self._board = board

    def cut_off(self) -> None:
        """The link drops: its tasks are lost, the outputs hold."""
        for task in tuple(self._board.running):
            task.stop()

    def power_cycle(self) -> None:
        """Off and on again: no tasks, outputs as after power-on."""
        self._board.reset()


def epoch_of(board: "NiBoardTwin") -> int:
    """How often the board was lost so far; a task from before is dead."""
    return 0 if board.faults is None else board.faults.epoch


def demand_reachable(board: "NiBoardTwin", epoch: int | None = None) -> None:
    """Refuse while the board is away, and a task made before it was.

    Raises:
        NiError: -201003, the device cannot be accessed.
    """
    if board.faults is None:
        return
    try:
        board.faults.demand_link()
    except LinkDown as error:
        raise NiError(NiCode.CANNOT_BE_ACCESSED, str(error)) from error
    if epoch not in (None, board.faults.epoch):
        raise NiError(
            NiCode.CANNOT_BE_ACCESSED,
            f"{board.device} was temporarily without power or link; clear the task, make it anew",
        )


def meet(task: "NiTask", call: str, timeout_s: float = 0.0) -> None:
    """Let happen what is due at this call.

    Args:
        task: whose call it is.
        call: one of `BOARD_CALLS`.
        timeout_s: how long the call would wait, s; negative: for ever.

    Raises:
        NiError: the call fails.
    """
    faults, clock = task.board.faults, task.board.world.clock
    if faults is None:
        return
    try:
        faults.arrive(call)
    except LinkDown as error:
        raise NiError(NiCode.CANNOT_BE_ACCESSED, str(error)) from error
    kinds = BOARD_CALLS[call]
    if not task.ticks:
        # What is not sampled on a clock cannot be overrun.
        kinds = tuple(kind for kind in kinds if kind != "overrun")
    incident = faults.leave(call, kinds)
    if incident is None:
        return
    match incident.kind:
        case "late_reply":
            clock.sleep(incident.delay_s)
        case "timeout":
            clock.sleep(timeout_s)
            raise NiError(_IN_VAIN[call], f"not done within {timeout_s:g} s")
        case "overrun":
            if isinstance(task.part, Acquisition):
                # What was not read is lost for good: reading on does not help.
                task.part.lost_from = task.part.read
            raise NiError(NiCode.NO_LONGER_AVAILABLE, "samples were overwritten before being read")
        case "error_entry":
            raise NiError(incident.code, incident.text)
