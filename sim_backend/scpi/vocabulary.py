"""The words of an instrument: a dictionary from header nodes to handlers.

Looked up by the tuple of short forms, never by trying patterns one after the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sim_backend.scpi.arguments import Kind
from sim_backend.scpi.errors import ScpiError
from sim_backend.scpi.headers import Node, parse, variants

Owner = TypeVar("Owner")

Reply = str | bytes | bool | int | float | Sequence[float] | None


@dataclass(frozen=True)
class Command(Generic[Owner]):
    """What one header does.

    Attributes:
        header: as declared.
        query: handler of `HEADER?`; None if there is no such query. It may return None: no reply
            (yet).
        set: handler of `HEADER value,...`; None if there is no such command.
        takes, asks: kinds of the parameters of `set` and of `query`.
        optional: how many of `takes` may be missing.
        repeat: the last kind of `takes` may come any number of times, at least once.
        asks_optional: how many of `asks` may be missing.
        asks_repeat: the last kind of `asks` may come any number of times.
    """

    header: str
    query: Callable[..., Reply] | None
    set: Callable[..., object] | None
    takes: tuple[Kind[Any], ...]
    asks: tuple[Kind[Any], ...]
    optional: int
    repeat: bool
    asks_optional: int = 0
    asks_repeat: bool = False

    def values(self, texts: Sequence[str], *, asked: bool) -> list[Any]:
        """Read the parameters.

        Raises:
            ScpiError: -109 missing, -108 too many, or what their kinds refuse.
        """
        kinds = self.asks if asked else self.takes
        optional = self.asks_optional if asked else self.optional
        if self.asks_repeat if asked else self.repeat:
            kinds = kinds + kinds[-1:] * (len(texts) - len(kinds))
        if len(texts) > len(kinds):
            raise ScpiError(-108)
        if len(texts) < len(kinds) - optional:
            raise ScpiError(-109)
        return [kind.read(text) for kind, text in zip(kinds, texts, strict=False)]


class Vocabulary(Generic[Owner]):
    """Headers and their handlers; a handler gets the instrument first, then suffixes and values."""

    def __init__(self) -> None:
        self._commands: dict[tuple[str, ...], tuple[Command[Owner], tuple[Node, ...]]] = {}
        self._keys: dict[str, str] = {}

    def declare(
        self,
        header: str,
        *,
        query: Callable[..., Reply] | None = None,
        set: Callable[..., object] | None = None,
        takes: tuple[Kind[Any], ...] = (),
        asks: tuple[Kind[Any], ...] = (),
        optional: int = 0,
        repeat: bool = False,
        asks_optional: int = 0,
        asks_repeat: bool = False,
    ) -> None:
        """Add a header; see `Command` for the rest.

        Raises:
            ValueError: not a header, or two headers could be meant by one text.
        """
        command: Command[Owner] = Command(
            header, query, set, takes, asks, optional, repeat, asks_optional, asks_repeat
        )
        for nodes in variants(parse(header)):
            key = tuple(node.key for node in nodes)
            if key in self._commands:
                other = self._commands[key][0].header
                raise ValueError(f"{header!r} and {other!r} share {':'.join(key)}")
            self._commands[key] = (command, nodes)
            for node in nodes:
                for spelling in node.spellings:
                    if self._keys.setdefault(spelling, node.key) != node.key:
                        raise ValueError(f"{header!r}: {spelling!r} is already another word")

    def find(self, header: str) -> tuple[Command[Owner], tuple[int, ...]]:
        """The command behind a header in capitals, without its question mark.

        Returns:
            The command, and the suffixes its handler is to be given.

        Raises:
            ScpiError: -113 nothing like it; -114 only with another suffix.
        """
        words = header.removeprefix(":").split(":")
        key = tuple(self._keys.get(word, "") for word in words)
        if "" in key:
            raise ScpiError(-114 if self._but_for_suffix(words) else -113)
        command, nodes = self._commands.get(key, (None, ()))
        if command is None:
            raise ScpiError(-113)
        for word, node in zip(words, nodes, strict=True):
            if word not in node.spellings:
                raise ScpiError(-113)
        return command, tuple(
            node.spellings[word] for word, node in zip(words, nodes, strict=True) if node.ranged
        )

    def headers(self) -> tuple[str, ...]:
        """Every header as declared."""
        return tuple(dict.fromkeys(command.header for command, _ in self._commands.values()))

    def _but_for_suffix(self, words: list[str]) -> bool:
        bare = [word.rstrip("0123456789") for word in words]
        key = tuple(
            self._keys.get(word, self._keys.get(b, "")) for word, b in zip(words, bare, strict=True)
        )
        return key in self._commands
