"""When neurons are played and read: steps of a block, and groups of nodes that share junctions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.units import si
from mtjlab.fabric.part import LayerShape
from mtjlab.fabric.timing import Timing

# Samples closer than a sixth of the correlation time tell the same again.
SAMPLES_PER_TAU_C = 6
# Of the published junctions; until those of the bench have been measured.
NOMINAL_TAU_C_S = 28e-6


@dataclass(frozen=True)
class Turns:
    """How the nodes of a layer take turns on its junctions.

    Node j sits on junction j % junctions in group j // junctions; the groups of one presentation
    follow each other, so that successive reads of one junction are one step apart.

    Attributes:
        nodes, junctions, groups: groups = ceil(nodes / junctions).
    """

    nodes: int
    junctions: int

    @property
    def groups(self) -> int:
        """Steps of one presentation."""
        return -(-self.nodes // self.junctions)

    @property
    def index(self) -> NDArray[np.intp]:
        """(nodes,), junction of each node."""
        return np.arange(self.nodes) % self.junctions


def turns(nodes: int, usable: int) -> Turns:
    """Fewest groups, and of them the fewest junctions: 8 nodes on 5 are 2 groups of 4."""
    groups = -(-nodes // usable)
    return Turns(nodes, -(-nodes // groups))


def demand_junctions(
    layers: Sequence[LayerShape], usable: int, wired: int, *, reuse: bool, masked: str = ""
) -> None:
    """Refuse layers that do not fit; each layer has a block of its own and all the junctions.

    Raises:
        BenchError: how many nodes, outputs and inputs are missing, and what would fit.
    """
    widest = max(layers, key=lambda layer: layer.nodes)
    if usable and (reuse or usable >= widest.nodes):
        return
    missing = widest.nodes - usable if not reuse else 1
    fits = f"{usable} nodes would fit, or any number with reuse = true. " if usable else ""
    raise BenchError(
        f"fabric neuron: layer {widest.index} has {widest.nodes} nodes and {usable} of {wired} "
        f"junctions can serve{f' (masked: {masked})' if masked else ''}: {missing} more, each "
        f"with an output and an input, are needed. {fits}The fabric node_noise needs no outputs"
    )


def neuron_timing(
    tau_c_s: float,
    spacing: float,
    keep: int,
    fastest_hz: float,
    settled_s: float,
) -> Timing:
    """Wait `spacing` correlation times after each step of the outputs, then average `keep` samples.

    The samples are a sixth of a correlation time apart, closer only where the wait is shorter than
    that, and no closer than the board can.

    Args:
        tau_c_s: of the slowest junction in use, s.
        spacing: least time between reads of one junction, from the end of one to the beginning of
            the next, in tau_c.
        keep: samples averaged.
        fastest_hz: samples per second of each input while outputs step.
        settled_s: time until the nodes follow a step, s.

    Raises:
        ParameterError: a wait shorter than the board and the wiring allow, with the least one.
    """
    # An output steps at the edge at which an input samples: that sample shows the old level.
    wait_s, least_s = spacing * tau_c_s, max(settled_s, 1.0 / fastest_hz)
    if wait_s < least_s * (1.0 - 1e-9):
        raise ParameterError(
            f"fabric neuron: sample_spacing = {spacing:g} is {si(wait_s, 's')} after a step of the "
            f"outputs; board and wiring need {si(least_s, 's')}. Reachable: sample_spacing = "
            f"{math.ceil(100.0 * least_s / tau_c_s) / 100.0:g} or more"
        )
    rate_hz = min(fastest_hz, max(SAMPLES_PER_TAU_C / tau_c_s, 1.0 / wait_s))
    settle = max(1, math.ceil(wait_s * rate_hz * (1.0 - 1e-9)))
    return Timing(rate_hz / (settle + keep), settle, keep)


def parts(steps: int, when: Timing, abilities: DaqAbilities) -> int:
    """Blocks that the output memory makes of one; one value more is played, to rest at."""
    fit = max(1, (abilities.block_samples - 1) // (when.settle + when.keep))
    return -(-steps // fit)
