"""Learning without the junctions' noise: what must not work, and what works all the same."""

from collections.abc import Mapping

from benchmarks.results.case import Case, Found, Table
from benchmarks.results.figures import code, reached, saying, table

# Where the fabric refuses `off`, since it takes the signal away too, the other two stand for it.
HOW = (
    ("node_noise", "", "twin", ("off", "stuck", "mean")),
    ("neuron", "-neuron", "array", ("stuck", "mean")),
    ("crossbar", "-crossbar", "array", ("stuck", "mean")),
)
# Enough for most networks to have learnt with noise; without, each step is as the first.
EPOCHS = {"xor": "epochs=150", "iris": "epochs=15"}
QUIET, NOISY = ("instrument_noise=off",), ("stop_at_target=true",)
CASES = tuple(
    Case(
        f"{fabric}, {task}, {control}, {'noiseless' if quiet else 'noisy'}",
        f"{task}{ending}",
        (f"junctions={control}", *((*QUIET, EPOCHS[task]) if quiet else NOISY)),
        bench,
    )
    for quiet in (True, False)
    for fabric, ending, bench, controls in HOW
    for task in ("xor", "iris")
    for control in controls
    # With the instruments' noise one control of each fabric says enough.
    if quiet or control == controls[-1]
)


def lines(found: Mapping[str, list[Found]]) -> list[str]:
    """Whether it learnt, and whether it says that no junction taught it."""
    rows = []
    for case in CASES:
        runs = found[case.label]
        gone = sum(run["discarded_samples"] for run in runs) / sum(run["reads"] / 2 for run in runs)
        best = max(row[1] for run in runs for row in run["evaluations"])
        rows.append(
            [
                case.label,
                reached(runs),
                f"{100 * best:.0f}",
                f"{100 * gone:.0f}",
                saying(runs, "nothing was learnt"),
                saying(runs, "NOT learnt from the junctions"),
                code(case),
            ]
        )
    head = [
        "fabric, task, junctions, instruments",
        "reached",
        "best accuracy ever, %",
        "samples discarded, %",
        "say: nothing learnt",
        "say: not from junctions",
        "run",
    ]
    return table(head, rows)


TABLE = Table("controls", range(100, 110), CASES, lines)
