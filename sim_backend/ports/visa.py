"""PyVISA ends here: a VISA library whose resources are simulated instruments.

Any PyVISA program reaches them unmodified, by `ResourceManager(library)` or, through the
top-level module `pyvisa_mtjsim`, by name. Time-outs pass on the virtual clock; nothing waits.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from pyvisa import attributes, constants, errors, highlevel, rname
from pyvisa.constants import EventAttribute, EventType, ResourceAttribute, StatusCode
from pyvisa.typing import VISAEventContext, VISARMSession, VISASession
from pyvisa.util import LibraryPath

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError
from sim_backend import conversation as conversations
from sim_backend.conversation import MessageTwin
from sim_backend.ports.visa_device import DISCARDS, Device, Talk, defaults, has_end_line

_DEFAULT_BENCH = LibraryPath("default bench", "no name was given")
_SERVICE_REQUEST = 0x40
_numbers = count(1)


class TwinVisaLibrary(highlevel.VisaLibraryBase):
    """A VISA library in this process; made by `make`, or by PyVISA from a bench's name.

    PyVISA keeps one instance per class and library path, so a path is never used for two worlds.
    """

    def _init(self) -> None:
        self._guard = threading.RLock()
        self._clock = VirtualClock()
        self._devices: dict[str, Device] = {}
        self._talks: dict[int, Talk] = {}
        self._managers: set[int] = set()
        self._events: set[int] = set()
        self._handles = count(1)
        name = str(self.library_path)
        self.attach_bench("" if name == _DEFAULT_BENCH else name)

    @staticmethod
    def get_library_paths() -> Iterable[LibraryPath]:
        """The path that stands for no path."""
        return (_DEFAULT_BENCH,)

    def attach_bench(self, name: str) -> None:
        """Hook for those who come by name: attach the instruments of bench `name` ("": default)."""

    def follow(self, clock: VirtualClock) -> None:
        """Let time-outs pass on this clock."""
        self._clock = clock

    def attach(self, resource: str, twin: MessageTwin) -> None:
        """Put a simulated instrument at a resource.

        Raises:
            BenchError: not a resource name, or taken.
        """
        try:
            parsed = rname.parse_resource_name(resource)
        except (ValueError, rname.InvalidResourceName) as error:
            raise BenchError(
                f"{resource!r} is not a VISA resource: {error}. Write it like GPIB0::24::INSTR"
            ) from error
        if str(parsed) in self._devices:
            raise BenchError(f"two instruments at the resource {resource!r}")
        self._devices[str(parsed)] = Device(resource, twin, parsed)

    # Sessions ----------------------------------------------------------------------------------

    def open_default_resource_manager(self) -> tuple[VISARMSession, StatusCode]:
        """As viOpenDefaultRM."""
        with self._guard:
            session = VISARMSession(next(self._handles))
            self._managers.add(session)
            return session, self.handle_return_value(session, StatusCode.success)

    def open(
        self,
        session: VISARMSession,
        resource_name: str,
        access_mode: constants.AccessModes = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[VISASession, StatusCode]:
        """As viOpen."""
        with self._guard:
            device = self._device(resource_name)
            if device is None:
                self.handle_return_value(session, StatusCode.error_resource_not_found)
                raise AssertionError
            opened = VISASession(next(self._handles))
            with self._reaching(VISASession(session)):
                conversation = device.converse()
            self._talks[opened] = Talk(device, conversation, defaults(device, session))
            try:
                if access_mode == constants.AccessModes.exclusive_lock:
                    self.lock(opened, constants.Lock.exclusive, open_timeout)
                elif access_mode == constants.AccessModes.shared_lock:
                    self.lock(opened, constants.Lock.shared, open_timeout)
            except errors.VisaIOError:
                self.close(opened)
                raise
            return opened, self.handle_return_value(opened, StatusCode.success)

    def close(self, session: VISASession | VISAEventContext | VISARMSession) -> StatusCode:
        """As viClose; closes no output."""
        with self._guard:
            talk = self._talks.pop(session, None)
            if talk is not None:
                talk.device.locks.forget(session)
                if talk.conversation is not talk.device.twin:
                    conversations.close(talk.conversation)
            elif session not in self._managers | self._events:
                return self.handle_return_value(None, StatusCode.error_invalid_object)
            self._managers.discard(session)
            self._events.discard(session)
            return self.handle_return_value(None, StatusCode.success)

    def list_resources(self, session: VISARMSession, query: str = "?*::INSTR") -> tuple[str, ...]:
        """Resources that match a VISA expression, as viFindRsrc."""
        return rname.filter(tuple(self._devices), query)

    def parse_resource(
        self, session: VISARMSession, resource_name: str
    ) -> tuple[highlevel.ResourceInfo, StatusCode]:
        """As viParseRsrc."""
        return self.parse_resource_extended(session, resource_name)

    # Messages ----------------------------------------------------------------------------------

    def write(self, session: VISASession, data: bytes) -> tuple[int, StatusCode]:
        """As viWrite. The end line (EOI) ends a message as a line feed does."""
        with self._guard:
            talk = self._talk(session)
            with self._reaching(session):
                talk.conversation.feed(data)
                if data[-1:] != b"\n" and data and has_end_line(talk):
                    talk.conversation.feed(b"\n")
            return len(data), self.handle_return_value(session, StatusCode.success)

    def read(self, session: VISASession, count: int) -> tuple[bytes, StatusCode]:
        """As viRead. With nothing to read the time-out passes on the virtual clock at once."""
        with self._guard:
            talk = self._talk(session)
            with self._reaching(session):
                out = talk.awaited(self._clock)
                if not out:
                    talk.conversation.starved()
            if not out:
                self._time_out(session, talk.values[ResourceAttribute.timeout_value])
            end, status = min(count, len(out)), StatusCode.success_max_count_read
            if len(out) <= count:
                status = StatusCode.success
            if talk.values[ResourceAttribute.termchar_enabled]:
                at = out.find(talk.values[ResourceAttribute.termchar], 0, end)
                if at >= 0:
                    end, status = at + 1, StatusCode.success_termination_character_read
            data = bytes(out[:end])
            del out[:end]
            return data, self.handle_return_value(session, status)

    def clear(self, session: VISASession) -> StatusCode:
        """As viClear: a device clear."""
        with self._guard:
            with self._reaching(session):
                self._talk(session).conversation.clear()
            return self.handle_return_value(session, StatusCode.success)

    def flush(self, session: VISASession, mask: constants.BufferOperation) -> StatusCode:
        """As viFlush; discards what waits to be read if the mask says so."""
        with self._guard:
            talk = self._talk(session)
            if mask & DISCARDS:
                with self._reaching(session):
                    talk.conversation.out.clear()
            return self.handle_return_value(session, StatusCode.success)

    def read_stb(self, session: VISASession) -> tuple[int, StatusCode]:
        """As viReadSTB: a serial poll."""
        with self._guard:
            with self._reaching(session):
                byte = self._talk(session).conversation.status_byte()
            return byte, self.handle_return_value(session, StatusCode.success)

    def assert_trigger(
        self, session: VISASession, protocol: constants.TriggerProtocol
    ) -> StatusCode:
        """As viAssertTrigger: a group execute trigger."""
        with self._guard:
            with self._reaching(session):
                conversations.trigger(self._talk(session).conversation)
            return self.handle_return_value(session, StatusCode.success)

    def gpib_control_ren(
        self, session: VISASession, mode: constants.RENLineOperation
    ) -> StatusCode:
        """As viGpibControlREN; a twin is always in remote."""
        self._talk(session)
        return self.handle_return_value(session, StatusCode.success)

    # Locks, events, attributes -----------------------------------------------------------------

    def lock(
        self,
        session: VISASession,
        lock_type: constants.Lock,
        timeout: int,
        requested_key: str | None = None,
    ) -> tuple[str, StatusCode]:
        """As viLock; who must wait gets the time-out at once."""
        with self._guard:
            talk = self._talks.get(session)
            if talk is None:
                raise errors.InvalidSession
            key: str | None
            if lock_type == constants.Lock.exclusive:
                key = "" if talk.device.locks.exclude(session) else None
            else:
                key = talk.device.locks.share(session, requested_key)
            if key is None:
                self._time_out(session, timeout)
                raise AssertionError
            return key, self.handle_return_value(session, StatusCode.success)

    def unlock(self, session: VISASession) -> StatusCode:
        """As viUnlock."""
        with self._guard:
            talk = self._talks.get(session)
            held = talk is not None and talk.device.locks.release(session)
            status = StatusCode.success if held else StatusCode.error_session_not_locked
            return self.handle_return_value(session, status)

    def enable_event(
        self,
        session: VISASession,
        event_type: EventType,
        mechanism: constants.EventMechanism,
        context: None = None,
    ) -> StatusCode:
        """As viEnableEvent; service requests can always be waited for, callbacks are not made."""
        if mechanism & constants.EventMechanism.handler:
            return self.handle_return_value(session, StatusCode.error_nonsupported_mechanism)
        return self.handle_return_value(session, StatusCode.success)

    def disable_event(
        self, session: VISASession, event_type: EventType, mechanism: constants.EventMechanism
    ) -> StatusCode:
        """As viDisableEvent."""
        return self.handle_return_value(session, StatusCode.success)

    def discard_events(
        self, session: VISASession, event_type: EventType, mechanism: constants.EventMechanism
    ) -> StatusCode:
        """As viDiscardEvents."""
        return self.handle_return_value(session, StatusCode.success)

    def wait_on_event(
        self, session: VISASession, in_event_type: EventType, timeout: int
    ) -> tuple[EventType, VISAEventContext, StatusCode]:
        """As viWaitOnEvent: a service request that is there, or the time-out at once."""
        with self._guard:
            with self._reaching(session):
                byte = self._talk(session).conversation.status_byte()
            wanted = (EventType.service_request, EventType.all_enabled)
            if in_event_type not in wanted or not byte & _SERVICE_REQUEST:
                self._time_out(session, timeout)
            event = VISAEventContext(next(self._handles))
            self._events.add(event)
            status = self.handle_return_value(session, StatusCode.success)
            return EventType.service_request, event, status

    def get_attribute(
        self,
        session: VISASession | VISAEventContext | VISARMSession,
        attribute: ResourceAttribute | EventAttribute,
    ) -> tuple[Any, StatusCode]:
        """As viGetAttribute."""
        with self._guard:
            talk = self._talks.get(session)
            if talk is None:
                if session in self._events and attribute == EventAttribute.event_type:
                    return EventType.service_request, self.handle_return_value(None, 0)
                self.handle_return_value(None, StatusCode.error_invalid_object)
            assert talk is not None
            if attribute == ResourceAttribute.asrl_avalaible_number:
                with self._reaching(VISASession(session)):
                    waiting = len(talk.conversation.out)
                return waiting, self.handle_return_value(session, 0)
            if attribute not in talk.values:
                self.handle_return_value(session, StatusCode.error_nonsupported_attribute)
            return talk.values[attribute], self.handle_return_value(session, 0)

    def set_attribute(
        self, session: VISASession, attribute: ResourceAttribute, attribute_state: Any
    ) -> StatusCode:
        """As viSetAttribute."""
        with self._guard:
            values = self._talk(session).values
            if attribute not in values:
                return self.handle_return_value(session, StatusCode.error_nonsupported_attribute)
            if not attributes.AttributesByID[attribute].write:
                return self.handle_return_value(session, StatusCode.error_attribute_read_only)
            values[attribute] = attribute_state
            return self.handle_return_value(session, StatusCode.success)

    @contextmanager
    def _reaching(self, session: VISASession) -> Iterator[None]:
        try:
            yield
        except ConnectionError:
            self.handle_return_value(session, StatusCode.error_connection_lost)

    def _talk(self, session: int) -> Talk:
        talk = self._talks.get(session)
        if talk is None:
            raise errors.InvalidSession
        if not talk.device.locks.admits(session):
            self.handle_return_value(VISASession(session), StatusCode.error_resource_locked)
        return talk

    def _device(self, resource: str) -> Device | None:
        try:
            return self._devices.get(str(rname.parse_resource_name(resource)))
        except (ValueError, rname.InvalidResourceName):
            return None

    def _time_out(self, session: VISASession, milliseconds: int) -> None:
        # Nothing can happen while everybody waits for ever: that ends at once, at the same time.
        if milliseconds != constants.VI_TMO_INFINITE:
            self._clock.sleep(milliseconds / 1e3)
        self.handle_return_value(session, StatusCode.error_timeout)


def make(clock: VirtualClock) -> TwinVisaLibrary:
    """A fresh library for one world; give it to `pyvisa.ResourceManager`.

    Args:
        clock: of the world, on which time-outs pass.
    """
    library = TwinVisaLibrary(f"in-memory bench {next(_numbers)}")
    assert isinstance(library, TwinVisaLibrary)
    library.follow(clock)
    return library
