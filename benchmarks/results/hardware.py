"""Reads until a network in the loop with simulated hardware has learnt."""

from collections.abc import Mapping

from benchmarks.results.case import Case, Found, Table
from benchmarks.results.figures import (
    code,
    median_reads,
    middle,
    points,
    reached,
    reads,
    table,
)

# Largest median that is promised; None where none is.
PROMISED: tuple[tuple[Case, float | None], ...] = (
    (Case("node_noise, XOR 2-4-2", "xor"), 1200),
    (Case("node_noise, iris 4-8-3", "iris"), 4000),
    (Case("node_noise, moons 2-16-2", "moons"), 5700),
    (Case("node_noise, wine 13-8-3", "wine"), None),
    (Case("node_noise, breast cancer 30-8-2", "breast_cancer"), None),
    (Case("neuron, XOR 2-4-2", "xor-neuron", bench="array"), 960),
    (Case("neuron, iris 4-8-3", "iris-neuron", bench="array"), 2800),
    (Case("crossbar, XOR 2-4-2", "xor-crossbar", bench="array"), 1280),
    (Case("crossbar, iris 4-8-3", "iris-crossbar", bench="array"), 3200),
    (Case("crossbar, wine 13-8-3", "wine-crossbar", bench="array"), 1400),
    (Case("stress, XOR 2-4-2", "stress", bench="data/stress-bench.toml"), None),
    (Case("stress, iris 4-8-3", "stress", ("task=iris",), bench="data/stress-bench.toml"), None),
)


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Reads, and how good the network was at the end."""
    rows = []
    for case, most in PROMISED:
        runs = found[case.label]
        promise = "-" if most is None else f"{most:g}"
        missed = " **missed**" if most is not None and median_reads(runs) > most else ""
        middle_reads, worst = reads(runs)
        rows.append(
            [
                case.label,
                reached(runs),
                middle_reads + missed,
                promise,
                worst,
                points(runs, "train_accuracy"),
                points(runs, "test_accuracy_majority"),
                middle(runs, "noise_ratio", 0),
                code(case),
            ]
        )
    head = ["", "reached", "median", "promised", "worst", "training, %", "test, %", "ratio", "run"]
    return table(head, rows)


TABLE = Table("hardware", range(100, 110), tuple(case for case, _ in PROMISED), lines)
