"""Results of earlier steps as parameters of later ones, in a session and in a queue."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtjlab.core.errors import DataError, MtjlabError, nearest
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.session_file import Use


def lost(name: str, uses: Sequence[Use], status: Callable[[str], str]) -> MtjlabError | None:
    """Why a step is to be skipped: one that it needs has not come to results; None: go on.

    Args:
        name: of the step.
        uses: parameters that earlier steps supply.
        status: of an earlier step, by its name.
    """
    for use in uses:
        became = status(use.step)
        if became not in ("finished", "kept"):
            return MtjlabError(
                f"step {name!r} needs {use.result} of {use.step!r}, which has {became}"
            )
    return None


def handed_on(
    uses: Sequence[Use], of: Callable[[str], Outcome]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Parameters that earlier steps supply, and `run id:result` that each was taken from.

    Args:
        uses: of a step that is about to begin.
        of: outcome of an earlier step, by its name.

    Raises:
        DataError: an earlier step has no such result, or found none.
    """
    return (
        {use.parameter: _value(use, of(use.step)) for use in uses},
        {use.parameter: f"{of(use.step).run_id}:{use.result}" for use in uses},
    )


def results_of(outcome: Outcome) -> Mapping[str, Any]:
    """What later steps can use: the results, and where they are written."""
    file = None if outcome.run_file is None else str(outcome.run_file.resolve())
    named = {"run_file": file, "run_id": outcome.run_id}
    return {name: _plain(value) for name, value in {**outcome.results, **named}.items()}


def _value(use: Use, outcome: Outcome) -> Any:
    known = results_of(outcome)
    if use.result not in known:
        raise DataError(
            f"{use.parameter} = {use.step}.{use.result}: no such result of {use.step!r}; "
            f"{nearest(use.result, known)}"
        )
    if known[use.result] is None:
        notes = [note for note in known.get("notes") or () if use.result in str(note)]
        raise DataError(
            f"{use.parameter} = {use.step}.{use.result}: {use.step!r} found none"
            + (f": {notes[0]}" if notes else "")
        )
    return known[use.result]


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
