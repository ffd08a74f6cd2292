"""Keithley 2700 or 2701 with a 7709 matrix card, as the selector of one array.

Every move opens before it closes and is proved by the instrument's own list of closed channels.
PyMeasure's `Keithley2700` is not used: it sleeps, and reads nothing back.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Self

from drivers import scpi_replies as replies
from drivers.doubled import ask_twice
from drivers.error_queue import demand_empty, drain
from drivers.keithley2700_cabling import Cabling, Keithley2700Options
from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.preload import visa
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    BenchError,
    InstrumentError,
    MtjlabError,
    NotFound,
    NotSafeError,
    Timeout,
    WrongIdentity,
)
from mtjlab.core.interfaces import Identity, Instrument, Unselected
from mtjlab.core.wiring import Cell

_MODELS = ("2700", "2701")
_CARD = "7709"
_LIST = re.compile(r"\(@((?:\d{3}(?:,\d{3})*)?)\)\Z")
_CLOSED = ":ROUT:MULT:CLOS?"
_OPEN_ALL = ":ROUT:OPEN:ALL"


class Keithley2700:
    """The switch; satisfies `Selector` and `Driver`.

    Attributes:
        found: what was noticed at connecting and not touched: closed channels, old errors.
    """

    options_model: ClassVar[type[Any]] = Keithley2700Options
    host_loss: ClassVar[str] = "nothing: its relays stay as they are; it energises nothing itself"

    def __init__(
        self, opening: Opening, options: Keithley2700Options, link: Link, cabling: Cabling
    ) -> None:
        self.found: tuple[str, ...] = ()
        self._where = f"{opening.name} ({opening.resource})"
        self._permit, self._clock = opening.permit, opening.clock
        self._options, self._link, self._cabling = options, link, cabling

    @staticmethod
    def preload() -> None:
        """For the supervisor: import now what opening would import."""
        visa()

    @staticmethod
    def recognises(reply: str) -> bool:
        """Whether this reply to `*IDN?` comes from an instrument that it drives."""
        return replies.is_from(reply, _MODELS)

    @classmethod
    def open(cls, opening: Opening) -> Self:
        """Connect, identify switch and card, read what is closed; moves nothing.

        Raises:
            BenchError: its array is not cabled to the matrix, or it has not exactly one.
            NotFound: no such resource, or nobody answers there; WrongIdentity: somebody else, or
                another card.
        """
        options = cls.options_model.model_validate(dict(opening.options))
        where = f"{opening.name} ({opening.resource})"
        if len(opening.arrays) != 1:
            raise BenchError(
                f"{where}: selects in {len(opening.arrays)} arrays; expected one "
                f'[[wiring.arrays]] with selector = "{opening.name}"'
            )
        cabling = Cabling(opening.arrays[0], options, where)
        link = Link(opening, LinkSettings(timeout_s=options.timeout_s))
        try:
            driver = cls(opening, options, link, cabling)
            driver._meet()
        except BaseException:
            link.close()
            raise
        return driver

    def _meet(self) -> None:
        try:
            # What an earlier program asked and never read would be taken for our reply.
            self._link.clear()
            greeting = self._link.ask("*IDN?")
        except Timeout as error:
            raise NotFound(f"nothing answers: {error}") from error
        self._identity(greeting)
        self._link.expect("*IDN?", greeting)
        cards = [card.strip() for card in self._link.ask("*OPT?").split(",")]
        slot = self._options.slot
        card = cards[slot - 1] if slot <= len(cards) else "nothing"
        if card != _CARD:
            raise WrongIdentity(
                f"{self._where}: a {_CARD} was expected in slot {slot}, {card} is there. Check "
                "`slot` in the bench file and the rear of the instrument"
            )
        found = [f"left in the error queue: {e}" for e in drain(self._link.ask, self._where)]
        if closed := self.closed():
            found.insert(0, f"closed: {', '.join(closed)}")
        self.found = tuple(found)

    def faces(self) -> Mapping[str, Instrument]:
        """The driver is its only channel."""
        return {"": self}

    def close(self) -> None:
        """Release the link; the relays stay as they are."""
        self._link.close()

    def identify(self) -> Identity:
        """As `Selector.identify`."""
        return self._identity(self._link.ask("*IDN?"))

    def connect(self, cells: Sequence[Cell], unselected: Unselected) -> None:
        """As `Selector.connect`: first opens, then closes, and proves both.

        Raises:
            BenchError: a cell that is not in the array, or a state that is not cabled.
            InstrumentError: the list of closed channels is not what it was to become.
        """
        self._permit.demand(f"{self._where}: connect")
        wanted = set(map(str, self._cabling.channels(cells, unselected)))
        with self._link.held():
            self._demand_running()
            before = set(self.closed())
            if gone := before - wanted:
                self._move(f":ROUT:MULT:OPEN {_listed(gone)}", before & wanted)
            if new := wanted - before:
                self._move(f":ROUT:MULT:CLOS {_listed(new)}", wanted)
            self._settle()

    def closed(self) -> tuple[str, ...]:
        """As `Selector.closed`; all channels of all cards, ascending."""
        with self._link.held():
            reply = ask_twice(self._link.ask, _CLOSED, self._where)
            match = _LIST.match(reply.replace(" ", ""))
            if match is None:
                raise BadReply(f"{self._where}: {reply!r} is no list of closed channels")
            return tuple(sorted(match[1].split(","))) if match[1] else ()

    def open_all(self) -> None:
        """As `Selector.open_all`."""
        self._permit.demand(f"{self._where}: open_all")
        with self._link.held():
            self._demand_running()
            self._move(_OPEN_ALL, set())
            self._settle()

    def abort(self) -> None:
        """As `Selector.abort`."""
        self._link.abort.set()

    def shutdown(self) -> None:
        """As `Selector.shutdown`."""
        self._permit.demand(f"{self._where}: shutdown")
        self._link.abort.clear()
        with self._link.held():
            try:
                self._link.write(_OPEN_ALL)
                closed = self.closed()
                drain(self._link.ask, self._where)
            except Exception as error:
                # Without a reply nothing can be proved; the word may still arrive.
                with suppress(MtjlabError):
                    self._link.last_resort(_OPEN_ALL)
                raise NotSafeError(
                    f"{self._where}: could not be read back as open: {error}. Press OPEN, ALL on "
                    "its front panel"
                ) from error
            if closed:
                raise NotSafeError(
                    f"{self._where}: {', '.join(closed)} read back closed after everything was "
                    "opened. Look at its front panel"
                )

    def _move(self, message: str, wanted: set[str]) -> None:
        self._link.write(message)
        demand_empty(self._link.ask, self._where, message.split()[0])
        closed = self.closed()
        if set(closed) != wanted:
            raise InstrumentError(
                f"{self._where}: closed are {', '.join(closed) or 'none'} after {message}; "
                f"expected {', '.join(sorted(wanted)) or 'none'}. Open everything and look at it"
            )

    def _settle(self) -> None:
        if self._clock.sleep(self._options.settle_s, self._link.abort):
            raise Aborted(f"{self._where}: aborted while its relays settled")

    def _demand_running(self) -> None:
        if self._link.abort.is_set():
            raise Aborted(f"{self._where}: aborted; shut it down to go on")

    def _identity(self, reply: str) -> Identity:
        model = next((model for model in _MODELS if model in reply), _MODELS[0])
        return replies.identity(reply, model, self._where)


def _listed(channels: set[str]) -> str:
    return f"(@{','.join(sorted(channels))})"
