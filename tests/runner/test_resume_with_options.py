"""Stopped and gone on with is the whole run, whatever is combined.

`python -m benchmarks.deaths` draws many more combinations.
"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.deaths.combinations import Case, differing
from mtjlab.bench.file import load

TRAP = '[twin.junction]\ntrap_depth = 0.05\ntrap_empty_s = "2 ms"\ntrap_filled_s = "1 ms"\n'
FLICKER = "[twin.junction]\nflicker = 1e-9\n"
CABLE = '\n[[twin.cables]]\ninputs = "{}"\ncapacitance_f = "100 pF"\n'
FEW = ("task=xor", "epochs=12", "evaluate_every=4", "reference_reads=200", "survey_s=20m")


@pytest.mark.parametrize(
    ("bench", "junction", "inputs", "settings"),
    [
        ("twin", TRAP, "daq/ai0:31", ("rule=spsa", "optimiser=momentum", "weight_decay=0.01")),
        ("array", FLICKER, "daq/ai8:18", ("fabric=neuron", "reads_per_sample=3", "warm_up=3")),
        (
            "array",
            TRAP,
            "daq/ai8:18",
            ('fabric=["crossbar", "node_noise"]', "weight_levels=16", "weight_limit=2"),
        ),
        (
            "twin",
            FLICKER,
            "daq/ai0:31",
            ("fabric=telegraph", "programming_noise=0.02", "decorrelation_rate=0.001"),
        ),
    ],
    ids=["spsa", "neuron", "crossbar", "telegraph"],
)
def test_options_in_combination(
    tmp_path: Path, bench: str, junction: str, inputs: str, settings: tuple[str, ...]
) -> None:
    text = load(bench).text.replace("[twin.junction]\n", junction) + CABLE.format(inputs)
    case = Case(text, (*FEW, *settings), bench)
    assert differing(case, 5, np.random.default_rng(1), tmp_path) is None
