"""Everything about a session that can be judged before its first step has run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mtjlab.bench.file import load
from mtjlab.core.errors import ParameterError, StoreError, UsageError, nearest
from mtjlab.core.parameters import explain, from_texts
from mtjlab.core.protocol import Protocol
from mtjlab.runner.plan import plan, recipe
from mtjlab.runner.session_file import Session, SessionStep


def check_session(path: Path, session: Session) -> None:
    """Judge all that can be known before the first step; opens nothing.

    Raises:
        UsageError: every mistake of every step, in one message; of the class of a single one.
    """
    load(session.bench, faults=session.faults)
    mistakes: list[UsageError] = []
    for position, step in enumerate(session.steps):
        try:
            check_uses(session.steps, position)
            check_parameters(step, session.faults)
        except UsageError as error:
            mistakes.append(type(error)(f"step {step.name!r}: {error}"))
    if mistakes:
        kind = type(mistakes[0]) if len(mistakes) == 1 else UsageError
        raise kind(f"session file {path}: " + "\n  ".join(str(error) for error in mistakes))


def check_uses(steps: Sequence[SessionStep], position: int) -> None:
    """Judge whether a step is only given what earlier ones can supply.

    Raises:
        ParameterError: it is not.
    """
    step = steps[position]
    known = recipe(step.protocol).parameters.model_fields
    names = [each.name for each in steps]
    for use in step.uses:
        if use.parameter not in known:
            raise ParameterError(
                f"use of {use.parameter!r}: {step.protocol} has no such parameter; "
                f"{nearest(use.parameter, known)}"
            )
        said = [text.partition("=")[0].strip() for text in step.settings]
        if use.parameter in (*step.parameters, *said):
            raise ParameterError(
                f"{use.parameter} is both given and used from {use.step}.{use.result}; "
                "leave one out"
            )
        if use.step not in names:
            raise ParameterError(
                f"{use.parameter} = {use.step}.{use.result}: no such step; "
                f"{nearest(use.step, names)}"
            )
        if names.index(use.step) >= position:
            raise ParameterError(
                f"{use.parameter} = {use.step}.{use.result}: {use.step!r} does not come before "
                f"{step.name!r}; a step can use earlier ones only"
            )


def check_parameters(step: SessionStep, faults: Path | None = None) -> None:
    """Judge everything but what earlier steps will supply; the bench, too. Opens nothing.

    Raises:
        UsageError, LimitError, StoreError: as `plan` does.
    """
    kind: Protocol[Any] = recipe(step.protocol)
    fields = kind.parameters.model_fields
    missing = {use.parameter for use in step.uses if fields[use.parameter].is_required()}
    if not missing:
        try:
            plan(
                step.protocol,
                step.bench,
                parameters=step.parameters,
                settings=step.settings,
                faults_file=faults,
                runs_dir=None,
            )
        except StoreError:
            # A run that an earlier step will supply is not there yet.
            if not step.uses:
                raise
        return
    load(step.bench, faults=faults)
    try:
        from_texts(kind.parameters, step.parameters, step.settings, of=step.protocol)
    except ParameterError as error:
        if not isinstance(error.__cause__, ValidationError):
            raise
        wrong = [
            f"{name}: {text}"
            for name, text in explain(error.__cause__, kind.parameters)
            if name not in missing
        ]
        if wrong:
            raise ParameterError(f"parameters of {step.protocol}: " + "\n  ".join(wrong)) from error
