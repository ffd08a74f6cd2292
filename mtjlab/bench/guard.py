"""The one gate before every output: worst case at the junction, refused or sent, never clipped.

The guard knows the wiring, the limits and every last set-point; `faces` asks it before each
setting. Only inside a guarded call is the bench's write permit open, so that a driver that leaked
out of a face can be read but not set.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mtjlab.core.clock import Clock
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import SourceMeter
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.permit import WritePermit
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction, Wiring, largest_level_v


class Guard:
    """Checks set-points of one bench against what its junctions survive.

    Attributes:
        setpoints: terminal -> last value sent (V; A for a source-meter that sources current).
        energised: an output has been switched on, or a board output moved off 0 V, at some time.
        live: the same, and the bench has not been made safe since.
    """

    def __init__(
        self, wiring: Wiring, limits: JunctionLimits, permit: WritePermit, clock: Clock
    ) -> None:
        self.wiring = wiring
        self.limits = limits
        self.clock = clock
        self.setpoints: dict[str, float] = {}
        self.energised = self.live = False
        self.sources: dict[str, SourceMeter] = {}
        self.lock = threading.RLock()
        self._permit = permit
        self._renew: Callable[[float], None] = lambda _duration_s: None

    def watched_by(self, renew: Callable[[float], None]) -> None:
        """From now on `lease` calls `renew(duration_s)`: a supervisor watches this bench."""
        self._renew = renew

    def lease(self, duration_s: float = 0.0) -> None:
        """Tell the supervisor that the owner of the outputs lives and may take `duration_s`, s.

        While no output was switched on there is nothing to tell.

        Raises:
            InstrumentError: the supervisor is gone.
        """
        if self.live:
            self._renew(duration_s)

    def energise(self) -> None:
        """An output is about to go on: from here on a lease is held."""
        self.energised = self.live = True
        self.lease()

    @contextmanager
    def permitted(self, duration_s: float = 0.0) -> Iterator[None]:
        """Context in which one guarded setting is checked and sent, and may take `duration_s`."""
        with self.lock, self._permit.opened():
            self.lease(duration_s)
            yield

    def check_voltage(self, terminal: str, volts: float) -> None:
        """Refuse a source voltage whose worst case no junction on `terminal` may see.

        Raises:
            LimitError: with junction, value, limit and the largest voltage that would pass.
        """
        if not math.isfinite(volts):
            raise LimitError(f"{terminal}: {volts} is not a voltage; nothing was sent")
        driven = self.wiring.driven_by(terminal)
        if not driven and volts != 0:
            raise LimitError(
                f"{terminal} = {si(volts, 'V')}: the bench file wires nothing to this output, so "
                "its limits are unknown; nothing was sent. Add it to [[wiring]]"
            )
        for junction in driven:
            worst_v, worst_a = self.limits.worst_case(volts * junction.divider, junction.series_ohm)
            self._compare(terminal, si(volts, "V"), junction, worst_v, worst_a)

    def check_current(self, terminal: str, amperes: float, compliance_v: float) -> None:
        """The same for a current source: an open junction sees the whole compliance voltage."""
        if not math.isfinite(amperes):
            raise LimitError(f"{terminal}: {amperes} is not a current; nothing was sent")
        driven = self.wiring.driven_by(terminal)
        if not driven and amperes != 0:
            raise LimitError(
                f"{terminal} = {si(amperes, 'A')}: the bench file wires nothing to this output; "
                "nothing was sent. Add it to [[wiring]]"
            )
        for junction in driven:
            worst_v = abs(compliance_v) * junction.divider
            self._compare(terminal, si(amperes, "A"), junction, worst_v, abs(amperes))

    def _compare(
        self, terminal: str, value: str, junction: SingleJunction, worst_v: float, worst_a: float
    ) -> None:
        limits = self.limits
        if worst_v > limits.hard_v:
            raise LimitError(
                f"{terminal} = {value} could put {si(worst_v, 'V')} on junction "
                f"{junction.cell}; the limit is {si(limits.hard_v, 'V')}; nothing was sent. "
                f"Largest source voltage here: {si(self.largest_voltage(terminal), 'V')}"
            )
        if worst_a > limits.hard_a:
            raise LimitError(
                f"{terminal} = {value} could drive {si(worst_a, 'A')} through junction "
                f"{junction.cell}; the limit is {si(limits.hard_a, 'A')}; nothing was sent. "
                f"Largest source voltage here: {si(self.largest_voltage(terminal), 'V')}"
            )

    def largest_voltage(self, terminal: str) -> float:
        """Largest source voltage that passes on `terminal`, V; 0 where nothing is wired."""
        driven = self.wiring.driven_by(terminal)
        return largest_level_v(driven, self.limits) if driven else 0.0
