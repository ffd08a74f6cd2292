"""Plug-ins by entry points; a broken one is reported and skipped."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from mtjlab.core.errors import UsageError, nearest

Group = Literal["drivers", "protocols", "recipes", "fabrics", "twins"]


@dataclass(frozen=True)
class Broken:
    """A plug-in that is named but does not load."""

    name: str
    target: str
    reason: str


def names(group: Group) -> tuple[str, ...]:
    """Every name of a group, loaded or not."""
    return tuple(sorted(_found(group)))


def load(group: Group, name: str, *, error: type[UsageError] = UsageError) -> Any:
    """The object behind one name.

    Raises:
        UsageError: (or `error`) unknown, with the nearest names, or broken, with the reason.
    """
    found = _found(group)
    if name not in found:
        raise error(f"no {group[:-1]} named {name!r}; {nearest(name, found)}")
    try:
        return found[name].load()
    except Exception as reason:
        raise error(
            f"the {group[:-1]} {name!r} ({found[name].value}) does not load: {reason}"
        ) from reason


def survey(group: Group) -> tuple[dict[str, Any], list[Broken]]:
    """Everything of a group that loads, and what does not with its reason."""
    working: dict[str, Any] = {}
    broken: list[Broken] = []
    for name, point in sorted(_found(group).items()):
        try:
            working[name] = point.load()
        except Exception as reason:
            broken.append(Broken(name, point.value, f"{type(reason).__name__}: {reason}"))
    return working, broken


def _found(group: Group) -> dict[str, EntryPoint]:
    return _scanned(entry_points, group, tuple(sys.path))


# A bench file is judged with every key that somebody types, and a scan takes milliseconds.
@lru_cache(maxsize=64)
def _scanned(
    scan: Callable[..., Iterable[EntryPoint]], group: Group, path: tuple[str, ...]
) -> dict[str, EntryPoint]:
    """What is installed along `path`, which is in the key of the cache for that reason."""
    return {point.name: point for point in scan(group=f"mtjlab.{group}")}
