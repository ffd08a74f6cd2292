"""Which junctions answer to their bias, and how: surveys beside the operating point, and fits."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtjlab.fabric.neuron_options import NeuronOptions
from mtjlab.fabric.neuron_response import Response, fit_sigmoid
from mtjlab.fabric.neuron_wiring import NeuronWires
from mtjlab.fabric.part import Sampling
from mtjlab.fabric.reading import record
from mtjlab.fabric.survey import Survey, survey
from mtjlab.fabric.timing import Timing

# Beside the operating point, in units of the gain: where the sigmoid bends.
_BESIDE = (-1.0, -0.5, 0.5, 1.0)
# Over the bias window, where nothing is known of the operating point.
_SEARCHED = 9

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """All candidates at their operating points.

    Attributes:
        survey: traces at the operating point, and who is masked for what.
        response: of each candidate; NaN where masked.
        transactions: blocks it took.
    """

    survey: Survey
    response: Response
    transactions: int

    @property
    def masked(self) -> str:
        """As in `2 stuck, such as (14, 3)`; empty if all can serve."""
        cells: dict[str, list[str]] = {}
        for index, reason in sorted(self.survey.masked.items()):
            cells.setdefault(reason, []).append(str(self.survey.junctions[index].cell))
        return "; ".join(f"{len(at)} {reason}, such as {at[0]}" for reason, at in cells.items())

    @property
    def usable(self) -> list[int]:
        """Unmasked candidates, the duty cycle nearest to one half first."""
        alive = [i for i in range(len(self.survey.junctions)) if i not in self.survey.masked]
        return sorted(alive, key=lambda i: abs(self.survey.found[i].levels.occupancy_high - 0.5))


def find(
    wires: NeuronWires, options: NeuronOptions, sampling: Sampling, bias_v: Values | None
) -> Found:
    """Survey all candidates and fit their responses; the outputs end at the operating points.

    Args:
        wires: the candidates.
        options: window and gain.
        sampling: length of the traces, largest correlation time.
        bias_v: operating points behind the dividers, (n,), V; None: where each junction's duty
            cycle is one half, found by surveys over the bias window.
    """
    transactions = 0
    if bias_v is None:
        bias_v, transactions = _search(wires, options, sampling)
    wires.hold(bias_v)
    seen = _survey(wires, sampling)
    low_v = np.array([telegraph.levels.low_v for telegraph in seen.found])
    high_v = np.array([telegraph.levels.high_v for telegraph in seen.found])
    k_p, k_ap = low_v / bias_v, high_v / bias_v
    levels_v, occupancies = [bias_v], [_occupancy(seen.traces_v.mean(axis=0), bias_v, k_p, k_ap)]
    transactions += seen.transactions
    rate_hz, samples = 1.0 / seen.interval_s, len(seen.traces_v)
    for factor in _BESIDE:
        level_v = np.clip(bias_v + factor * options.gain_v, options.lowest_v, options.highest_v)
        wires.hold(level_v)
        volts, block = record(wires.reader, wires.junctions, samples, Timing(rate_hz, 0, 1))
        transactions += block.parts
        levels_v.append(level_v)
        occupancies.append(_occupancy(volts.mean(axis=0), level_v, k_p, k_ap))
    wires.hold(bias_v)
    v50_v, width_v = _sigmoids(np.array(levels_v), np.array(occupancies), 0.5 * (k_p + k_ap))
    masked = dict(seen.masked)
    for index in np.flatnonzero(np.isnan(width_v)).tolist():
        masked.setdefault(index, "without a response to the bias")
    tau_c_s = np.array([telegraph.rates.tau_c_s for telegraph in seen.found])
    response = Response(k_p, k_ap, v50_v, width_v, bias_v, tau_c_s)
    return Found(replace(seen, masked=masked), response, transactions)


def _survey(wires: NeuronWires, sampling: Sampling) -> Survey:
    return survey(
        wires.reader,
        wires.junctions,
        duration_s=sampling.survey_s,
        max_tau_c_s=sampling.max_tau_c_s,
    )


def _search(wires: NeuronWires, options: NeuronOptions, sampling: Sampling) -> tuple[Values, int]:
    """Where each junction's duty cycle is one half, V; the middle of the window if nowhere.

    The levels come from the bias at which both states are seen most evenly, the occupancies at all
    biases from them.
    """
    n = len(wires.junctions)
    searched_v = np.linspace(options.lowest_v, options.highest_v, _SEARCHED)
    levels_v = np.repeat(searched_v[:, np.newaxis], n, axis=1)
    seen = []
    for level_v in levels_v:
        wires.hold(level_v)
        seen.append(_survey(wires, sampling))
    mean_v = np.array([one.traces_v.mean(axis=0) for one in seen])
    duty = np.array([[telegraph.levels.occupancy_high for telegraph in one.found] for one in seen])
    k_p, k_ap = np.full(n, np.nan), np.full(n, np.nan)
    for index in range(n):
        if np.isfinite(duty[:, index]).any():
            best = int(np.nanargmin(np.abs(duty[:, index] - 0.5)))
            levels = seen[best].found[index].levels
            k_p[index], k_ap[index] = (
                levels.low_v / searched_v[best],
                levels.high_v / searched_v[best],
            )
    occupancy = np.array([_occupancy(mean_v[i], levels_v[i], k_p, k_ap) for i in range(_SEARCHED)])
    k_mid = 0.5 * (k_p + k_ap)
    v50_v, _ = _sigmoids(levels_v, occupancy, k_mid)
    bias_v = v50_v / k_mid
    within = (options.lowest_v < bias_v) & (bias_v < options.highest_v)
    middle_v = 0.5 * (options.lowest_v + options.highest_v)
    return np.where(within, bias_v, middle_v), sum(one.transactions for one in seen)


def _occupancy(mean_v: Values, level_v: Values, k_p: Values, k_ap: Values) -> Values:
    """From a mean reading and the two calibrated levels; NaN where they are one."""
    apart = np.where(k_ap > k_p, k_ap - k_p, np.nan)
    found: Values = (mean_v / level_v - k_p) / apart
    return found


def _sigmoids(levels_v: Values, occupancies: Values, k_mid: Values) -> tuple[Values, Values]:
    """V50 and w of each column, (n,), V; NaN where there is no response."""
    v50_v, width_v = np.full(len(k_mid), np.nan), np.full(len(k_mid), np.nan)
    for index in np.flatnonzero(np.isfinite(occupancies).all(axis=0)).tolist():
        mid_v = k_mid[index] * levels_v[:, index]
        v50_v[index], width_v[index] = fit_sigmoid(mid_v, occupancies[:, index])
    return v50_v, width_v
