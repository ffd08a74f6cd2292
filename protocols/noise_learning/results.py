"""The final evaluation, and everything the run is judged by."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Results
from mtjlab.fabric.part import Honesty
from mtjlab.learning import evaluate
from mtjlab.learning.evaluate import Evaluation
from protocols.noise_learning.notes import notes_of
from protocols.noise_learning.predicted import predicted
from protocols.noise_learning.session import Session


def results_of(session: Session) -> Results:
    """Evaluates once more, noisy, by vote and without noise, and gathers all accounts."""
    trainer, params = session.trainer, session.params
    accuracies = _accuracies(session)
    honest = [one.part.honesty() for one in session.placed]
    ratios = noise_ratios(session, honest)
    correlation = max(
        (h.correlation.value for h in honest if h.correlation.value is not None), default=None
    )
    presented = sum(h.presented for h in honest)
    busy_s = session.learning_s + session.evaluation_s
    learning = session.learning_s / busy_s if busy_s else 0.0
    return {
        "rule": params.rule,
        "fabric": params.fabric,
        "task": params.task,
        "reads": trainer.reads,
        "evaluation_reads": session.evaluation_reads,
        "updates": trainer.updates,
        "reads_to_target": trainer.reads_to_target,
        "target_accuracy": params.target_accuracy,
        **accuracies,
        "saturated_fraction": sum(h.saturated for h in honest) / presented if presented else 0.0,
        "discarded_samples": trainer.discarded,
        "noise_ratio": float(np.median(ratios)) if len(ratios) else None,
        "noise_ratio_min": float(ratios.min()) if len(ratios) else None,
        "below_instrument": _mean(h.below_instrument for h in honest),
        "noise_correlation_max": correlation,
        "energy_j": learning * sum(h.energy_j for h in honest),
        "transactions": session.transactions,
        "evaluation_transactions": session.evaluation_transactions,
        "calibration_transactions": session.calibration_transactions,
        "learning_time_s": session.learning_s,
        "slowest_tau_c_s": max(_known(h.slowest_tau_c_s for h in honest), default=None),
        "sample_spacing_s": min(_known(h.sample_spacing_s for h in honest), default=None),
        "pass_spacing_s": min(_known(h.pass_spacing_s for h in honest), default=None),
        "trace_interval_s": session.trace_interval_s,
        "junctions": params.junctions,
        "prediction": predicted(session),
        "notes": notes_of(session, honest),
    } | ({"alignment": session.alignment} if params.alignment else {})


def _accuracies(session: Session) -> Results:
    """Of training, validation and test part: a single read, a vote, a mean of eight, no noise."""

    def majority(*given: Any) -> Evaluation:
        return evaluate.majority(*given, votes=session.params.majority_reads)

    found = {"train_accuracy": session.of("train", evaluate.noisy)}
    validated = ("validation",) if len(session.split.validation_labels) else ()
    for part in ("test", *validated):
        found[f"{part}_accuracy"] = session.of(part, evaluate.noisy)
        found[f"{part}_accuracy_majority"] = session.of(part, majority)
        found[f"{part}_accuracy_mean8"] = session.of(part, evaluate.averaged)
    for part in ("train", "test", *validated):
        found[f"{part}_accuracy_clean"] = session.of(part, evaluate.clean)
    return found


def noise_ratios(session: Session, honest: Sequence[Honesty]) -> NDArray[np.float64]:
    """Of all nodes that have one; 0 where a control kept the junctions out of it."""
    ratios = np.concatenate([h.noise_ratio for h in honest])
    known: NDArray[np.float64] = ratios[np.isfinite(ratios)]
    return known if session.params.junctions == "on" else np.zeros(len(ratios))


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None
