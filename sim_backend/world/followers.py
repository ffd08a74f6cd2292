"""What runs by itself beside the commands: acquisitions, generated waveforms."""

from typing import Protocol


class Follower(Protocol):
    """Something that runs by itself, such as a board's acquisition.

    It may call `World.sample` for instants that have passed, and nothing else of the world.
    """

    def next_change_s(self) -> float:
        """Bench time at which it will next move a source; inf if it will not."""
        ...

    def catch_up(self, until_s: float) -> None:
        """Do what was due up to and including `until_s`."""
        ...


class Followers:
    """All followers of a world."""

    def __init__(self) -> None:
        self._all: list[Follower] = []

    def __len__(self) -> int:
        return len(self._all)

    def add(self, follower: Follower) -> None:
        """From now on it catches up before anybody looks."""
        self._all.append(follower)

    def remove(self, follower: Follower) -> None:
        """Undo `add`."""
        self._all.remove(follower)

    def catch_up(self, now_s: float) -> None:
        """Let everyone do what was due up to now, in the order of time."""
        # One that moves a source must not run ahead of those that look at what it drives.
        while len(self._all) > 1:
            mover = min(self._all, key=lambda follower: follower.next_change_s())
            change_s = mover.next_change_s()
            if change_s > now_s:
                break
            for follower in tuple(self._all):
                if follower is not mover:
                    follower.catch_up(change_s)
            mover.catch_up(change_s)
        for follower in tuple(self._all):
            follower.catch_up(now_s)
