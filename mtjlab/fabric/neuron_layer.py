"""One layer of neurons: pre-activations to levels, levels through the junctions, readings back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.fabric.neuron_options import NeuronOptions
from mtjlab.fabric.neuron_response import Response
from mtjlab.fabric.neuron_timing import Turns
from mtjlab.fabric.neuron_wiring import NeuronWires
from mtjlab.fabric.part import LayerShape
from mtjlab.fabric.timing import Timing
from mtjlab.learning.fabric import Activities, Array

# Levels over the bias window at which the mean response is tabulated.
_TABLE = 513

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Played:
    """What one block of a layer gave.

    Attributes:
        answer: activities and outputs.
        transactions: parts of the block.
        saturated, presented: (node, presentation) pairs at an end of the window, and all.
        below: those whose junction noise lies below the instrument's, by the model.
        energy_j: dissipated in the junctions, J.
    """

    answer: Activities
    transactions: int
    saturated: int
    presented: int
    below: int
    energy_j: float


class NeuronLayer:
    """A layer on junctions that have been calibrated.

    Args:
        shape: of the layer.
        turn: how its nodes share the junctions.
        wires: of these junctions, (n,).
        response: of each, (n,).
        when: sampling of a step.
        instrument_v: standard deviation of a reading at 0 V, (n,).
        options: window, gain, readout.
    """

    def __init__(
        self,
        shape: LayerShape,
        turn: Turns,
        wires: NeuronWires,
        response: Response,
        when: Timing,
        instrument_v: Values,
        options: NeuronOptions,
    ) -> None:
        self._turn = turn
        self._wires = wires
        self._when = when
        self._options = options
        self._scale = np.float32(options.logit_scale if shape.last else 1.0)
        self._last = shape.last
        self._rest_v = response.bias_v
        self._per_series = 1.0 / wires.series_ohm
        self._node = response.take(turn.index)
        self._table_v = np.linspace(options.lowest_v, options.highest_v, _TABLE)[:, np.newaxis]
        interval_s = when.spacing_s / (when.settle + when.keep)
        heard = self._node.sd_v(self._table_v, when.keep, interval_s) >= instrument_v[turn.index]
        self._audible_v = _span(self._table_v[:, 0], heard)

    def levels(self, x: Array, w: Array, b: Array) -> tuple[Values, int]:
        """Levels behind the dividers, (S, m), V, and how many of them are at an end."""
        pre = x @ w.T
        pre += b
        wanted_v = self._node.bias_v + self._options.gain_v * pre.astype(np.float64)
        level_v = np.clip(wanted_v, self._options.lowest_v, self._options.highest_v)
        return level_v, int(np.count_nonzero(level_v != wanted_v))

    def play(self, x: Array, w: Array, b: Array) -> Played:
        """All presentations in one block."""
        turn = self._turn
        level_v, saturated = self.levels(x, w, b)
        slots_v = np.tile(self._rest_v, (len(x), turn.groups))
        slots_v[:, : turn.nodes] = level_v
        played_v = slots_v.reshape(-1, turn.junctions)
        block = self._wires.play(played_v, self._rest_v, self._when)
        seen_v = block.samples_v.mean(axis=1)
        power_w = (seen_v * (played_v - seen_v)) @ self._per_series
        node_v = seen_v.reshape(len(x), -1)[:, : turn.nodes]
        low_v, high_v = self._audible_v
        return Played(
            self._answer(node_v, level_v),
            block.parts,
            saturated,
            level_v.size,
            int(np.count_nonzero((level_v < low_v) | (level_v > high_v))),
            float(power_w.sum()) / block.step_rate_hz,
        )

    def clean(self, x: Array, w: Array, b: Array) -> Activities:
        """From the mean responses; touches no instrument."""
        level_v, _ = self.levels(x, w, b)
        return self._answer(self._node.mean_v(level_v), level_v)

    def slope(self, activity: Array) -> Array:
        """Of the mean output where it has this activity, (S, m); 0 at the ends and beyond."""
        mean = self._readout(self._node.mean_v(self._table_v), self._table_v)
        slopes = self._slopes(self._table_v)
        found = np.empty_like(activity)
        for node in range(activity.shape[1]):
            found[:, node] = np.interp(
                activity[:, node], mean[:, node], slopes[:, node], left=0.0, right=0.0
            )
        # At an end of the window the pre-activation may be anything beyond it.
        lowest, highest = mean[0].astype(np.float32), mean[-1].astype(np.float32)
        found[(activity <= lowest) | (activity >= highest)] = 0.0
        return found * self._scale

    def _answer(self, node_v: Values, level_v: Values) -> Activities:
        activity = self._readout(node_v, level_v).astype(np.float32)
        return Activities(activity, activity * self._scale if self._last else activity)

    def _readout(self, node_v: Values, level_v: Values) -> Values:
        node = self._node
        if self._options.readout == "state":
            return 2.0 * (node_v / level_v - node.k_p) / (node.k_ap - node.k_p) - 1.0
        at_zero_v = node.k_mid * node.bias_v
        return (node_v - at_zero_v) / (node.k_mid * self._options.gain_v)

    def _slopes(self, level_v: Values) -> Values:
        """Derivative of the mean readout by the pre-activation."""
        node = self._node
        if self._options.readout == "state":
            occupancy = node.occupancy(level_v)
            per_volt = 2.0 * occupancy * (1.0 - occupancy) * node.k_mid / node.width_v
            return per_volt * self._options.gain_v
        return node.slope(level_v) / node.k_mid


def _span(level_v: Values, inside: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Lowest and highest level (m,) where `inside` (levels, m) holds; inf, -inf where nowhere."""
    spread = np.broadcast_to(level_v[:, np.newaxis], inside.shape)
    return (
        np.where(inside, spread, np.inf).min(axis=0),
        np.where(inside, spread, -np.inf).max(axis=0),
    )
