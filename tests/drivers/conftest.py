"""A VISA library whose one instrument is a Python function; no time passes in it.

The instrument answers a message with pieces of a reply. `SILENCE` among them is one time-out of
the library. As in many real ones, what a read has gathered when its time-out strikes is lost.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from pyvisa import constants, errors, highlevel, rname
from pyvisa.constants import StatusCode

from mtjlab.core.clock import VirtualClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.permit import WritePermit

SILENCE = None
Piece = bytes | None
Instrument = Callable[[str], Sequence[Piece]]
RESOURCE = "GPIB0::24::INSTR"
_numbers = itertools.count()


class FunctionLibrary(highlevel.VisaLibraryBase):
    """`sent` lists every message; `clears` counts device clears; `on_silence` runs per time-out."""

    instrument: Instrument
    sent: list[str]

    @classmethod
    def around(cls, instrument: Instrument) -> "FunctionLibrary":
        library = cls(f"function-{next(_numbers)}")
        library.instrument = instrument
        library.sent = []
        library.pending = deque()
        library.clears = 0
        library.clear_status = StatusCode.success
        library.on_silence = lambda: None
        library.partial = b""
        library.timeouts_ms = []
        return library

    def open_default_resource_manager(self) -> tuple[Any, StatusCode]:
        return 1, StatusCode.success

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        return tuple(rname.filter([RESOURCE], query))

    def open(self, session, resource_name, access_mode=None, open_timeout=0) -> Any:
        if resource_name != RESOURCE:
            self.handle_return_value(None, StatusCode.error_resource_not_found)
        return 2, StatusCode.success

    def close(self, session: Any) -> StatusCode:
        return StatusCode.success

    def disable_event(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        return StatusCode.success

    def discard_events(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        return StatusCode.success

    def set_attribute(self, session: Any, attribute: Any, value: Any) -> StatusCode:
        if attribute == constants.ResourceAttribute.timeout_value:
            self.timeouts_ms.append(value)
        return StatusCode.success

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        if attribute == constants.ResourceAttribute.interface_type:
            return constants.InterfaceType.gpib, StatusCode.success
        return 0, StatusCode.success

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        self.partial += data
        *messages, self.partial = self.partial.split(b"\n")
        for message in messages:
            self.sent.append(message.decode())
            self.pending.extend(self.instrument(message.decode()))
        return len(data), StatusCode.success

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        got = b""
        while len(got) < count:
            if not self.pending or self.pending[0] is SILENCE:
                if self.pending:
                    self.pending.popleft()
                self.on_silence()
                self.handle_return_value(session, StatusCode.error_timeout)
            head = self.pending.popleft()
            wanted = count - len(got)
            got += head[:wanted]
            if head[wanted:]:
                self.pending.appendleft(head[wanted:])
            if got.endswith(b"\n"):
                return got, StatusCode.success
        return got, self.handle_return_value(session, StatusCode.success_max_count_read)

    def clear(self, session: Any) -> StatusCode:
        self.clears += 1
        if self.clear_status == StatusCode.success:
            self.pending.clear()
        return self.handle_return_value(session, self.clear_status)


def script(*exchanges: tuple[str, str | None]) -> Callable[[str], Sequence[Piece]]:
    """An instrument that accepts exactly these messages in this order; `left` has the rest."""
    left = deque(exchanges)

    def answer(message: str) -> Sequence[Piece]:
        assert left, f"{message!r} was sent after the end of the script"
        expected, reply = left.popleft()
        assert message == expected
        return () if reply is None else (f"{reply}\n".encode(),)

    answer.left = left
    return answer


@pytest.fixture
def permit() -> WritePermit:
    return WritePermit()


@pytest.fixture
def opening(permit: WritePermit) -> Callable[..., Opening]:
    def make(library: Any, resource: str = RESOURCE, **options: Any) -> Opening:
        return Opening(
            name="smu",
            resource=resource,
            options=options,
            ports=Ports(visa_library=library, virtual=True),
            clock=VirtualClock(),
            permit=permit,
        )

    return make


@pytest.fixture
def function_library() -> type[FunctionLibrary]:
    return FunctionLibrary


@pytest.fixture
def scripted() -> Iterator[Callable[..., FunctionLibrary]]:
    """A library around a script; what was not sent in the end fails the test."""
    made = []

    def make(*exchanges: tuple[str, str | None]) -> FunctionLibrary:
        library = FunctionLibrary.around(script(*exchanges))
        made.append(library)
        return library

    yield make
    for library in made:
        assert not library.instrument.left, f"never sent: {list(library.instrument.left)}"


@pytest.fixture
def closing() -> Iterator[Callable[[Any], Any]]:
    """Close what a test opened, so that nothing is left to the garbage collector."""
    opened: list[Any] = []

    def keep(thing: Any) -> Any:
        opened.append(thing)
        return thing

    yield keep
    for thing in opened:
        with suppress(errors.Error):
            thing.close()
