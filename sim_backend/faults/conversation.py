"""A conversation over a bad line: between an instrument and whatever port or server leads to it.

What is on its way by itself (a late reply, an earlier one) is no longer in the instrument's output
queue: a new message does not discard it there, and it is read before the reply to that message.
"""

import json
import math
from typing import Any

from sim_backend import conversation as conversations
from sim_backend.conversation import Conversation
from sim_backend.faults.armed import InstrumentFaults, LinkDown
from sim_backend.faults.damage import cut, garbled
from sim_backend.faults.incident import TO_REPLIES, Incident

# The instrument's own limit is reached first, and refuses in its own words.
_LONGEST_MESSAGE = 1_000_000
# A clock of doubles misses an instant by rounding.
_CLOCK_ROUNDING_S = 1e-9


class FaultyConversation:
    """Satisfies `Conversation`; see the module.

    Attributes:
        inner: the true one.
    """

    def __init__(self, inner: Conversation, faults: InstrumentFaults, *, shared: bool) -> None:
        """Wrap a conversation.

        Args:
            inner: the true one.
            faults: of its instrument.
            shared: on a bus without connections, so that it goes on when the link is back.

        Raises:
            LinkDown: the instrument cannot be reached.
        """
        self.inner = inner
        self._faults = faults
        self._shared = shared
        self._arriving = bytearray()
        self._out = bytearray()
        # So many bytes at the end of `_out` are still in the instrument's own output queue.
        self._own = 0
        self._late: list[tuple[float, bytes]] = []
        self._last = b""
        self._withheld = False
        self._epoch = faults.epoch

    @property
    def out(self) -> bytearray:
        """What can be read now; whoever reads takes it away.

        Raises:
            LinkDown: the instrument cannot be reached.
        """
        with self._faults.scenario.lock:
            self._demand_link()
            now_s = self._faults.scenario.clock.now_s() + _CLOCK_ROUNDING_S
            for due_s, reply in self._late:
                if due_s <= now_s:
                    self._put(reply, own=False)
            self._late = [late for late in self._late if late[0] > now_s]
            self._collect()
            return self._out

    @out.setter
    def out(self, queue: bytearray) -> None:
        # A server gives back what its client has not read yet: `out += unread`.
        self._out[:] = queue
        self._own = len(queue)

    def due_s(self) -> float:
        """Bench time at which the next late reply comes, s; inf if there is none."""
        return min((due_s for due_s, _ in self._late), default=math.inf)

    def feed(self, data: bytes) -> None:
        """As `Conversation.feed`.

        Raises:
            LinkDown: the instrument cannot be reached; the message is lost.
        """
        with self._faults.scenario.lock:
            self._demand_link()
            self._arriving += data
            while (end := self._arriving.find(b"\n")) >= 0:
                message = bytes(self._arriving[: end + 1])
                del self._arriving[: end + 1]
                self._message(message)
            if len(self._arriving) > _LONGEST_MESSAGE:
                self.inner.feed(bytes(self._arriving))
                self._arriving.clear()

    def clear(self) -> None:
        """As `Conversation.clear`; what was late does not come any more."""
        with self._faults.scenario.lock:
            self._demand_link()
            self._forget()
            self.inner.clear()

    def status_byte(self) -> int:
        """As `Conversation.status_byte`."""
        with self._faults.scenario.lock:
            self._demand_link()
            self._give_back()
            try:
                return self.inner.status_byte()
            finally:
                self._collect()

    def starved(self) -> None:
        """As `Conversation.starved`; of a reply that was lost the instrument knows nothing."""
        with self._faults.scenario.lock:
            self._demand_link()
            if not self._withheld:
                self.inner.starved()

    def trigger(self) -> None:
        """Group execute trigger."""
        with self._faults.scenario.lock:
            self._demand_link()
            conversations.trigger(self.inner)

    def close(self) -> None:
        """The client has gone."""
        self._forget()
        conversations.close(self.inner)

    def _message(self, message: bytes) -> None:
        text = message.decode("latin-1").strip()
        if text:
            try:
                self._faults.arrive(text)
            finally:
                self._notice_loss()
        self._withheld = False
        self._give_back()
        self.inner.feed(message)
        reply = bytes(self.inner.out)
        self.inner.out.clear()
        if text:
            self._faults.report(text)
        if not reply:
            return
        kinds = TO_REPLIES if self._last else TO_REPLIES[:-1]
        self._deliver(reply, self._faults.leave(text, kinds))
        self._last = reply

    def _deliver(self, reply: bytes, incident: Incident | None) -> None:
        scenario = self._faults.scenario
        match incident.kind if incident else None:
            case "timeout":
                self._withheld = True
            case "late_reply":
                assert incident is not None
                self._withheld = True
                self._late.append((scenario.clock.now_s() + incident.delay_s, reply))
            case "garbage":
                self._put(garbled(reply, scenario.generator))
            case "truncated":
                self._put(cut(reply, scenario.generator))
            case "stale_reply":
                self._put(self._last + reply, own=False)
            case _ if self._late:
                # One reply does not overtake another.
                self._late.append((self._late[-1][0], reply))
            case _:
                self._put(reply)

    def _put(self, reply: bytes, *, own: bool = True) -> None:
        # What is behind others on the line has left the instrument, too.
        own = own and self._own >= len(self._out)
        self._out += reply
        self._own = len(self._out) if own else 0

    def _collect(self) -> None:
        """Take over what the instrument has put into its queue by itself."""
        if self.inner.out:
            self._put(bytes(self.inner.out))
            self.inner.out.clear()

    def _give_back(self) -> None:
        """What was not read is still in the instrument's queue, and it shall know."""
        start = len(self._out) - min(self._own, len(self._out))
        self.inner.out[:0] = self._out[start:]
        del self._out[start:]
        self._own = 0

    def _demand_link(self) -> None:
        try:
            self._faults.demand_link()
        finally:
            self._notice_loss()

    def _notice_loss(self) -> None:
        """With the link goes what was on it, and a connection for good."""
        if self._epoch == self._faults.epoch:
            return
        self._forget()
        if not self._shared:
            raise LinkDown("the connection was lost; make a new one")
        self._epoch = self._faults.epoch

    def _forget(self) -> None:
        self._arriving.clear()
        self._out.clear()
        self._own = 0
        self._late.clear()
        self._last = b""
        self._withheld = False

    def state(self) -> str:
        """What is on the line, as text; for `restore`."""
        return json.dumps(
            {
                "arriving": self._arriving.decode("latin-1"),
                "out": self._out.decode("latin-1"),
                "own": self._own,
                "late": [[due_s, reply.decode("latin-1")] for due_s, reply in self._late],
                "last": self._last.decode("latin-1"),
                "withheld": self._withheld,
                "epoch": self._epoch,
            }
        )

    def restore(self, text: str) -> None:
        """Put back what `state()` gave."""
        saved: dict[str, Any] = json.loads(text)
        self._arriving[:] = saved["arriving"].encode("latin-1")
        self._out[:] = saved["out"].encode("latin-1")
        self._own = saved["own"]
        self._late = [(due_s, reply.encode("latin-1")) for due_s, reply in saved["late"]]
        self._last = saved["last"].encode("latin-1")
        self._withheld, self._epoch = saved["withheld"], saved["epoch"]
