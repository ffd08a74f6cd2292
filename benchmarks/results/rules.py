"""Every rule on the same junctions."""

from collections.abc import Mapping

from benchmarks.results.case import Case, Found, Table
from benchmarks.results.figures import code, reached, reads, table

TASKS = ("xor", "iris", "moons")
RULES: dict[str, tuple[str, ...]] = {
    "noise_based": (),
    "spsa": ("rule=spsa",),
    "dfa": ("rule=dfa",),
    "backprop on measured activations": ("rule=backprop",),
}
# A trial of all weights teaches one number, so that it takes more of them.
EPOCHS = {"xor": "epochs=1800", "iris": "epochs=90", "moons": "epochs=120"}
CASES = tuple(
    Case(
        f"{task}, {name}",
        task,
        ("stop_at_target=true", *settings, *((EPOCHS[task],) if name == "spsa" else ())),
    )
    for task in TASKS
    for name, settings in RULES.items()
)


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Reads of each."""
    rows = [
        [
            case.label,
            reached(found[case.label]),
            *reads(found[case.label]),
            code(case),
        ]
        for case in CASES
    ]
    return table(["task, rule", "reached", "median", "worst", "run"], rows)


TABLE = Table("rules", range(100, 110), CASES, lines)
