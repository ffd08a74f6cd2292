"""Handwritten digits: both reads noisy, beside backpropagation with the same tricks."""

import statistics
from collections.abc import Mapping

from benchmarks.results.case import Case, Found, Table
from benchmarks.results.figures import code, points, table

NETWORKS = ("64-32-10", "64-64-32-10")
PROMISED = {"64-32-10": 0.5, "64-64-32-10": 1.0}
BY = {"noise": (), "backprop": ("rule=backprop",)}
CASES = tuple(
    Case(f"{network} {by}", f"digits-{network}", settings)
    for network in NETWORKS
    for by, settings in BY.items()
)
COLUMNS = {
    "clean": "test_accuracy_clean",
    "one noisy read": "test_accuracy",
    "vote of 9": "test_accuracy_majority",
    "training, clean": "train_accuracy_clean",
}


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Accuracies, then the distance of the means."""
    rows = [
        [
            case.label,
            *(points(found[case.label], key) for key in COLUMNS.values()),
            f"{found[case.label][0]['reads']:.2g}",
            code(case),
        ]
        for case in CASES
    ]
    said = table(["test, %", *COLUMNS, "reads", "run"], rows)
    for network in NETWORKS:
        by = {name: _clean(found[f"{network} {name}"]) for name in BY}
        gap = statistics.mean(by["backprop"]) - statistics.mean(by["noise"])
        pairs = [b - n for b, n in zip(by["backprop"], by["noise"], strict=True)]
        spread = statistics.stdev(pairs) if len(pairs) > 1 else 0.0
        verdict = "" if gap <= PROMISED[network] else " **Missed.**"
        said += [
            "",
            f"{network}: backpropagation is {gap:.2f} points better (sd of pairs {spread:.2f}); "
            f"promised: at most {PROMISED[network]}.{verdict}",
        ]
    return said


def _clean(found: list[Found]) -> list[float]:
    return [100 * run["test_accuracy_clean"] for run in found]


TABLE = Table("digits", range(100, 105), CASES, lines)
