"""Benches that are not as they should be: what becomes of learning, and what the notes say."""

from collections.abc import Mapping

from benchmarks.results.case import Case, Found, Table
from benchmarks.results.figures import code, middle, points, reached, reads, table

BENCHES = {
    "as shipped": "twin",
    "noise on the common bias, and hum": "data/pickup-bench.toml",
    "all junctions drifting": "data/drift-bench.toml",
    "13 of 32 junctions stuck, 2 slow": "data/stuck-bench.toml",
}
CASES = tuple(Case(label, "iris", bench=bench) for label, bench in BENCHES.items())


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Reads and correlation, then the notes, each once."""
    rows = [
        [
            case.label,
            reached(found[case.label]),
            *reads(found[case.label]),
            points(found[case.label], "train_accuracy"),
            points(found[case.label], "test_accuracy_majority"),
            middle(found[case.label], "noise_correlation_max"),
            middle(found[case.label], "noise_ratio", 0),
            code(case),
        ]
        for case in CASES
    ]
    head = ["iris 4-8-3", "reached", "median", "worst", "training, %", "test, %"]
    said = [*table([*head, "correlation", "ratio", "run"], rows), "", "Notes of seed 100:", ""]
    for case in CASES:
        notes = found[case.label][0]["notes"] or ["none"]
        said += [f"- {case.label}: {note}" for note in notes]
    return said


TABLE = Table("benches", range(100, 110), CASES, lines)
