"""MNIST, 784-500-500-500-10: the paper's settings and ours, beside backpropagation."""

import statistics
from collections.abc import Mapping

from benchmarks.results.case import MNIST, Case, Found, Table
from benchmarks.results.figures import code, points, table

EPOCHS = (1, 5, 10, 20, 40, 60)
TASK = f"task=idx:{MNIST}"
PAPER = Case("the paper's settings", "paper-mnist", (TASK,))
OURS = Case("our settings", "mnist", (TASK,))
BACKPROP = Case("backprop, otherwise the same", "mnist", (TASK, "rule=backprop"))
CASES = (PAPER, OURS, BACKPROP)


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Learning curves, then the end of each."""
    head = ["test, %, one noisy read", *(f"epoch {epoch}" for epoch in EPOCHS), "at the end, clean"]
    rows = [
        [
            case.label,
            *(_at(found[case.label], epoch) for epoch in EPOCHS),
            points(found[case.label], "test_accuracy_clean"),
            code(case),
        ]
        for case in CASES
    ]
    ours, backprop = (
        [100 * run["test_accuracy_clean"] for run in found[case.label]] for case in (OURS, BACKPROP)
    )
    gap = statistics.mean(backprop) - statistics.mean(ours)
    first = [_first_at(run, 0.92) for run in found[OURS.label]]
    return [
        *table([*head, "run"], rows),
        "",
        f"92 % is passed in epoch {' and '.join(str(epoch) for epoch in first)} (promised: 20). "
        f"After as many epochs backpropagation is {gap:.2f} points better (promised: at most 2).",
    ]


def _at(found: list[Found], epoch: int) -> str:
    # One evaluation per epoch.
    values = [100 * r["evaluations"][epoch - 1][2] for r in found if len(r["evaluations"]) >= epoch]
    return f"{statistics.mean(values):.1f}" if values else ""


def _first_at(run: Found, accuracy: float) -> int | None:
    return next((i for i, row in enumerate(run["evaluations"], 1) if row[2] >= accuracy), None)


TABLE = Table("mnist", (100,), CASES, lines, needs_mnist=True)
