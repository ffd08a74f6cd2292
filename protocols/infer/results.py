"""How well the trained network does, by class, and what an answer costs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.core.protocol import Results
from protocols.infer.work import Work

# Of a standard normal, for 95 %.
_Z = 1.959964


def results_of(work: Work) -> Results:
    """Accuracies noisy, by vote and without noise; energy and time of one inference."""
    votes, labels = work.votes, work.labels
    count, rounds = len(labels), work.params.rounds
    hits = votes[np.arange(count), labels] / rounds
    ranked = np.where(votes == votes.max(axis=1, keepdims=True), work.logits, -np.inf).argmax(
        axis=1
    )
    voted, clean = ranked == labels, work.clean() == labels
    honest = [one.part.honesty() for one in work.placed]
    energy_j = sum(found.energy_j for found in honest)
    presented = sum(found.presented for found in honest)
    ratios = np.concatenate([found.noise_ratio for found in honest])
    ratios = ratios[np.isfinite(ratios)]
    noisy = _interval(hits)
    low, high = _wilson(int(voted.sum()), count)
    names = work.conditions.task.class_names
    return {
        "trained": work.trained.run_id,
        "task": work.conditions.params.task,
        "fabric": work.conditions.params.fabric,
        "part": work.params.part,
        "samples": count,
        "reads": work.presented,
        "accuracy": float(hits.mean()),
        "accuracy_low": noisy.low,
        "accuracy_high": noisy.high,
        "accuracy_majority": float(voted.mean()),
        "accuracy_majority_low": low,
        "accuracy_majority_high": high,
        "accuracy_clean": float(clean.mean()),
        "trained_accuracy": _trained(work),
        "per_class": [
            _of_class(name, labels == index, hits, voted, clean) for index, name in enumerate(names)
        ],
        "confusion": _confusion(votes, labels),
        "energy_j": energy_j,
        "energy_per_inference_j": energy_j / work.presented,
        "time_per_inference_s": work.busy_s / work.presented,
        "transactions": work.transactions,
        "calibration_transactions": work.calibration_transactions,
        "saturated_fraction": sum(f.saturated for f in honest) / presented if presented else 0.0,
        "noise_ratio": float(np.median(ratios)) if len(ratios) else None,
        "trace_interval_s": work.trace_interval_s,
        "junctions": work.params.junctions,
        "notes": _notes(work),
    }


def _interval(hits: NDArray[np.float64]) -> Estimate:
    """Of the mean over samples; reads of one sample are not independent, samples are."""
    if len(hits) < 2 or not hits.std():
        low, high = _wilson(round(float(hits.sum())), len(hits))
        return Estimate(float(hits.mean()), low, high)
    error = float(hits.std(ddof=1)) / len(hits) ** 0.5
    mean = float(hits.mean())
    return Estimate(mean, max(0.0, mean - _Z * error), min(1.0, mean + _Z * error))


def _wilson(hits: int, count: int) -> tuple[float, float]:
    share, z2 = hits / count, _Z**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def _of_class(
    name: str,
    mine: NDArray[np.bool_],
    hits: NDArray[np.float64],
    voted: NDArray[np.bool_],
    clean: NDArray[np.bool_],
) -> dict[str, Any]:
    some = bool(mine.any())
    return {
        "class": name,
        "samples": int(mine.sum()),
        "accuracy": float(hits[mine].mean()) if some else None,
        "accuracy_majority": float(voted[mine].mean()) if some else None,
        "accuracy_clean": float(clean[mine].mean()) if some else None,
    }


def _confusion(votes: NDArray[np.int64], labels: NDArray[np.int64]) -> list[list[int]]:
    """[label][class chosen], single reads."""
    classes = votes.shape[1]
    found: list[list[int]] = [
        votes[labels == index].sum(axis=0).astype(int).tolist() for index in range(classes)
    ]
    return found


def _trained(work: Work) -> float | None:
    """What the learning run said of the same part, one noisy read."""
    value = work.trained.results.get(f"{work.params.part}_accuracy")
    return float(value) if isinstance(value, int | float) else None


def _notes(work: Work) -> list[str]:
    notes = list(dict.fromkeys(note for one in work.placed for note in one.part.honesty().notes))
    if work.params.part != "test":
        notes.append(
            f"part = {work.params.part}: the network has learnt from some of these samples"
        )
    if work.params.junctions != "on":
        notes.append(
            f"junctions = {work.params.junctions}: the answers do not have the junctions' noise"
        )
    if work.params.part == "all" or _trained(work) is None:
        notes.append("trained_accuracy: the learning run has none of this part")
    learnt = work.trained.params.fabric
    if work.conditions.params.fabric != learnt:
        notes.append(f"the network has learnt on {learnt}")
    empty = [
        name
        for i, name in enumerate(work.conditions.task.class_names)
        if not (work.labels == i).any()
    ]
    if empty:
        notes.append(f"per_class: no sample of {', '.join(empty)} in this part")
    return notes
