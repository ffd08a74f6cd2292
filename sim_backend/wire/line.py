"""One client of one instrument: what it says is carried out in turn, replies leave in time.

Every command is carried out under the world's lock, after the world has caught up with the wall
clock. Then the client waits, without the lock, until the wall clock is where the command has put
bench time. So instruments take their time, and other clients are served meanwhile.
"""

import contextlib
import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from mtjlab.core.clock import ServedClock
from sim_backend import conversation as conversations
from sim_backend.conversation import Conversation, MessageTwin

Send = Callable[[bytes], None]


class Line:
    """One client's way to an instrument; made by `Instrument.connect` or `share`.

    Attributes:
        interrupt: ends the wait for a reply, which is then dropped.
    """

    def __init__(self, instrument: "Instrument", conversation: Conversation, send: Send) -> None:
        self._instrument, self._conversation = instrument, conversation
        self.send = send
        self.interrupt = threading.Event()
        self._late: threading.Timer | None = None

    def say(self, data: bytes, *, unread: bytes = b"") -> bytes:
        """Let the instrument hear `data`, wait as long as it takes, return its reply.

        Args:
            data: at most one message, or a part of one.
            unread: an earlier reply that the client has not read, as far as its wire can tell.

        Raises:
            ConnectionError: the instrument cannot be reached any more.
        """
        return self._carry_out(lambda: self._conversation.feed(data), unread)

    def trigger(self) -> bytes:
        """Group execute trigger; as `say`."""
        return self._carry_out(lambda: conversations.trigger(self._conversation), b"")

    def clear(self) -> None:
        """Device clear."""
        with self._instrument.lock:
            self._instrument.clock.begin()
            self._conversation.clear()

    def resume(self) -> None:
        """Wait for replies again, after an interrupt."""
        with self._instrument.lock:
            if not self._instrument.closing:
                self.interrupt.clear()

    def status_byte(self, *, unread: bytes = b"") -> int:
        """Serial poll; `unread` as in `say`."""
        with self._instrument.lock:
            self._instrument.clock.begin()
            self._conversation.out += unread
            byte = self._conversation.status_byte()
            out = self._conversation.out
            del out[len(out) - len(unread) :]
            return byte

    def end(self) -> None:
        """The client has gone; a shared conversation stays as it is."""
        self._instrument.disconnect(self)
        if self._late is not None:
            self._late.cancel()
            self._late.join()

    def take(self) -> bytes:
        """What waits to be read; under the world's lock."""
        reply = bytes(self._conversation.out)
        self._conversation.out.clear()
        return reply

    def close(self) -> None:
        """End the conversation; under the world's lock."""
        if self._conversation is not self._instrument.twin:
            conversations.close(self._conversation)

    def _carry_out(self, command: Callable[[], None], unread: bytes) -> bytes:
        instrument = self._instrument
        with instrument.lock:
            turn = instrument.clock.begin()
            if unread:
                self._conversation.out += unread
            command()
            reply = self.take()
            others = instrument.other_replies(self)
            due_s = instrument.clock.due_s(turn)
        if instrument.clock.hold(due_s, self.interrupt):
            return b""
        for line, text in others:
            line.send(text)
        self._expect()
        return reply

    def _expect(self) -> None:
        """See that a reply that comes by itself later is sent when it is there."""
        with self._instrument.lock:
            due_s = conversations.due_s(self._conversation)
            if math.isinf(due_s) or self.interrupt.is_set():
                return
            if self._late is not None:
                self._late.cancel()
            left_s = max(0.0, due_s - self._instrument.clock.wall_s())
            self._late = threading.Timer(left_s, self._send_late)
            self._late.daemon = True
            self._late.start()

    def _send_late(self) -> None:
        with contextlib.suppress(ConnectionError):
            with self._instrument.lock:
                self._instrument.clock.begin()
                reply = self.take()
            if reply:
                self.send(reply)
            self._expect()


class Instrument:
    """One served instrument.

    Attributes:
        twin: whom the clients talk to.
        lock: the world's.
        clock: of the world.
        closing: no client waits for a reply any more.
    """

    def __init__(
        self, twin: MessageTwin, lock: AbstractContextManager[object], clock: ServedClock
    ) -> None:
        self.twin, self.lock, self.clock = twin, lock, clock
        self._lines: list[Line] = []
        self.closing = False

    def connect(self, send: Send) -> Line:
        """A client with a connection of its own.

        Args:
            send: brings it a reply that came later than its question; may be called from any
                thread, and sees itself to errors.
        """
        with self.lock:
            return self._begin(self.twin.converse(), send)

    def share(self, send: Send) -> Line:
        """Whoever is at the other end of a line without connections."""
        with self.lock:
            return self._begin(self.twin, send)

    def _begin(self, conversation: Conversation, send: Send) -> Line:
        line = Line(self, conversation, send)
        if self.closing:
            line.interrupt.set()
        self._lines.append(line)
        return line

    def disconnect(self, line: Line) -> None:
        """Forget a client that has gone."""
        with self.lock:
            line.close()
            self._lines.remove(line)

    def other_replies(self, speaker: Line) -> list[tuple[Line, bytes]]:
        """What others get by what `speaker` did, such as a trigger they waited for."""
        found = []
        for line in self._lines:
            # A client that is cut off learns it when it speaks.
            with contextlib.suppress(ConnectionError):
                if line is not speaker and (reply := line.take()):
                    found.append((line, reply))
        return found

    def interrupt(self) -> None:
        """Let nobody wait for a reply any more, now or later."""
        with self.lock:
            self.closing = True
            for line in self._lines:
                line.interrupt.set()
