"""One HiSLIP client: its two connections, and where it stands in its conversation."""

import socket
import threading

from sim_backend.wire.hislip_locks import LockTable
from sim_backend.wire.hislip_messages import Kind, Message, pack
from sim_backend.wire.line import Line
from sim_backend.wire.listener import shut
from sim_backend.wire.sender import Sender

_HEADER_BYTES = 16
_RMT_DELIVERED = 1


class HislipSession:
    """A client.

    A reply counts as unread until the client says that it has got it. A message that comes before
    makes the instrument discard it, as IEEE 488.2 wants, although it has left long ago.

    Attributes:
        number: by which the client's second connection finds its first.
        connection, sender: the synchronous connection.
        line: to the instrument; set by who makes the session.
        largest: message that the client takes, bytes.
    """

    line: Line

    def __init__(
        self, number: int, connection: socket.socket, sender: Sender, locks: LockTable
    ) -> None:
        self.number, self.connection, self.sender = number, connection, sender
        self.largest = 1 << 20
        self._locks = locks
        self._other: socket.socket | None = None
        self._guard = threading.Lock()
        self._unread = b""
        self._message_id = 0
        self._clearing = False

    @property
    def joined(self) -> bool:
        """Whether the asynchronous connection is there."""
        return self._other is not None

    def join(self, connection: socket.socket) -> bool:
        """Take `connection` as the asynchronous one; False if there is one."""
        with self._guard:
            if self._other is not None:
                return False
            self._other = connection
            return True

    def hear(self, message: Message) -> None:
        """Data, DataEnd or Trigger."""
        self.note_delivery(message)
        if self._clearing or not self._locks.admit(self.number, self.line.interrupt):
            return
        self._message_id = message.parameter
        if message.kind == Kind.TRIGGER:
            reply = self.line.trigger()
        elif message.kind == Kind.DATA:
            reply = self.line.say(message.payload)
        else:
            # The end of a message is its end, line feed or not.
            text = message.payload
            whole = text if text.endswith(b"\n") else text + b"\n"
            unread, self._unread = self._unread, b""
            reply = self.line.say(whole, unread=unread)
        if reply:
            self.reply(reply)

    def reply(self, data: bytes) -> None:
        """Send a reply, in as many messages as the client wants."""
        with self._guard:
            self._unread += data
        most = max(1, self.largest - _HEADER_BYTES)
        for start in range(0, len(data), most):
            last = start + most >= len(data)
            kind = Kind.DATA_END if last else Kind.DATA
            self.sender.send(pack(Message(kind, 0, self._message_id, data[start : start + most])))

    def note_delivery(self, message: Message) -> None:
        """What the client says of the last reply."""
        if message.control & _RMT_DELIVERED:
            with self._guard:
                self._unread = b""

    def status_byte(self, message: Message) -> int:
        """Answer to a status query."""
        self.note_delivery(message)
        return self.line.status_byte(unread=self._unread)

    def clear(self) -> None:
        """Device clear has begun: what is under way is dropped, until the client is ready."""
        self._clearing = True
        self.line.interrupt.set()
        self._locks.wake()
        self.line.clear()

    def cleared(self) -> None:
        """Both sides have dropped what was under way."""
        self.line.clear()
        self._unread = b""
        self._clearing = False
        self.line.resume()
        # Control code 0: synchronous mode, whatever the client asked for.
        self.sender.send(pack(Message(Kind.DEVICE_CLEAR_ACKNOWLEDGE)))

    def hang_up(self) -> None:
        """One connection is gone: the other one goes, too."""
        for connection in (self.connection, self._other):
            if connection is not None:
                shut(connection)
