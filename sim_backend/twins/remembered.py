"""Settings of an instrument that are only remembered, or read where they take effect.

An instrument that has them keeps their values in a dictionary `settings`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sim_backend.scpi import Kind, Quoted, Vocabulary


@dataclass(frozen=True)
class Remembered:
    """One setting.

    Attributes:
        header: its command and query.
        name: key among the settings.
        kind: of its parameter.
        start: at power-on, and after *RST unless `lasting`.
        lasting: *RST leaves it alone.
    """

    header: str
    name: str
    kind: Kind[Any]
    start: bool | int | float | str
    lasting: bool = False


def declare(words: Vocabulary[Any], table: Iterable[Remembered]) -> None:
    """Add command and query of each to the words of an instrument with `settings`."""
    for one in table:

        def ask(instrument: Any, one: Remembered = one) -> Any:
            value = instrument.settings[one.name]
            return f'"{value}"' if isinstance(one.kind, Quoted) else value

        def put(instrument: Any, value: Any, one: Remembered = one) -> None:
            # Auto zero ONCE takes new references now and leaves the setting as it is.
            if value != "ONCE":
                instrument.settings[one.name] = value

        words.declare(one.header, query=ask, set=put, takes=(one.kind,))


def reset(settings: dict[str, Any], table: Iterable[Remembered]) -> None:
    """*RST."""
    settings |= {one.name: one.start for one in table if not one.lasting}


def power_on(table: Iterable[Remembered]) -> dict[str, Any]:
    """Every setting as after switching on."""
    return {one.name: one.start for one in table}
