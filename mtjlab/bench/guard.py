"""The one gate before every output: worst case at the junction, refused or sent, never clipped.

The guard knows the wiring, the limits and every last set-point; `faces` asks it before each
setting. Only inside a guarded call is the bench's write permit open, so that a driver that leaked
out of a face can be read but not set.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from mtjlab.bench.ledger import Ledger
from mtjlab.core.clock import Clock
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import Daq, Reading, SourceMeter
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.permit import WritePermit
from mtjlab.core.units import si
from mtjlab.core.wiring import ArrayWiring, Driven, Wiring, largest_level_v

_GROUND = "ground"


class Guard:
    """Checks set-points of one bench against what its junctions survive.

    Attributes:
        setpoints: terminal -> last value sent (V; A for a source-meter that sources current).
        spans: terminal -> lowest and highest voltage it may stand at, V, where that is not its
            set-point: in a block or sweep, after one that failed, and of a current source.
        energised: an output has been switched on, or a board output moved off 0 V, at some time.
        live: the same, and the bench has not been made safe since.
        readings: terminal -> the last reading of its source-meter.
        currents: terminals whose set-point is a current.
        turned: called whenever `live` changes, by whoever changes it.
        ledger: books how long which junction stands at what.
        sources, boards: what can be asked before a selector moves.
    """

    def __init__(
        self, wiring: Wiring, limits: JunctionLimits, permit: WritePermit, clock: Clock
    ) -> None:
        self.wiring = wiring
        self.limits = limits
        self.clock = clock
        self.setpoints: dict[str, float] = {}
        self.spans: dict[str, tuple[float, float]] = {}
        self.energised = self.live = False
        self.readings: dict[str, Reading] = {}
        self.currents: frozenset[str] = frozenset()
        self.turned: Callable[[], None] = lambda: None
        self.ledger = Ledger(wiring, limits, clock)
        self.sources: dict[str, SourceMeter] = {}
        self.boards: dict[str, Daq] = {}
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
        before, self.energised, self.live = self.live, True, True
        self.lease()
        if not before:
            self.turned()

    def rest(self) -> None:
        """Everything has been read back as off."""
        self.live = False
        self.turned()

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
        self.check_alone(terminal, volts)
        self.check_rows({terminal: (volts, volts)})

    def check_alone(self, terminal: str, volts: float) -> None:
        """`check_voltage` without the other rows of an array; `check_rows` must follow.

        Raises:
            LimitError: as `check_voltage`.
        """
        if not math.isfinite(volts):
            raise LimitError(f"{terminal}: {volts} is not a voltage; nothing was sent")
        driven = self.wiring.driven_by(terminal)
        if not driven and volts != 0:
            raise LimitError(
                f"{terminal} = {si(volts, 'V')}: the bench file wires nothing to this output, so "
                "its limits are unknown; nothing was sent. Add it to [[wiring]]"
            )
        for wire in driven:
            worst_v, worst_a = self.limits.worst_case(volts * wire.divider, wire.series_ohm)
            self._compare(terminal, volts, "V", wire, worst_v, worst_a)
        self.ledger.check(terminal, volts)

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
        for wire in driven:
            worst_v = abs(compliance_v) * wire.divider
            self._compare(terminal, amperes, "A", wire, worst_v, abs(amperes))
        self.ledger.check(terminal, compliance_v)
        self.check_rows({terminal: (-abs(compliance_v), abs(compliance_v))})

    def check_rows(self, moving_v: Mapping[str, tuple[float, float]]) -> None:
        """Refuse rows of an array that stand too far apart for a junction between two of them.

        A column that has lost its virtual ground (a broken wire, an amplifier without power, a
        selector that lets it float) may stand at any potential between those of the rows.

        Args:
            moving_v: terminal -> lowest and highest voltage it is about to have, V. What it holds
                now counts too, and so does what every other row holds.

        Raises:
            LimitError: with both rows, their difference and the limit.
        """
        for array in self.wiring.arrays:
            if any(terminal in moving_v for terminal in array.sources):
                self._check_array(array, moving_v)

    def _check_array(self, array: ArrayWiring, moving_v: Mapping[str, tuple[float, float]]) -> None:
        # Columns are at ground while all is well.
        spans = {source: self._span(source) for source in array.sources} | {_GROUND: (0.0, 0.0)}
        for terminal, (low_v, high_v) in moving_v.items():
            if terminal in spans:
                held = spans[terminal]
                spans[terminal] = min(low_v, held[0]), max(high_v, held[1])
        high, low = _furthest_apart(spans)
        apart_v = array.divider * (spans[high][1] - spans[low][0])
        worst_v, worst_a = self.limits.worst_case(apart_v, array.series_ohm)
        if worst_v > self.limits.hard_v:
            seen, limit = si(worst_v, "V"), si(self.limits.hard_v, "V")
        elif array.selector is not None and worst_a > self.limits.hard_a:
            seen, limit = si(worst_a, "A"), si(self.limits.hard_a, "A")
        else:
            return
        raise LimitError(
            f"{', '.join(t for t in moving_v if t in spans)}: with {high} up to "
            f"{si(spans[high][1], 'V')} and {low} down to {si(spans[low][0], 'V')} a junction on "
            f"a column without its virtual ground could see {seen}; the limit is {limit}; "
            "nothing was sent. Move the rows nearer to each other first"
        )

    def _span(self, terminal: str) -> tuple[float, float]:
        volts = self.setpoints.get(terminal, 0.0)
        return self.spans.get(terminal, (volts, volts))

    def sources_current(self, terminal: str, current: bool) -> None:
        """Whether the set-point of a terminal is in A from now on, or in V."""
        self.currents = self.currents | {terminal} if current else self.currents - {terminal}

    def moves(self, terminal: str, low_v: float, high_v: float) -> None:
        """Until `holds` says otherwise the terminal may stand anywhere from what it held to here.

        If whatever moves it fails, it is taken for the value that is furthest from 0.
        """
        held_v = self._span(terminal)
        span_v = min(low_v, held_v[0]), max(high_v, held_v[1])
        self.spans[terminal] = span_v
        self.setpoints[terminal] = worst_v = max(span_v, key=abs)
        self.ledger.stands(terminal, worst_v)

    def holds(self, terminal: str, volts: float) -> None:
        """The terminal has arrived, or was never anywhere else."""
        self.setpoints[terminal] = volts
        self.spans.pop(terminal, None)
        self.ledger.stands(terminal, volts)

    def forget(self) -> None:
        """Nothing is known to stand at its last set-point any more."""
        self.setpoints.clear()
        self.spans.clear()
        self.readings.clear()
        self.ledger.rests()

    def _compare(
        self, terminal: str, value: float, unit: str, wire: Driven, worst_v: float, worst_a: float
    ) -> None:
        limits = self.limits
        if worst_v > limits.hard_v:
            raise LimitError(
                f"{terminal} = {si(value, unit)} could put {si(worst_v, 'V')} on "
                f"{wire.label}; the limit is {si(limits.hard_v, 'V')}; nothing was sent. "
                f"Largest source voltage here: {si(self.largest_voltage(terminal), 'V')}"
            )
        if worst_a > limits.hard_a:
            raise LimitError(
                f"{terminal} = {si(value, unit)} could drive {si(worst_a, 'A')} through "
                f"{wire.label}; the limit is {si(limits.hard_a, 'A')}; nothing was sent. "
                f"Largest source voltage here: {si(self.largest_voltage(terminal), 'V')}"
            )

    def largest_voltage(self, terminal: str) -> float:
        """Largest source voltage that passes on `terminal`, V; 0 where nothing is wired."""
        driven = self.wiring.driven_by(terminal)
        return largest_level_v(driven, self.limits) if driven else 0.0


def _furthest_apart(spans: Mapping[str, tuple[float, float]]) -> tuple[str, str]:
    """The two terminals, highest first, between which the largest difference may stand."""
    lowest = sorted(spans, key=lambda terminal: spans[terminal][0])[:2]
    pairs = [(high, lowest[high == lowest[0]]) for high in spans]
    return max(pairs, key=lambda pair: spans[pair[0]][1] - spans[pair[1]][0])
