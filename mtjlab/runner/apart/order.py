"""What a run is asked to be: text that another process makes a plan of."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mtjlab.runner.again import replayed, resumed
from mtjlab.runner.pace import PaceName
from mtjlab.runner.plan import Link, OnError, Plan, plan
from mtjlab.store import RunReader
from mtjlab.store.json_text import to_json

Kind = Literal["run", "resume", "replay"]


@dataclass(frozen=True)
class Order:
    """A run, a resumed run, or a run again on the twin.

    Attributes:
        kind: `resume` and `replay` take everything from the run file `source`.
        protocol, bench, parameters, settings, seed, runs_dir, command, on_error: as in `plan`.
        step, uses: as in `Link`.
        pace: as in `Plan`, of a `run`.
    """

    kind: Kind
    protocol: str
    bench: str
    seed: int
    runs_dir: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    command: str = ""
    on_error: OnError = "fail"
    step: str = ""
    uses: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    pace: PaceName = "virtual"

    def to_text(self) -> str:
        """One line of JSON."""
        return to_json(asdict(self), what="order")

    @classmethod
    def of_text(cls, text: str) -> "Order":
        """What `to_text` wrote."""
        found = json.loads(text)
        return cls(**found | {"settings": tuple(found["settings"])})

    def plan(self) -> Plan:
        """Settled, nothing opened.

        Raises:
            UsageError, LimitError, StoreError: as `plan`, `resumed` and `replayed`.
        """
        runs_dir = Path(self.runs_dir)
        if self.kind == "run":
            settled = plan(
                self.protocol,
                self.bench,
                parameters=self.parameters,
                settings=self.settings,
                seed=self.seed,
                runs_dir=runs_dir,
                command=self.command,
                on_error=self.on_error,
                link=Link(step=self.step, uses=self.uses) if self.uses else Link(),
            )
            return replace(settled, pace=self.pace)
        with RunReader.open(str(self.source)) as run:
            if self.kind == "replay":
                return replayed(run, runs_dir=runs_dir, command=self.command)
            settled = resumed(run, runs_dir=runs_dir, on_error=self.on_error)
        return replace(settled, command=self.command)
