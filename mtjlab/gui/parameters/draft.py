"""What the parameter panel hands to whoever runs it: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtjlab.runner.pace import PaceName
from mtjlab.runner.queue_item import OnFailure


@dataclass(frozen=True)
class Draft:
    """A run as it was asked for; nothing is resolved yet.

    Attributes:
        protocol: its name, or `kind:target`.
        bench: bench file or shipped name.
        parameters: other than the defaults, as JSON has them.
        seed: of the run; None: drawn when it begins, and recorded.
        name: of the item in a queue; "" for that of the protocol.
        on_failure: what its failure does to the items after it.
        pace: of a twin in this program.
    """

    protocol: str
    bench: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    name: str = ""
    on_failure: OnFailure = "continue"
    pace: PaceName = "virtual"
