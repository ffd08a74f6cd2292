"""Trigger models of a Keithley 2450: sweeps and the simple loop.

A trigger model that has been started is carried out at once, while its time passes on the virtual
clock: nothing else can happen in between, and :ABORt comes too late. Models built block by block,
waits for events and endless ones are not simulated.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from mtjlab.core.interfaces import Function
from sim_backend.scpi import ScpiError

Ranging = Literal["AUTO", "BEST", "FIX"]

LIST_MESSAGE, LIST_LONGEST = 100, 2500  # page 6-78, and 6-102 of the 2461's
_NUMBER_OF_BLOCKS = 10


@dataclass(frozen=True)
class Plan:
    """A trigger model that is loaded.

    Attributes:
        function: what the sweep sources; None: the source stays as it is.
        levels: of the sweep, V or A; None in a loop.
        count: measurements of a loop.
        delay_s: before each measurement, besides the source delay, s.
        ranging: of the source in a sweep.
        fail_abort: the sweep ends where the source is limited.
        buffer: name of the reading buffer, which is cleared first.
    """

    function: Function | None = None
    levels: tuple[float, ...] = ()
    count: int = 0
    delay_s: float = 0.0
    ranging: Ranging = "AUTO"
    fail_abort: bool = False
    buffer: str = "defbuffer1"


class TriggerModel:
    """What is loaded, and how far it has come.

    Attributes:
        plan: None: empty.
        lists: levels of list sweeps per source function, V and A.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """*RST: empty."""
        self.plan: Plan | None = None
        self.lists: dict[Function, list[float]] = {"voltage": [], "current": []}
        self._state = "EMPTY"
        self._block = 0

    @property
    def shown(self) -> str:
        """The reply to :TRIGger:STATe? (page 6-166)."""
        return f"{self._state};{self._state};{self._block}"

    def load(self, plan: Plan | None) -> None:
        """Replace the model; None clears it."""
        self.plan = plan
        self._state, self._block = ("EMPTY" if plan is None else "IDLE"), 0

    def start(self) -> Plan:
        """Leave idle.

        Raises:
            ScpiError: -213, nothing is loaded (the number is not verified).
        """
        if self.plan is None:
            raise ScpiError(-213)
        return self.plan

    def end(self, *, failed: bool) -> None:
        """Back to idle."""
        self._state = "FAILED" if failed else "IDLE"
        self._block = _NUMBER_OF_BLOCKS

    def set_list(self, function: Function, levels: tuple[float, ...]) -> None:
        """A new list of levels.

        Raises:
            ScpiError: -223, more than one message may carry.
        """
        if len(levels) > LIST_MESSAGE:
            raise ScpiError(-223)
        self.lists[function] = list(levels)

    def append(self, function: Function, levels: tuple[float, ...]) -> None:
        """More levels at the end of the list.

        Raises:
            ScpiError: -223, more than fit.
        """
        present = self.lists[function]
        if len(levels) > LIST_MESSAGE or len(present) + len(levels) > LIST_LONGEST:
            raise ScpiError(-223)
        self.lists[function] = present + list(levels)

    def state(self) -> dict[str, Any]:
        """For `restore`; JSON-able."""
        return {
            "plan": None if self.plan is None else asdict(self.plan),
            "lists": self.lists,
            "state": self._state,
            "block": self._block,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state()` gave."""
        plan = state["plan"]
        self.plan = None if plan is None else Plan(**plan | {"levels": tuple(plan["levels"])})
        self.lists = state["lists"]
        self._state, self._block = state["state"], state["block"]
