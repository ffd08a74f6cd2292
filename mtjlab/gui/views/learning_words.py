"""The numbers of a learning run as one line of words: no Qt here."""

import numpy as np

from mtjlab.core.quantity_names import value_words
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.views.panel import columns_of
from mtjlab.learning.target import reached_at


def target_of(run: Collected) -> float | None:
    """Accuracy that is aimed at, a fraction."""
    value = run.parameters.get("target_accuracy")
    return float(value) if isinstance(value, int | float) else None


def reached(run: Collected) -> float | None:
    """Reads to target: of the results, else of the evaluations so far."""
    found = run.results.get("reads_to_target")
    if found is not None:
        return float(found)
    table, target = columns_of(run, "evaluation"), target_of(run)
    if not table or target is None:
        return None
    return reached_at(table["reads"], table["train_accuracy"], target)


def key_numbers(run: Collected) -> str:
    """Reads, updates, accuracies, target, what was lost."""
    steps, table = run.tables.get("step"), columns_of(run, "evaluation")
    if steps is None or not len(steps):
        if run.status in ("running", "waiting"):
            return "waiting for the first learning step"
        return f"the run {run.status} before the first learning step"
    count = steps.first + len(steps)
    parts = [
        f"{value_words('reads', float(steps.column('reads')[-1]))} reads",
        f"{value_words('updates', count)} steps",
    ]
    if table:
        words = f"training {_percent(table['train_accuracy'][-1])}"
        if np.isfinite(table["test_accuracy"][-1]):
            words += f", test {_percent(table['test_accuracy'][-1])}"
        parts.append(f"{words} (one noisy read)")
    target, at = target_of(run), reached(run)
    if target is not None:
        said = "not reached yet" if run.status == "running" else "not reached"
        where = said if at is None else f"reached at {value_words('reads', at)} reads"
        parts.append(f"target {_percent(target)} {where}")
    lost = float(np.nansum(steps.column("discarded")))
    parts.append(f"{value_words('reads', lost)} samples discarded")
    saturated = run.results.get("saturated_fraction")
    if isinstance(saturated, float):
        parts.append(f"{_percent(saturated)} saturated")
    clean = run.results.get("test_accuracy_clean")
    if isinstance(clean, float):
        parts.append(f"model without noise {_percent(clean)}")
    # A line is broken between the parts only.
    return "; ".join(part.replace(" ", "\u00a0") for part in parts)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
