"""Rules by name."""

from typing import Literal, get_args

import numpy as np

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.learning.rules.backprop import Backprop
from mtjlab.learning.rules.dfa import DirectFeedbackAlignment
from mtjlab.learning.rules.node_perturbation import NodePerturbation
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.rules.rule import Rule
from mtjlab.learning.rules.spsa import Spsa

RuleName = Literal["noise_based", "node_perturbation", "spsa", "dfa", "backprop"]
RULE_NAMES: tuple[str, ...] = get_args(RuleName)


def make_rule(
    name: str,
    *,
    rng: np.random.Generator,
    reads_per_sample: int = 2,
    decorrelation_rate: float = 0.0,
    perturbation: float = 0.1,
    measured: bool = False,
) -> Rule:
    """A rule; each takes the settings that concern it, and leaves the rest alone.

    Args:
        name: one of `RULE_NAMES`.
        rng: of the signs of "spsa" and the feedback of "dfa"; others draw nothing.
        reads_per_sample: K of "noise_based".
        decorrelation_rate: of the update of R; 0 leaves R alone.
        perturbation: step of the weights in "spsa".
        measured: "backprop" on the activations that the fabric returns instead of its model's.

    Raises:
        ParameterError: no such rule, or a setting out of its range.
    """
    if name == "noise_based":
        return NoiseBased(reads=reads_per_sample, decorrelation_rate=decorrelation_rate)
    if name == "node_perturbation":
        return NodePerturbation(decorrelation_rate=decorrelation_rate)
    if name == "spsa":
        return Spsa(rng, perturbation=perturbation, decorrelation_rate=decorrelation_rate)
    if name == "dfa":
        return DirectFeedbackAlignment(rng, decorrelation_rate=decorrelation_rate)
    if name == "backprop":
        return Backprop(measured=measured, decorrelation_rate=decorrelation_rate)
    raise ParameterError(f"no rule {name!r}: {nearest(name, RULE_NAMES)}")
