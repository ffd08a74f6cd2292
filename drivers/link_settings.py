"""How an instrument wants to be talked to over a link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.messages import Message, understand


@dataclass(frozen=True)
class LinkSettings:
    """How an instrument wants to be talked to.

    Attributes:
        timeout_s: longest wait for a reply, s.
        slice_s: an abort is noticed after so long, s; well below 100 ms.
        termination: ends every message in both directions.
        understand: tells what a message does; SCPI unless another language is spoken.
        refused: first mnemonic of a message (`MEAS`) -> why it is never sent.
    """

    timeout_s: float = 2.0
    slice_s: float = 0.05
    termination: str = "\n"
    understand: Callable[[str], Message] = understand
    refused: Mapping[str, str] = field(default_factory=dict)
