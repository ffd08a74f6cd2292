"""Keithley 2601, 2602 and 2604 (A, B): one or two source-meters on one link, in TSP.

PyMeasure's own `Keithley2600` is not used: it writes numbers with `%f`, so that 100 nA become 0,
cannot set an integration time below 1 PLC, and its ramps sleep.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self

from drivers import keithley2600_replies as replies
from drivers.keithley2600_channel import Keithley2600Channel
from drivers.keithley2600_settings import ABILITIES, Keithley2600Options
from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.preload import visa
from drivers.scpi_replies import UNIT
from drivers.tsp_error_queue import drain
from drivers.tsp_messages import understand
from mtjlab.core.driver import Opening
from mtjlab.core.errors import NotFound, Timeout, WrongIdentity
from mtjlab.core.interfaces import Instrument, SourceAbilities
from mtjlab.core.units import si


class Keithley2600:
    """The box; satisfies `Driver`.

    Attributes:
        found: what was noticed at connecting and not touched: outputs on, old errors.
        model: what it calls itself.
        channels: `a`, and `b` where there is one.
    """

    options_model: ClassVar[type[Any]] = Keithley2600Options
    host_loss: ClassVar[str] = (
        "nothing: both outputs hold their levels; the source limits bound the current, and the "
        "output-enable line on the rear, where it is wired and enabled, switches them off"
    )
    largest_v: ClassVar[float] = 40.4
    largest_a: ClassVar[float] = 3.03
    abilities: SourceAbilities = ABILITIES

    def __init__(self, opening: Opening, options: Keithley2600Options, link: Link) -> None:
        self.found: tuple[str, ...] = ()
        self.model = ""
        self.channels: dict[str, Keithley2600Channel] = {}
        self._opening, self._options, self._link = opening, options, link

    @staticmethod
    def preload() -> None:
        """For the supervisor: import now what opening would import."""
        visa()

    @staticmethod
    def recognises(reply: str) -> bool:
        """Whether this reply to `*IDN?` comes from an instrument that it drives."""
        with suppress(WrongIdentity):
            return bool(replies.identity(reply, ""))
        return False

    @classmethod
    def open(cls, opening: Opening) -> Self:
        """Connect, identify, read outputs and levels; sets nothing.

        Raises:
            NotFound: no such resource, or nobody answers there; WrongIdentity: somebody else.
        """
        options = cls.options_model.model_validate(dict(opening.options))
        link = Link(opening, LinkSettings(timeout_s=options.timeout_s, understand=understand))
        try:
            driver = cls(opening, options, link)
            driver._meet()
        except BaseException:
            link.close()
            raise
        return driver

    def _meet(self) -> None:
        where = f"{self._opening.name} ({self._opening.resource})"
        try:
            # What an earlier program asked and never read would be taken for our reply.
            self._link.clear()
            greeting = self._link.ask("*IDN?")
        except Timeout as error:
            raise NotFound(f"nothing answers: {error}") from error
        self.model = replies.identity(greeting, where).model
        self._link.expect("*IDN?", greeting)
        found = [f"left in the error queue: {e}" for e in drain(self._link.ask, where)]
        for letter in replies.CHANNELS[self.model]:
            channel = Keithley2600Channel(self._opening, self._options, self._link, letter)
            state = channel.state()
            if state.output_on:
                level = si(state.level, UNIT[state.function])
                found.insert(0, f"output {letter} on at {level}")
            self.channels[letter] = channel
        self.found = tuple(found)

    def faces(self) -> Mapping[str, Instrument]:
        """One source-meter for each channel."""
        return dict(self.channels)

    def close(self) -> None:
        """Release the link; the outputs stay as they are."""
        self._link.close()
