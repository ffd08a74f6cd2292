"""What can be run here: protocols by name, each with a sentence; broken ones with their reason."""

import inspect
import re
import sys
from dataclasses import dataclass
from typing import Any

from mtjlab.core import plugins
from mtjlab.core.protocol import Protocol


@dataclass(frozen=True)
class Offered:
    """A protocol by its entry point.

    Attributes:
        name: for `mtjlab run NAME`.
        about: one sentence; "" if nobody wrote one.
        reason: why it does not load; "" if it does.
    """

    name: str
    about: str = ""
    reason: str = ""


def offered_protocols() -> tuple[Offered, ...]:
    """Every protocol that is named, by name. Loads them all, which takes a second or two."""
    working, broken = plugins.survey("protocols")
    found = [Offered(name, about_protocol(kind)) for name, kind in working.items()]
    found += [Offered(one.name, reason=one.reason) for one in broken]
    return tuple(sorted(found, key=lambda one: one.name))


def about_protocol(protocol: Protocol[Any] | type[Any]) -> str:
    """The first sentence of the class, or of its module where the class only names the command."""
    kind = protocol if isinstance(protocol, type) else type(protocol)
    module = getattr(sys.modules.get(kind.__module__), "__doc__", None) or ""
    for text in (kind.__doc__ or "", module):
        first = inspect.cleandoc(text).partition("\n\n")[0].replace("\n", " ").strip()
        if first and not re.fullmatch(r"`mtjlab run [^`]*`\.?", first):
            return first.replace("`", "")
    return ""
