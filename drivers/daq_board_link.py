"""What is said to a DAQ board: lines that end in a question for errors, so that a reply comes.

Text that comes back is asked for twice in one line: a digit that a bad line has changed is a digit
like any other. Blocks have a CRC instead.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from drivers.error_queue import drain
from drivers.serial_link import SerialLink
from mtjlab.core.clock import Clock
from mtjlab.core.driver import Opening
from mtjlab.core.errors import BadReply, InstrumentError, Reported, Timeout, WrongIdentity
from mtjlab.core.permit import WritePermit

SPECIFICATION = "mtjlab-daq-board,1"
_SYNC = "SYST:SYNC? {}"
_ERROR = ":SYST:ERR?"
_CLEAN = '0,"No error"'
# What the line that ends a half-sent one leaves in the queue, and a reply that nobody read.
_OWN_DOING = ("-101 ", "-410 ")


class BoardLink:
    """The line to one board.

    Attributes:
        port: the serial link.
        where: the board, for messages.
        spoke_s: bench time of the last line, s.
    """

    def __init__(self, opening: Opening, port: SerialLink) -> None:
        """Say nothing yet."""
        self.port = port
        self.where = port.where
        self.clock: Clock = opening.clock
        self.permit: WritePermit = opening.permit
        self.spoke_s = self.clock.now_s()

    @contextmanager
    def held(self) -> Iterator[None]:
        """As `SerialLink.held`."""
        with self.port.held():
            yield

    def greet(self) -> None:
        """First words. Changes nothing; empties the error queue of what others have left there.

        Raises:
            WrongIdentity: somebody else answers; Timeout: nobody does.
        """
        with self.held():
            try:
                answer = self._specification()
            except Timeout as silence:
                answer = self._who(silence)
            if answer != SPECIFICATION:
                raise WrongIdentity(
                    f"{self.where}: a board of specification {SPECIFICATION!r} was expected, "
                    f"{answer!r} answered. Check `driver` and `resource` in the bench file"
                )
            drain(self.port.ask, self.where)

    def _specification(self) -> str:
        self.port.settle(_SYNC)
        return self.port.ask("SYST:SPEC?")

    def _who(self, silence: Timeout) -> str:
        """Somebody who does not know our words, or a board whose reply was lost."""
        try:
            somebody = self.port.ask("*IDN?")
        except InstrumentError:
            raise silence from None
        try:
            return self._specification()
        except Timeout:
            return somebody

    def exchange(self, *units: str, wait_s: float = 0.0, sets: str = "") -> list[str]:
        """Say one line and get the replies to its questions.

        Args:
            units: commands and questions, each with a colon.
            wait_s: how much longer than usual it may take, s.
            sets: what outputs or switches it changes, for the permit; empty: none.

        Raises:
            Reported: the board refuses; BadReply: not so many replies; Timeout, Aborted.
            LimitError: a setting without permit; nothing was sent.
        """
        if sets:
            self.permit.demand(f"{self.where}: {sets}")
        with self.held():
            self._demand_clean()
            line = ";".join((*units, _ERROR))
            reply = self.port.ask(line, wait_s)
            self.spoke_s = self.clock.now_s()
            *replies, entry = reply.split(";")
            if entry != _CLEAN:
                self._refused(entry, line)
            asked = sum(unit.split(maxsplit=1)[0].endswith("?") for unit in units)
            if len(replies) != asked:
                raise BadReply(
                    f"{self.where}: {len(replies)} replies to {asked} questions: {reply[:60]!r}"
                )
            return replies

    def ask(self, *questions: str) -> list[str]:
        """Replies that came the same twice.

        Raises:
            BadReply: they did not.
        """
        with self.held():
            return self.same(self.exchange(*questions, *questions), questions)

    def same(self, replies: Sequence[str], questions: Sequence[str]) -> list[str]:
        """The first half of `replies`, if the second one is no different.

        Raises:
            BadReply: it is.
        """
        half = len(replies) // 2
        if replies[:half] != replies[half:]:
            raise BadReply(
                f"{self.where}: {', '.join(questions)} was answered by {replies[:half]} and by "
                f"{replies[half:]} at once. Check cable, speed and ground"
            )
        return list(replies[:half])

    def stop(self) -> None:
        """ABORt without waiting for an answer, whatever state the line is in."""
        self.port.send(":ABOR")

    def _demand_clean(self) -> None:
        if not self.port.dirty:
            return
        self.port.settle(_SYNC)
        left = [e for e in drain(self.port.ask, self.where) if not e.startswith(_OWN_DOING)]
        if left:
            raise Reported(f"{self.where} reports {'; '.join(left)}")

    def _refused(self, entry: str, line: str) -> None:
        number = entry.partition(",")[0].strip()
        if not number.lstrip("-").isdecimal() or not number.strip("-0"):
            raise BadReply(f"{self.where}: {entry[:60]!r} is no entry of an error queue")
        rest = drain(self.port.ask, self.where)
        said = "; ".join([entry.replace(",", " ", 1).replace('"', ""), *rest])
        raise Reported(f"{self.where} reports {said} after {line[:80]}")
