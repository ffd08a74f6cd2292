"""The items of a queue in their order, and what may be done to them. Knows no threads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mtjlab.core.errors import UsageError
from mtjlab.runner.queue_item import QueueItem
from mtjlab.runner.session_check import check_parameters, check_uses


class QueueList:
    """Items by position. Everything refused is a UsageError, and changes nothing.

    Attributes:
        items: in their order; those that have begun come before those that wait.
    """

    def __init__(self) -> None:
        self.items: list[QueueItem] = []

    def position(self, key: int) -> int:
        """Where an item is."""
        for position, item in enumerate(self.items):
            if item.key == key:
                return position
        raise UsageError("this item is not in the queue any more")

    def next(self) -> QueueItem | None:
        """The first that waits."""
        return next((item for item in self.items if item.status == "waiting"), None)

    def first_waiting(self) -> int:
        """Position before which everything has begun."""
        return sum(item.status != "waiting" for item in self.items)

    def unused(self, name: str) -> str:
        """The name, with a number where it is taken."""
        wrong = [mark for mark in ".=" if mark in name]
        if wrong or not name:
            raise UsageError(f"{name!r} is no name for an item: no . or =, and not empty")
        names = {item.name for item in self.items}
        numbered = (f"{name}-{number}" for number in range(2, len(names) + 3))
        return name if name not in names else next(n for n in numbered if n not in names)

    def insert(self, items: Sequence[QueueItem], *, first: bool = False) -> None:
        """Put items that have passed `check` at the end, or before all that wait."""
        position = self.first_waiting() if first else len(self.items)
        self.items[position:position] = items

    def set(self, key: int, **changes: Any) -> QueueItem:
        """Change fields of an item, whatever they are."""
        position = self.position(key)
        self.items[position] = item = replace(self.items[position], **changes)
        return item

    def edited(self, key: int, changes: Mapping[str, Any]) -> QueueItem:
        """What an item that waits would become; nothing is changed."""
        before = self.items[self._waiting(key)]
        named = str(changes.get("name") or before.name)
        if named != before.name:
            if self.unused(named) != named:
                raise UsageError(f"another item is called {named!r}; each has a name of its own")
            self._unused_by_others(before, "renamed")
        return replace(before, **(dict(changes) | {"name": named}))

    def put(self, item: QueueItem) -> None:
        """In place of the one that waits under the same key, once it has passed `check`."""
        self.items[self._waiting(item.key)] = item

    def before(self, key: int) -> list[QueueItem]:
        """Those before an item."""
        return self.items[: self.position(key)]

    def move(self, key: int, to: int) -> None:
        """To position `to`, behind all that have begun; never before one whose results it uses."""
        item = self.items[self._waiting(key)]
        rest = [other for other in self.items if other.key != key]
        begun = sum(other.status != "waiting" for other in rest)
        to = min(max(to, begun), len(rest))
        moved = [*rest[:to], item, *rest[to:]]
        for position, each in enumerate(moved):
            if each.status == "waiting" and each.uses:
                check_uses([one.step for one in moved], position)
        self.items = moved

    def remove(self, key: int) -> None:
        """Take it out, unless it is on or its results are waited for."""
        item = self.items[self.position(key)]
        if item.status in ("running", "paused"):
            raise UsageError(f"{item.name} is on: end or abort it first")
        self._unused_by_others(item, "removed")
        self.items = [other for other in self.items if other.key != key]

    def clear_done(self) -> None:
        """Take out what has ended, but for results that are waited for."""
        used = {u.step for item in self.items if item.status == "waiting" for u in item.uses}
        self.items = [item for item in self.items if not item.ended or item.name in used]

    def _waiting(self, key: int) -> int:
        position = self.position(key)
        item = self.items[position]
        if item.status != "waiting":
            raise UsageError(f"{item.name} is {item.status}: only what waits can be changed")
        return position

    def _unused_by_others(self, item: QueueItem, what: str) -> None:
        for other in self.items:
            if other.status == "waiting" and any(use.step == item.name for use in other.uses):
                raise UsageError(
                    f"{other.name} uses results of {item.name}, which therefore cannot be {what}; "
                    f"change {other.name} first"
                )


def check(before: Sequence[QueueItem], item: QueueItem) -> None:
    """Refuse what could not be run after those, in the words of `mtjlab run`. Opens nothing.

    Takes long: not while anybody waits for the queue.

    Raises:
        UsageError, LimitError, StoreError: as `plan`.
    """
    if item.kind != "run":
        return
    check_uses([*(each.step for each in before), item.step], len(before))
    check_parameters(item.step)
