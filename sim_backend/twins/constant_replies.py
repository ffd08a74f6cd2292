"""An instrument that looks at no junction: to each question it has one answer, always the same.

It stands in for what PyMeasure reads beside the experiment (`[instruments.X] pymeasure`), so that a
bench with such a channel can be tried in memory.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.world.world import World

_MESSAGE_AVAILABLE = 1 << 4


class ConstantRepliesOptions(BaseModel):
    """`[twin.instruments.NAME]`.

    Attributes:
        replies: question -> answer, as they go over the wire, without the line feed. Case of the
            question does not matter; nothing answers another one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    replies: dict[str, str] = Field(default_factory=dict)


class Talk:
    """One conversation; see `sim_backend.conversation`."""

    def __init__(self, replies: Mapping[str, str]) -> None:
        self.out = bytearray()
        self.replies = replies
        self._line = b""

    def feed(self, data: bytes) -> None:
        """As `Conversation.feed`."""
        *messages, self._line = (self._line + data).split(b"\n")
        for message in messages:
            answer = self.replies.get(message.decode("ascii", "replace").strip().upper())
            if answer is not None:
                self.out += answer.encode("ascii") + b"\n"

    def clear(self) -> None:
        """As `Conversation.clear`."""
        self._line = b""
        self.out.clear()

    def status_byte(self) -> int:
        """As `Conversation.status_byte`."""
        return _MESSAGE_AVAILABLE if self.out else 0

    def starved(self) -> None:
        """As `Conversation.starved`: nothing comes of it."""

    def state(self) -> dict[str, StateValue]:
        """What waits."""
        return {"out": bytes(self.out).decode("latin-1"), "line": self._line.decode("latin-1")}

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken."""
        self.out[:] = str(state["out"]).encode("latin-1")
        self._line = str(state["line"]).encode("latin-1")


class ConstantReplies(Talk):
    """The twin of whatever PyMeasure reads; its own conversation is the shared one."""

    port: ClassVar[str] = "visa"
    options_model: ClassVar[type[Any]] = ConstantRepliesOptions

    def __init__(
        self,
        *,
        name: str,
        resource: str,
        options: ConstantRepliesOptions,
        world: World,
        inputs: Mapping[str, InputWire],
        outputs: Sequence[str],
    ) -> None:
        super().__init__({q.strip().upper(): answer for q, answer in options.replies.items()})

    def converse(self) -> Talk:
        """One more conversation."""
        return Talk(self.replies)
