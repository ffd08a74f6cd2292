"""Keysight (Agilent) B2901A, B2902A, B2911A and B2912A: one or two source-meters on one link.

PyMeasure 0.16 has no driver for them. After *RST a reading switches the output on by itself; the
first thing that is configured here is that it does not.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from drivers.error_queue import drain
from drivers.keysight_b2900_channel import KeysightB2900Channel
from drivers.keysight_b2900_settings import ABILITIES, MAKERS, MODELS, KeysightB2900Options
from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.preload import visa
from drivers.scpi_replies import UNIT, identity, is_from
from mtjlab.core.driver import Opening
from mtjlab.core.errors import NotFound, Timeout, WrongIdentity
from mtjlab.core.interfaces import Instrument, SourceAbilities
from mtjlab.core.units import si

_SWITCHES = "It may switch the output on and measures with other settings; use measure()"


class KeysightB2900:
    """The box; satisfies `Driver`.

    Attributes:
        found: what was noticed at connecting and not touched: outputs on, old errors.
        model: what it calls itself.
        channels: by number; 2 where there is one.
    """

    options_model: ClassVar[type[Any]] = KeysightB2900Options
    host_loss: ClassVar[str] = (
        "nothing: every output holds its level; the limits bound the current, and an open "
        "interlock on the rear keeps the outputs below 42 V"
    )
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05
    abilities: SourceAbilities = ABILITIES

    def __init__(self, opening: Opening, options: KeysightB2900Options, link: Link) -> None:
        self.found: tuple[str, ...] = ()
        self.model = ""
        self.channels: dict[int, KeysightB2900Channel] = {}
        self._opening, self._options, self._link = opening, options, link

    @staticmethod
    def preload() -> None:
        """For the supervisor: import now what opening would import."""
        visa()

    @staticmethod
    def recognises(reply: str) -> bool:
        """Whether this reply to `*IDN?` comes from an instrument that it drives."""
        return is_from(reply, tuple(MODELS), makers=MAKERS)

    @classmethod
    def open(cls, opening: Opening) -> Self:
        """Connect, identify, read outputs and levels; sets nothing.

        Raises:
            NotFound: no such resource, or nobody answers there; WrongIdentity: somebody else.
        """
        options = cls.options_model.model_validate(dict(opening.options))
        refused = {"MEAS": _SWITCHES}
        link = Link(opening, LinkSettings(timeout_s=options.timeout_s, refused=refused))
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
        self.model = _model(greeting, where)
        self._link.expect("*IDN?", greeting)
        found = [f"left in the error queue: {e}" for e in drain(self._link.ask, where)]
        numbers = MODELS[self.model]
        for number in numbers:
            channel = KeysightB2900Channel(
                self._opening,
                self._options,
                self._link,
                channel=number,
                of_two=len(numbers) > 1,
                box=self.model,
            )
            state = channel.state()
            if state.output_on:
                level = si(state.level, UNIT[state.function])
                found.insert(0, f"output {number} on at {level}")
            self.channels[number] = channel
        self.found = tuple(found)

    def faces(self) -> Mapping[str, Instrument]:
        """`1` and `2`, or the only channel."""
        if len(self.channels) == 1:
            return {"": self.channels[1]}
        return {str(number): channel for number, channel in self.channels.items()}

    def close(self) -> None:
        """Release the link; the outputs stay as they are."""
        self._link.close()


def _model(greeting: str, where: str) -> str:
    for model in MODELS:
        try:
            return identity(greeting, model, where, makers=MAKERS).model
        except WrongIdentity:
            continue
    raise WrongIdentity(
        f"{where}: one of {', '.join(MODELS)} was expected, {greeting!r} answered. Check `driver` "
        "and `resource` in the bench file"
    )
