"""Which junctions can be neurons: each on an output of its own, all read by one board."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError, LimitError, ParameterError
from mtjlab.core.interfaces import Block, Daq
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell, SingleJunction, largest_level_v
from mtjlab.fabric.neuron_options import NeuronOptions
from mtjlab.fabric.timing import Timing


@dataclass(frozen=True)
class NeuronWires:
    """Junctions with an output each, on one sample clock.

    Attributes:
        junctions: in the order of the bench file.
        reader: the board that reads them all.
        player: the board that drives them all; often the same.
        same: whether it is.
    """

    junctions: tuple[SingleJunction, ...]
    reader: Daq
    player: Daq
    same: bool

    def take(self, index: Sequence[int]) -> "NeuronWires":
        """Some of them."""
        return NeuronWires(
            tuple(self.junctions[i] for i in index), self.reader, self.player, self.same
        )

    @property
    def divider(self) -> NDArray[np.float64]:
        """(n,), open-circuit voltage behind the divider over that of the output."""
        return np.array([junction.divider for junction in self.junctions])

    @property
    def series_ohm(self) -> NDArray[np.float64]:
        """(n,), ohm."""
        return np.array([junction.series_ohm for junction in self.junctions])

    def biases(self, bias_v: float | None) -> NDArray[np.float64] | None:
        """Operating points behind the dividers, (n,), V; None if neither said nor in the file."""
        given = [j.bias_v if bias_v is None else bias_v for j in self.junctions]
        known = [volts for volts in given if volts is not None]
        return np.array(known) if len(known) == len(given) else None

    def hold(self, level_v: NDArray[np.float64]) -> None:
        """Set every junction's level behind its divider, (n,), V; the outputs hold it."""
        outputs = [j.source.partition("/")[2] for j in self.junctions]
        volts = (level_v / self.divider).tolist()
        self.player.write(dict(zip(outputs, volts, strict=True)))

    def play(
        self, level_v: NDArray[np.float64], rest_v: NDArray[np.float64], when: Timing
    ) -> Block:
        """Step the levels (steps, n) behind the dividers, V, and end at `rest_v` (n,)."""
        return self.reader.play_and_record(
            level_v / self.divider,
            ao=[j.source.partition("/")[2] if self.same else j.source for j in self.junctions],
            ai=[j.read.channel for j in self.junctions if j.read is not None],
            step_rate_hz=when.step_rate_hz,
            settle=when.settle,
            keep=when.keep,
            rest_v=(rest_v / self.divider).tolist(),
        )

    def fastest_hz(self, inputs: int) -> float:
        """Samples per second of each of so many inputs while the outputs step."""
        return min(
            self.reader.abilities.rate_limit_hz(inputs), self.player.abilities.output_rate_hz
        )


def neuron_wires(rig: Rig, options: NeuronOptions, claimed: frozenset[Cell]) -> NeuronWires:
    """The junctions that can be neurons; of several pairs of boards the one with most of them.

    Raises:
        BenchError: there is none.
    """
    found: dict[tuple[str, str], list[SingleJunction]] = {}
    for junction in rig.wiring.singles:
        player, _, channel = junction.source.partition("/")
        if junction.read is None or junction.cell in claimed or not channel:
            continue
        if player not in rig.daqs or len(rig.wiring.driven_by(junction.source)) > 1:
            continue
        if rig.wiring.clocked_together(player, junction.read.instrument):
            found.setdefault((player, junction.read.instrument), []).append(junction)
    if not found:
        raise BenchError(
            "fabric neuron: 0 junctions of this bench can be neurons, 1 or more are needed: a "
            "single junction on a board output of its own (behind a divider), read by an input "
            "of the same board or of one that shares its clock; "
            f"{len(rig.wiring.singles)} single junctions are wired, {len(claimed)} of them taken "
            "by other fabrics or not among `cells`. Wire outputs, use the bench `array`, or the "
            "fabric node_noise, which needs one constant bias only"
        )
    (player, reader), junctions = max(found.items(), key=lambda item: len(item[1]))
    return NeuronWires(
        tuple(junctions[: options.most_junctions]),
        rig.daqs[reader],
        rig.daqs[player],
        player == reader,
    )


def demand_window(
    rig: Rig, wires: NeuronWires, options: NeuronOptions, bias_v: NDArray[np.float64] | None
) -> None:
    """Refuse a bias window that the guard or an output would not let through.

    Raises:
        LimitError: with the window that is within reach.
        ParameterError: an empty window, or an operating point outside it.
    """
    low_v, high_v = options.lowest_v, options.highest_v
    if not low_v < high_v:
        raise ParameterError(
            f"fabric neuron: lowest_v = {si(low_v, 'V')} must be below highest_v = "
            f"{si(high_v, 'V')}"
        )
    for junction, bias in zip(wires.junctions, () if bias_v is None else bias_v, strict=False):
        if not low_v < bias < high_v:
            raise ParameterError(
                f"fabric neuron: the bias {si(float(bias), 'V')} of junction {junction.cell} must "
                f"lie inside the bias window {si(low_v, 'V')} .. {si(high_v, 'V')}; change bias_v, "
                "lowest_v or highest_v"
            )
    for junction in wires.junctions:
        of_output_v = max(wires.player.abilities.output_ranges_v, default=0.0)
        guarded_v = largest_level_v(rig.wiring.driven_by(junction.source), rig.limits)
        reach_v = min(of_output_v, guarded_v) * junction.divider
        if high_v > reach_v * (1.0 + 1e-9):
            whose = "the limits of the junction" if guarded_v < of_output_v else "the output"
            raise LimitError(
                f"fabric neuron: the bias window {si(low_v, 'V')} .. {si(high_v, 'V')} behind "
                f"the divider of junction {junction.cell} ends above what {whose} admits; "
                f"nothing was sent. Within reach: {si(low_v, 'V')} .. {si(reach_v, 'V')}; lower "
                "highest_v"
            )


def settled_s(rig: Rig, wires: NeuronWires) -> float:
    """Time after a step until no node misses more than the bench's `left_over` of it, s."""
    longest_s = max(
        0.0
        if junction.read is None
        else junction.read.capacitance_f / (1.0 / junction.series_ohm + 1.0 / rig.limits.r_max_ohm)
        for junction in wires.junctions
    )
    return longest_s * math.log(1.0 / rig.wiring.left_over)
