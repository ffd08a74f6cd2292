"""Looks for instruments before there is a bench file, on this computer or on a simulated bench.

Listing sends nothing to an instrument. Asking is one question each, and only to who is named.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mtjlab.bench.file import LoadedBench, load
from mtjlab.core import plugins
from mtjlab.core.driver import Ports
from mtjlab.core.errors import InstrumentError, UsageError
from mtjlab.core.found import Findings, Found
from mtjlab.core.generators import Generators

# A question that follows a first one is that of a driver whose instruments say anything to *IDN?.
_WHO = "*IDN?"


class Search:
    """One place to look in. Not for two threads at a time.

    Attributes:
        twin: the instruments found are simulated.
        where: the place, for people.
    """

    def __init__(
        self,
        bench: LoadedBench | str | None = None,
        *,
        library: str = "",
        timeout_s: float = 1.0,
        baud: int = 115200,
    ) -> None:
        """Look nowhere yet.

        Args:
            bench: a simulated bench to look in, or the name of a shipped one, which is read when
                it is first looked at; None: this computer.
            library: what PyVISA is given on this computer; "" for its default.
            timeout_s: how long an answer may take, s.
            baud: speed of serial lines that are asked.

        Raises:
            UsageError: a real bench: its instruments are those of this computer.
        """
        if isinstance(bench, LoadedBench) and bench.file.twin is None:
            raise UsageError(
                f"bench {bench.file.name} is a real one and its instruments are on this computer; "
                "look without a bench, or name a simulated one such as everything"
            )
        self._bench = bench
        self._library, self._timeout_s, self._baud = library, timeout_s, baud
        self._ports: Ports | None = None
        self._drivers: dict[str, Any] | None = None
        self.twin = bench is not None
        name = bench.file.name if isinstance(bench, LoadedBench) else bench
        self.where = "this computer" if name is None else f"the simulated bench {name}"

    def find(self) -> Findings:
        """List what is there. Sends nothing to an instrument; may take seconds.

        What cannot be looked through is said in `unseen`, never raised.
        """
        from drivers import found as listing

        ports = self._reach()
        found: list[Found] = []
        unseen: list[str] = []
        try:
            found += listing.visa_resources(ports.visa_library)
        except InstrumentError as error:
            unseen.append(f"VISA: {error}")
        if not self.twin and not self._library:
            for port in listing.serial_ports():
                # The system's own entry says what is plugged in.
                lines = [one for one in found if one.kind == "serial"]
                found = [
                    one
                    for one in found
                    if one not in lines or not listing.same_line(one.resource, port.resource)
                ]
                found.append(port)
        try:
            found += listing.ni_boards(ports.ni)
        except InstrumentError as error:
            unseen.append(str(error))
        kinds = ("VISA", "serial", "NI")
        return Findings(tuple(sorted(found, key=lambda one: kinds.index(one.kind))), tuple(unseen))

    def ask(self, found: Found) -> Found:
        """The same with its answer, or with the reason why there is none; never raises that.

        One question, `*IDN?`. On a serial line that has answered, but is nobody's, also the
        question by which a driver knows its instruments. An NI board is known already.
        """
        from drivers import asking

        if found.kind == "NI":
            unlisted = "" if found.about else "NI's driver lists no board of that name"
            return replace(found, silent=unlisted)
        ports = self._reach()

        def answer(question: str) -> str:
            return asking.ask(
                found, question, ports, timeout_s=self._timeout_s, baud=self._baud
            ).strip()

        try:
            reply = answer(_WHO)
        except InstrumentError as error:
            return replace(found, answer="", silent=str(error), drivers=())
        names = self._who_recognises(_WHO, reply)
        if not names and found.kind == "serial":
            for question in self._other_questions():
                with suppress(InstrumentError):
                    names += self._who_recognises(question, answer(question))
        return replace(found, answer=reply, silent="", drivers=names)

    def _reach(self) -> Ports:
        if self._ports is None:
            self._ports = Ports(visa_library=self._library)
            if self._bench is not None:
                # The simulator takes a second to import.
                from mtjlab.bench.simulate import simulate

                bench = load(self._bench) if isinstance(self._bench, str) else self._bench
                self._ports = simulate(bench, generators=Generators(0)).ports
        return self._ports

    def _recognising(self) -> dict[str, Any]:
        if self._drivers is None:
            working, _ = plugins.survey("drivers")
            self._drivers = {n: d for n, d in working.items() if hasattr(d, "recognises")}
        return self._drivers

    def _who_recognises(self, question: str, reply: str) -> tuple[str, ...]:
        return tuple(
            name
            for name, driver in self._recognising().items()
            if getattr(driver, "recognised_by", _WHO) == question and driver.recognises(reply)
        )

    def _other_questions(self) -> Iterable[str]:
        asked = (getattr(d, "recognised_by", _WHO) for d in self._recognising().values())
        return dict.fromkeys(question for question in asked if question != _WHO)


def named(resource: str) -> Found:
    """Somebody whom no software lists, such as a TCP socket.

    `/dev/ttyUSB0` and `COM3` get their VISA names; other text without `::` is NI's name of a board.
    """
    text = resource.strip()
    number = text.upper().removeprefix("COM")
    if text.startswith("/dev/"):
        text = f"ASRL{text}::INSTR"
    elif text.upper().startswith("COM") and number.isdecimal():
        text = f"ASRL{number}::INSTR"
    if text.upper().startswith("ASRL"):
        whole = text if text.upper().endswith("::INSTR") else f"{text}::INSTR"
        return Found("serial", whole)
    if "::" in text:
        return Found("VISA", text)
    return Found("NI", text, drivers=("nidaqmx",))
