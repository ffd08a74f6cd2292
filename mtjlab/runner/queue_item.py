"""One run of a queue: what was asked for, and what has become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mtjlab.runner.outcome import Outcome
from mtjlab.runner.pace import PaceName
from mtjlab.runner.session_file import SessionStep, Use

Kind = Literal["run", "resume", "replay"]
Status = Literal["waiting", "running", "paused", "finished", "failed", "aborted", "skipped"]
OnFailure = Literal["stop", "continue"]

ENDED = ("finished", "failed", "aborted", "skipped")


@dataclass(frozen=True)
class QueueItem:
    """A run that waits, is on, or has ended.

    Attributes:
        key: of the item, for as long as the queue lives.
        name: unique in the queue; later items may use its results.
        kind: `resume` and `replay` go on with, or repeat, the run file `source`.
        protocol, bench, parameters, settings, seed: as in `plan`.
        uses: parameters that earlier items supply.
        on_failure: `stop` holds the queue when this item fails.
        pace: as in `Plan`; session files have none, for it changes no byte of what is measured.
        status: where it stands; `error` says why it failed or was skipped.
        done, total: of the run, in the protocol's own unit.
        estimate_s: wall time left, s; None where nothing is known of it.
        outcome: of a run that has ended.
    """

    key: int
    name: str
    protocol: str
    bench: str
    seed: int
    kind: Kind = "run"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    on_failure: OnFailure = "continue"
    pace: PaceName = "virtual"
    source: Path | None = None
    status: Status = "waiting"
    error: str | None = None
    done: float = 0.0
    total: float = 1.0
    estimate_s: float | None = None
    outcome: Outcome | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ENDED

    @property
    def run_file(self) -> Path | None:
        """What it left."""
        return None if self.outcome is None else self.outcome.run_file

    @property
    def step(self) -> SessionStep:
        """The same as a step of a session."""
        return SessionStep(
            self.name,
            self.protocol,
            self.bench,
            self.parameters,
            self.settings,
            self.uses,
            self.seed,
            self.on_failure == "stop",
        )


@dataclass(frozen=True)
class QueueChanged:
    """The queue as it is now.

    Attributes:
        items: in their order.
        held: no further item begins.
        why: it was held, if that was not asked for.
    """

    items: tuple[QueueItem, ...]
    held: bool
    why: str = ""
