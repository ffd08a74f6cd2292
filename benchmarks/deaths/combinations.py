"""Options of `noise_learning` in random combinations: stopped and gone on with, or in one piece.

Drawn from all rules, optimisers, fabrics, ways to hold weights and properties of the twin. What
the bench or the recipe refuses is drawn again and counted.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtjlab.bench.file import load
from mtjlab.core.errors import MtjlabError
from mtjlab.core.events import Event, StepDone
from mtjlab.runner import Outcome, Plan, Run, plan, resumed
from mtjlab.store import RunReader, compare

Settings = dict[str, Any]

# Lines that make the twin of any bench less ideal: in `[twin.junction]`, and tables of their own.
JUNCTION = (
    "",
    "flicker = 1e-9\n",
    'trap_depth = 0.05\ntrap_empty_s = "2 ms"\ntrap_filled_s = "1 ms"\n',
    "heating_k_per_w = 1e6\nactivation_p_k = 9000.0\nactivation_ap_k = 9000.0\n",
)
_INPUTS = {"twin": "daq/ai0:31", "array": "daq/ai8:18"}
SURROUNDINGS = (
    "",
    '[[twin.cables]]\ninputs = "{inputs}"\ncapacitance_f = "100 pF"\n',
    '[[twin.pickup]]\ninputs = "{inputs}"\namplitude_v = "1 mV"\n',
    '[[twin.sources]]\nsources = "smu"\nnoise_v = "0.1 mV"\n',
    '[[twin.faults]]\ncell = {cell}\nkind = "drifting"\nv50_v_per_s = 1e-4\n',
    '[[twin.faults]]\ncell = {cell}\nkind = "three_level"\n',
)
_CELLS = {"twin": "[0, 3]", "array": "[14, 2]"}
FABRICS: dict[str, tuple[Any, ...]] = {
    "twin": (
        "node_noise",
        ["telegraph", "node_noise"],
        ["gaussian", "node_noise"],
    ),
    "array": ("neuron", "crossbar", "node_noise", ["crossbar", "node_noise"]),
    # Nothing of a bench is used.
    "simulated": ("gaussian", "bernoulli", "telegraph", "recorded:"),
}


@dataclass(frozen=True)
class Case:
    """One combination; `bench` is text of a bench file."""

    bench: str
    settings: tuple[str, ...]
    about: str


def drawn(rng: np.random.Generator, recording: Path) -> Case:
    """A combination at random; not every one can be."""

    def one(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    kind = one(*FABRICS)
    name = "twin" if kind == "simulated" else kind
    text, alterations = load(name).text, []
    if kind != "simulated" and rng.random() < 0.7:
        junction, around = one(*JUNCTION), one(*SURROUNDINGS)
        around = around.format(inputs=_INPUTS[name], cell=_CELLS[name])
        text = text.replace("[twin.junction]\n", f"[twin.junction]\n{junction}") + f"\n{around}"
        alterations = [line for part in (junction, around) for line in part.splitlines()]
    fabric = one(*FABRICS[kind])
    settings: Settings = {
        "fabric": f"recorded:{recording}" if fabric == "recorded:" else fabric,
        "task": one("iris", "xor"),
        "epochs": 5,
        "evaluate_every": 4,
        "reference_reads": 200,
        "rule": one("noise_based", "noise_based", "spsa", "dfa", "backprop", "node_perturbation"),
        "optimiser": one("adam", "sgd", "momentum", "nesterov"),
        "schedule": one("constant", "cosine", "linear"),
        "learning_rate": 0.02,
    }
    may: Settings = {
        "decorrelation_rate": 0.001,
        "weight_decay": 0.01,
        "warm_up": 7,
        "weight_clip": 2.0,
        "weight_levels": 16,
        "programming_noise": 0.02,
        "validation_count": 20,
        "keep": 3,
        "instrument_noise": "off",
        "junctions": one("stuck", "mean", "off"),
        "hidden": one([], [5, 4], [6]),
        "alignment": True,
        "activation": "leaky_relu",
    }
    settings |= {key: value for key, value in may.items() if rng.random() < 0.2}
    if settings["rule"] == "noise_based" and rng.random() < 0.4:
        settings["reads_per_sample"] = 3
    if "weight_levels" in settings:
        settings.setdefault("weight_limit", 2.0)
    if settings["task"] == "xor":
        settings |= {"epochs": 60}
        settings.pop("validation_count", None)
    if fabric == "neuron" and rng.random() < 0.5:
        settings["options"] = '{neuron={readout="state"}}'
    words = tuple(f"{key}={_toml(value)}" for key, value in settings.items())
    return Case(text, words, ", ".join([name, *alterations, *words]))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("'", '"')


def carried_out(what: Plan, stop_after: int | None = None) -> tuple[Outcome, int]:
    """To the end or to the yield after so many; with the number of yields."""
    seen = 0

    def count(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, StepDone)
        if stop_after is not None and seen == stop_after:
            run.stop()

    run = Run(what, [count])
    run.start()
    run.wait()
    return run.outcome, seen


def differing(case: Case, seed: int, rng: np.random.Generator, folder: Path) -> str | None:
    """Stop at a random step, go on, and compare; None if all bits are the same.

    Raises:
        MtjlabError: the combination is refused.
    """
    bench = folder / "bench.toml"
    bench.write_text(case.bench, encoding="utf-8")
    made = plan(
        "noise_learning", str(bench), settings=case.settings, seed=seed, runs_dir=folder / "runs"
    )
    whole, steps = carried_out(made)
    if whole.error is not None:
        raise whole.error
    part, _ = carried_out(made, int(rng.integers(1, steps)) if steps > 1 else 1)
    assert whole.run_file is not None
    assert part.run_file is not None
    with RunReader.open(part.run_file) as begun:
        again, _ = carried_out(resumed(begun, runs_dir=folder / "runs"))
    if again.run_file is None or again.error is not None:
        return f"could not be gone on with: {again.error}"
    with RunReader.open(whole.run_file) as one, RunReader.open(again.run_file) as two:
        found = compare(one, two)
    parts = [s.name for s in found.streams if not s.same or s.rows_one != s.rows_two]
    parts += [difference.name for difference in found.results]
    return f"other {', '.join(parts)}" if parts else None


def measured(times: int, seed: int) -> tuple[str, int]:
    """A sentence for the page, and how many combinations came out otherwise."""
    rng = np.random.default_rng([seed, 60])
    done, refused, wrong = 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="combinations-") as name:
        home = Path(name)
        recording = home / "lent.csv"
        _lend(recording, rng)
        while done < times:
            folder = home / str(done + refused)
            folder.mkdir()
            case = drawn(rng, recording)
            try:
                found = differing(case, int(rng.integers(2**31)), rng, folder)
            except MtjlabError as error:
                refused += 1
                print(f"refused: {str(error)[:150]} ({case.about})", flush=True)
                continue
            done += 1
            wrong += found is not None
            print(f"{done}: {found or 'the same bits'} ({case.about})", flush=True)
    text = (
        f"Options of `noise_learning` in random combinations, seed {seed}, stopped at a random "
        f"step and gone on with: {done - wrong} of {done} bit-identical ({refused} other draws "
        "were refused, since their options do not go together)."
    )
    return text, wrong


def _lend(path: Path, rng: np.random.Generator) -> None:
    """A recording for the fabric of that name."""
    flips = rng.random(20_000) < 0.08
    trace_v = 0.036 + 0.012 * (np.cumsum(flips) % 2) + 0.001 * rng.standard_normal(20_000)
    path.write_text("dt,5us\nV\n" + "\n".join(f"{v:.6f}" for v in trace_v), encoding="utf-8")
