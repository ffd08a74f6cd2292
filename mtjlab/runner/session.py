"""Runs a session: one run and one file for each step, results handed on, failures contained."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mtjlab.core.errors import Aborted, NotSafeError
from mtjlab.runner.earlier import Earlier, Kept
from mtjlab.runner.handed_on import handed_on, lost
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.plan import Link, OnError, Plan, plan
from mtjlab.runner.session_file import Session, SessionStep

StepStatus = Literal["finished", "aborted", "failed", "kept", "skipped", "not run"]


@dataclass
class StepOutcome:
    """What became of a step.

    Attributes:
        step: of the session.
        seed: of its run.
        status: "kept": done in an earlier call; "skipped": a step that it needs has no results;
            "not run": the session had ended before.
        planned: None where it came to no plan.
        outcome: of the run.
    """

    step: SessionStep
    seed: int
    status: StepStatus = "not run"
    planned: Plan | None = None
    outcome: Outcome = field(default_factory=Outcome)


@dataclass
class SessionRun:
    """One call of a session.

    Attributes:
        session: the file.
        runs_dir: None for a dry run, which leaves no files.
        execute: carries a plan out, to its end.
        begun: told of each step before it starts.
        ended: told of each step that has run.
        command, on_error: as in `Plan`.
        earlier: files of the steps that an earlier call has done; None begins anew.
        session_id: in the header of every run file.
        steps: what became of them; complete after `run`.
    """

    session: Session
    runs_dir: Path | None
    execute: Callable[[Plan], Outcome]
    begun: Callable[[StepOutcome], None] = lambda _step: None
    ended: Callable[[StepOutcome], None] = lambda _step: None
    command: str = ""
    on_error: OnError = "fail"
    earlier: Earlier | None = None
    session_id: str = ""
    steps: list[StepOutcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        begun = self.earlier
        self.session_id = (
            begun.session_id if begun else f"{self.session.name}-{uuid.uuid4().hex[:8]}"
        )
        self.seed = self.session.seed
        if self.seed is None:
            self.seed = begun.seed(self.session) if begun else self.session.drawn
        self.steps = [
            StepOutcome(step, self.seed + index if step.seed is None else step.seed)
            for index, step in enumerate(self.session.steps)
        ]

    def run(self) -> None:
        """Every step, until one ends the session. Errors are kept in the outcomes."""
        for position, one in enumerate(self.steps):
            self._step(one)
            error = one.outcome.error
            final = isinstance(error, NotSafeError | Aborted)
            if final or (one.status == "failed" and one.step.ends):
                for later in self.steps[position + 1 :]:
                    later.status = "not run"
                return

    @property
    def error(self) -> BaseException | None:
        """Of the step that decides the exit code: what is not safe comes first."""
        errors = [one.outcome.error for one in self.steps if one.outcome.error is not None]
        unsafe = [error for error in errors if isinstance(error, NotSafeError)]
        ended = [error for error in errors if isinstance(error, Aborted)]
        return next(iter((*unsafe, *ended, *errors)), None)

    @property
    def status(self) -> Literal["finished", "aborted", "failed"]:
        """Of the whole session."""
        if all(one.status in ("finished", "kept") for one in self.steps):
            return "finished"
        return "aborted" if isinstance(self.error, Aborted) else "failed"

    def _step(self, one: StepOutcome) -> None:
        skipped = lost(one.step.name, one.step.uses, lambda name: self._of(name).status)
        if skipped is not None:
            one.status, one.outcome.error = "skipped", skipped
            return
        try:
            one.planned = self._plan(one)
            kept = self.earlier.of(one.planned) if self.earlier else None
            if isinstance(kept, Kept):
                one.status, one.outcome = "kept", kept.outcome
                return
            if kept is not None:
                one.planned = replace(
                    kept, runs_dir=self.runs_dir, command=self.command, on_error=self.on_error
                )
            self.begun(one)
            one.outcome = self.execute(one.planned)
        except Exception as error:
            one.outcome.error = error
        one.status = one.outcome.status
        self.ended(one)

    def _plan(self, one: StepOutcome) -> Plan:
        step = one.step
        given, uses = handed_on(step.uses, lambda name: self._of(name).outcome)
        return plan(
            step.protocol,
            step.bench,
            parameters=dict(step.parameters) | given,
            settings=step.settings,
            faults_file=self.session.faults,
            seed=one.seed,
            runs_dir=self.runs_dir,
            command=self.command,
            on_error=self.on_error,
            link=Link(self.session_id, step.name, uses),
        )

    def _of(self, name: str) -> StepOutcome:
        return self.steps[self.session.index(name)]
