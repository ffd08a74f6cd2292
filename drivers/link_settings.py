"""How an instrument wants to be talked to over a link."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LinkSettings:
    """How an instrument wants to be talked to.

    Attributes:
        timeout_s: longest wait for a reply, s.
        slice_s: an abort is noticed after so long, s; well below 100 ms.
        termination: ends every message in both directions.
        refused: first mnemonic of a message (`MEAS`) -> why it is never sent.
    """

    timeout_s: float = 2.0
    slice_s: float = 0.05
    termination: str = "\n"
    refused: Mapping[str, str] = field(default_factory=dict)
