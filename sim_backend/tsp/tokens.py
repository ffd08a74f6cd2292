"""A chunk of Lua, cut into its words."""

import re
from dataclasses import dataclass

from sim_backend.tsp.errors import SyntaxFault

_WORDS = (
    "and break do else elseif end false for function if in local nil not or repeat return then "
    "true until while"
)
KEYWORDS = frozenset(_WORDS.split())

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|--[^\n]*)"
    r"|(?P<line>\n)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<sign>\.\.|==|~=|<=|>=|[-+*/^<>=(){}\[\];,.])",
    re.ASCII,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True)
class Token:
    """One word.

    Attributes:
        kind: `number`, `name`, `string`, `sign` (also of keywords) or `end`.
        text: as written; of a string, what it means.
        line: counted from 1.
    """

    kind: str
    text: str
    line: int


def cut(chunk: str) -> list[Token]:
    """All words of a chunk, and an `end`.

    Raises:
        SyntaxFault: a character that begins no word, a number that runs into a name.
    """
    found: list[Token] = []
    line, at, number_ends = 1, 0, -1
    while at < len(chunk):
        match = _TOKEN.match(chunk, at)
        if match is None:
            raise SyntaxFault(line, f"unexpected symbol near `{chunk[at]}'")
        kind, text = str(match.lastgroup), match.group()
        if kind in ("name", "number") and at == number_ends:
            raise SyntaxFault(line, f"malformed number near `{found[-1].text}{text}'")
        at = match.end()
        if kind == "line":
            line += 1
        elif kind == "string":
            meant = _ESCAPED.sub(lambda m: _ESCAPES.get(m.group(1), m.group(1)), text[1:-1])
            found.append(Token(kind, meant, line))
        elif kind != "blank":
            if kind == "number":
                number_ends = at
            found.append(Token("sign" if text in KEYWORDS else kind, text, line))
    found.append(Token("end", "<eof>", line))
    return found
