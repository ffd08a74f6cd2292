"""What a TSP message does, told from its text alone.

A message is a piece of Lua, so only messages of a few known forms count as questions; all others
need the write permit. A question prints attributes, takes entries off the error queue, or takes a
reading into local variables and prints those.
"""

import re
from functools import lru_cache

from drivers.messages import Message

_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ITEM = rf"(?:{_NAME}|errorqueue\.next\(\)|timer\.measure\.t\(\)|'[^'\"\\]*')"
_PRINT = rf"print\(\s*{_ITEM}(?:\s*,\s*{_ITEM})*\s*\)"
_READ = r"local i,v=smu[ab]\.measure\.iv\(\) local t=timer\.measure\.t\(\) "
_PRINT_BUFFERS = rf"printbuffer\(\s*\d+\s*,\s*\d+(?:\s*,\s*{_NAME})+\s*\)"

_QUESTION = re.compile(rf"\*[A-Z]+\?|(?:{_READ})?{_PRINT}|{_PRINT_BUFFERS}")
_REPLIES = re.compile(r"\*[A-Za-z]+\?|\bprint(?:buffer|number)?\b")
_ACQUIRES = re.compile(r"\.measure\.(?:overlapped)?(?:iv|i|v|r|p)\s*\(|\.trigger\.initiate\b")


@lru_cache(maxsize=1024)
def understand(text: str) -> Message:
    """Tell what `text` does."""
    stripped = text.strip()
    return Message(
        units=(stripped,),
        only_asks=_QUESTION.fullmatch(stripped) is not None,
        has_reply=_REPLIES.search(stripped) is not None,
        acquires=_ACQUIRES.search(stripped) is not None,
    )
