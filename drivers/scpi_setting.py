"""A setting and what must read back after it."""

from dataclasses import dataclass

from drivers.scpi_replies import number


@dataclass(frozen=True)
class Setting:
    """One message, and what must come back.

    Attributes:
        message: the setting.
        question: asks for it.
        wanted: a word or flag as the instrument writes it, or a number.
        high: where a number may read up to this, such as full scale for a range.
    """

    message: str
    question: str
    wanted: str | float
    high: float | None = None

    def agrees(self, reply: str, where: str) -> bool:
        """Whether `reply` is what was meant.

        Raises:
            BadReply: a number was to come, and something else came.
        """
        if isinstance(self.wanted, str):
            return reply.strip().strip('"').upper() == self.wanted
        high = self.wanted if self.high is None else self.high
        got = number(reply, self.question, where)
        return self.wanted * (1 - 1e-3) <= got <= high * (1 + 1e-3)


def flag(header: str, on: bool) -> Setting:
    """One that is on or off."""
    return Setting(f"{header} {int(on)}", f"{header}?", str(int(on)))


def word(header: str, text: str) -> Setting:
    """One of some words, in the form in which it comes back."""
    return Setting(f"{header} {text}", f"{header}?", text)
