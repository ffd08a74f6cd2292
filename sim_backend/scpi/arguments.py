"""What may stand behind a header: numbers, booleans, words, strings, channel lists.

A *kind* reads one parameter's text and gives its value, or refuses with a `ScpiError`.
"""

import math
import re
from typing import Generic, Protocol, TypeVar

from sim_backend.scpi.errors import ScpiError
from sim_backend.scpi.headers import short_form

T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:\s*[eE]\s*[+-]?\d+)?\Z", re.ASCII)
_NONDECIMAL = {"#H": 16, "#Q": 8, "#B": 2}
_WORD = re.compile(r"[A-Za-z]\w*\Z", re.ASCII)
_LIMITS = {
    "MIN": "lower",
    "MINIMUM": "lower",
    "MAX": "upper",
    "MAXIMUM": "upper",
    "DEF": "default",
    "DEFAULT": "default",
}


class Kind(Protocol[T_co]):
    """Reads one parameter."""

    def read(self, text: str) -> T_co:
        """The value of `text`, which has no spaces around it.

        Raises:
            ScpiError: -104, -121, -222 and the like; see SCPI 1999, volume 2.
        """
        ...


class Number:
    """A decimal number lower..upper, or MIN, MAX, DEF.

    Args:
        lower, upper: inclusive; beyond them -222.
        default: what DEF stands for; without it DEF is refused.
        infinite: whether INF is a value.
    """

    def __init__(
        self,
        lower: float = -math.inf,
        upper: float = math.inf,
        default: float | None = None,
        *,
        infinite: bool = False,
    ) -> None:
        self.lower, self.upper, self.default = lower, upper, default
        self._infinite = infinite

    def read(self, text: str) -> float:
        """The number; MIN, MAX and DEF stand for theirs."""
        if _NUMBER.match(text):
            value = float("".join(text.split()))
        elif _WORD.match(text):
            return self.named(text)
        else:
            value = float(_nondecimal(text))
        if not (math.isfinite(value) and self.lower <= value <= self.upper):
            raise ScpiError(-222)
        return value

    def named(self, text: str) -> float:
        """What MIN, MAX or DEF stands for, as in `:VOLT? MAX`."""
        word = text.upper()
        if self._infinite and word in ("INF", "INFINITY"):
            return math.inf
        value = getattr(self, _LIMITS[word]) if word in _LIMITS else None
        if value is None or not math.isfinite(value):
            raise ScpiError(-104)
        return float(value)


class Integer:
    """A whole number; decimals are rounded, `#H1F`, `#Q17` and `#B101` are read (488.2, 7.7.2)."""

    def __init__(self, lower: int, upper: int, default: int | None = None) -> None:
        self._number = Number(lower, upper, default)

    def read(self, text: str) -> int:
        """The nearest whole number."""
        return round(self._number.read(text))

    def named(self, text: str) -> int:
        """What MIN, MAX or DEF stands for."""
        return round(self._number.named(text))


class Boolean:
    """ON, OFF, or a number that rounds to zero or not (SCPI 1999, volume 1, 7.3)."""

    def read(self, text: str) -> bool:
        """Whether it is on."""
        word = text.upper()
        if word in ("ON", "1"):
            return True
        if word in ("OFF", "0"):
            return False
        if _WORD.match(text):
            raise ScpiError(-224)
        return round(Number().read(text)) != 0


class Choice:
    """One of some words, short or long: `Choice("VOLTage", "CURRent")` reads to `VOLT`."""

    def __init__(self, *words: str) -> None:
        self._short: dict[str, str] = {}
        for word in words:
            short = short_form(word)
            self._short |= {short: short, word.upper(): short}

    def read(self, text: str) -> str:
        """The short form in upper case."""
        found = self._short.get(text.upper())
        if found is None:
            raise ScpiError(-224 if _WORD.match(text) else -104)
        return found


class Quoted:
    """Text in single or double quotes; a doubled quote inside stands for itself."""

    def read(self, text: str) -> str:
        """The text between the quotes."""
        if not text or text[0] not in "'\"":
            raise ScpiError(-104)
        mark = text[0]
        inner = text[1:-1].replace(mark * 2, "")
        if len(text) < 2 or text[-1] != mark or mark in inner:
            raise ScpiError(-151)
        return text[1:-1].replace(mark * 2, mark)


class Named(Generic[A]):
    """A quoted word that another kind reads, as in `:SENS:FUNC 'CURR:DC'`."""

    def __init__(self, inner: Kind[A]) -> None:
        self._inner = inner
        self._quoted = Quoted()

    def read(self, text: str) -> A:
        """What the inner kind makes of the text between the quotes."""
        return self._inner.read(self._quoted.read(text).strip())


class Either(Generic[A, B]):
    """What `first` reads, else what `second` reads, else the refusal of `first`."""

    def __init__(self, first: Kind[A], second: Kind[B]) -> None:
        self._first, self._second = first, second

    def read(self, text: str) -> A | B:
        """The value of whichever understands it."""
        try:
            return self._first.read(text)
        except ScpiError as refusal:
            try:
                return self._second.read(text)
            except ScpiError:
                raise refusal from None

    def named(self, text: str) -> float:
        """What MIN, MAX or DEF stands for in `first`."""
        named = getattr(self._first, "named", None)
        if named is None:
            raise ScpiError(-108)
        return float(named(text))


class Channels:
    """A channel list such as `(@101,103:105)`.

    Args:
        lower, upper: first and last channel there is; beyond them -222.
    """

    def __init__(self, lower: int, upper: int) -> None:
        self._lower, self._upper = lower, upper

    def read(self, text: str) -> tuple[int, ...]:
        """Every channel in the order named; 103:105 are three, 105:103 likewise, downwards."""
        inner = "".join(text.split())
        if not (inner.startswith("(@") and inner.endswith(")")):
            raise ScpiError(-104)
        found: list[int] = []
        for part in inner[2:-1].split(",") if inner != "(@)" else ():
            ends = part.split(":")
            if len(ends) > 2 or not all(e.isascii() and e.isdecimal() for e in ends):
                raise ScpiError(-104)
            first, last = self._channel(ends[0]), self._channel(ends[-1])
            step = 1 if last >= first else -1
            found += range(first, last + step, step)
        return tuple(found)

    def _channel(self, digits: str) -> int:
        if len(digits) > 9 or not self._lower <= int(digits) <= self._upper:
            raise ScpiError(-222)
        return int(digits)


def _nondecimal(text: str) -> int:
    base = _NONDECIMAL.get(text[:2].upper())
    if base is None:
        raise ScpiError(-121 if text[:1] in "+-.0123456789" else -104)
    if not text[2:].isalnum():
        raise ScpiError(-121)
    try:
        return int(text[2:], base)
    except ValueError:
        raise ScpiError(-121) from None


def split_arguments(text: str) -> list[str]:
    """Split at commas that stand in no quotes and no parentheses; spaces around are dropped."""
    if "," not in text:
        return [text] if text else []
    return [part.strip() for part in split_outside(text, ",")]


def split_outside(text: str, mark: str) -> list[str]:
    """Split at `mark` where it stands in no quotes and no parentheses."""
    if "'" not in text and '"' not in text and "(" not in text:
        return text.split(mark)
    parts, start, quote, depth = [], 0, "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth = max(0, depth - 1)
        elif letter == mark and not depth:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]
