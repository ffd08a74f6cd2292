"""Headers as instruments' manuals print them, and every way they may be written.

`[:SOURce[1]]:VOLTage[:LEVel]`: nodes in square brackets may be left out; capitals are the short
form, all letters the long one, nothing between is a header; `[1]` is a suffix that may be left
out, `2` one that must be there, `<1:4>` a range of suffixes whose value the handler is given. A
digit among the letters, as in `PK2Pk`, belongs to the word.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

_NODE = re.compile(
    r"(?P<optional>\[)?:?(?P<word>\*?[A-Z][A-Za-z]*(?:\d+[A-Za-z]+)*)"
    r"(?:\[(?P<usual>\d+)\]|(?P<fixed>\d+)|<(?P<first>\d+):(?P<last>\d+)>)?(?(optional)\])"
)


def short_form(word: str) -> str:
    """`VOLTage` -> `VOLT`: everything before the first small letter."""
    return word[: next((i for i, letter in enumerate(word) if letter.islower()), len(word))]


@dataclass(frozen=True)
class Node:
    """One word of a header.

    Attributes:
        key: short form, with the suffix if that must be written.
        optional: may be left out.
        spellings: every way to write it, in capitals -> the suffix meant.
        ranged: whether the handler is given the suffix.
    """

    key: str
    optional: bool
    spellings: Mapping[str, int]
    ranged: bool


def parse(pattern: str) -> tuple[Node, ...]:
    """The nodes of a printed header.

    Raises:
        ValueError: not a header; the text says where.
    """
    nodes, position = [], 0
    while position < len(pattern):
        match = _NODE.match(pattern, position)
        if match is None:
            raise ValueError(f"{pattern!r} is not a header at {pattern[position:]!r}")
        nodes.append(_node(match))
        position = match.end()
    if not nodes:
        raise ValueError("an empty header")
    return tuple(nodes)


def _node(match: re.Match[str]) -> Node:
    word, optional = match["word"], bool(match["optional"])
    forms = {short_form(word), word.upper()}
    key = short_form(word)
    if match["fixed"]:
        suffix = match["fixed"]
        return Node(key + suffix, optional, {f + suffix: int(suffix) for f in forms}, False)
    spellings = dict.fromkeys(forms, int(match["usual"] or match["first"] or 1))
    if match["usual"]:
        spellings |= {f + match["usual"]: int(match["usual"]) for f in forms}
    if match["first"]:
        suffixes = range(int(match["first"]), int(match["last"]) + 1)
        spellings |= {f"{f}{n}": n for f in forms for n in suffixes}
    return Node(key, optional, spellings, bool(match["first"]))


def variants(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """Every header with some optional nodes left out, never with none left."""
    choices = [((node,), ()) if node.optional else ((node,),) for node in nodes]
    for kept in product(*choices):
        variant = tuple(node for group in kept for node in group)
        if variant:
            yield variant
