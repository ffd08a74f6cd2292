"""Correlation between junctions, the resistance they share, and sneak paths, each with an interval.

Single junctions of a board are recorded together, at their bias and again at 0 V, where only the
instrument is left. An array is driven row by row. Behind a selector each cell is seen twice, with
the other lines at ground and floating: the difference is what sneaks around it.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.cells import wanted
from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Progress, Results, Rig, State, StateValue, Stream
from mtjlab.fabric.terminals import Terminals
from protocols.crosstalk.conductance import CELLS, cells_of
from protocols.crosstalk.groups import Group, groups_of
from protocols.crosstalk.pairs import PAIRS, no_sums, pairs_of, shared
from protocols.crosstalk.parameters import CrosstalkParameters
from protocols.crosstalk.results import results_of

METER_READINGS = 8


class CrosstalkBetween:
    """`mtjlab run crosstalk`."""

    parameters = CrosstalkParameters

    def resolve(self, params: CrosstalkParameters) -> CrosstalkParameters:
        """Nothing depends on anything else."""
        return params

    def twin_overrides(self, params: CrosstalkParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: CrosstalkParameters, rig: Rig) -> list[Stream]:
        """A row for each pair that was seen at one moment, and for each junction of an array."""
        _plan(rig, params)
        return [
            Stream("pairs", "f8", (len(PAIRS),), "", ",".join(PAIRS)),
            Stream("cells", "f8", (len(CELLS),), "", ",".join(CELLS)),
        ]

    def setup(self, rig: Rig, params: CrosstalkParameters) -> None:
        """Every source configured and on at 0 V; selectors open."""
        groups, terminals = _plan(rig, params)
        terminals.prepare()
        for selector in dict.fromkeys(group.selector for group in groups if group.selector):
            rig.selectors[selector].open_all()

    def steps(
        self, rig: Rig, params: CrosstalkParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Two records for each step: quiet, and at the bias."""
        groups, terminals = _plan(rig, params)
        done = 0 if state is None else int(np.asarray(state["done"]))
        pairs = np.empty((0, len(PAIRS))) if state is None else np.array(state["pairs"])
        cells = np.empty((0, len(CELLS))) if state is None else np.array(state["cells"])
        sums = no_sums() if state is None else np.array(state["sums"])
        for group in groups[done:]:
            quiet_v, _ = _record(rig, params, terminals, group, driven=False)
            traces_v, row_a = _record(rig, params, terminals, group, driven=True)
            if group.kind != "single":
                rows = rig.compute(cells_of, group, traces_v, quiet_v, row_a, params.accuracy)
                rig.emit("cells", rows)
                cells = np.concatenate([cells, rows])
            if len(group.cells) > 1:
                found, all_pairs = rig.compute(pairs_of, group, traces_v, quiet_v)
                rig.emit("pairs", found)
                pairs = np.concatenate([pairs, found])
                if group.kind == "row":
                    sums = shared(sums, group, traces_v, all_pairs, rows[:, 4])
            done += 1
            known: dict[str, StateValue] = {
                "done": done,
                "pairs": pairs,
                "cells": cells,
                "sums": sums,
            }
            yield Progress(known, done, len(groups), {"pairs": len(pairs), "junctions": len(cells)})
        for selector in dict.fromkeys(group.selector for group in groups if group.selector):
            rig.selectors[selector].open_all()
        left_out = groups_of(rig, params, wanted(rig, params.cells))[1]
        return results_of(groups, pairs, cells, sums, left_out)


def _plan(rig: Rig, params: CrosstalkParameters) -> tuple[tuple[Group, ...], Terminals]:
    groups, _ = groups_of(rig, params, wanted(rig, params.cells))
    largest_v: dict[str, float] = {}
    for group in groups:
        if group.selector and group.selector not in rig.selectors:
            raise BenchError(f"crosstalk: {group.selector!r} is no selector of this bench")
        for terminal, volts in group.levels_v.items():
            largest_v[terminal] = max(volts, largest_v.get(terminal, 0.0))
    return groups, Terminals(rig, largest_v)


def _record(
    rig: Rig, params: CrosstalkParameters, terminals: Terminals, group: Group, *, driven: bool
) -> tuple[NDArray[np.float64], float]:
    """Samples (n, k), V, and the meter's current, A (nan without one); ends at 0 V."""
    if group.selector:
        rig.selectors[group.selector].connect(list(group.cells), group.unselected)
    levels_v = group.levels_v if driven else {}
    terminals.set(levels_v)
    try:
        rig.clock.sleep(params.settle_s)
        daq = rig.daqs[group.board]
        channels = [read.channel for read in group.reads]
        rate_hz = min(params.sample_rate_hz, daq.abilities.rate_limit_hz(len(channels)))
        block = daq.play_and_record(
            None,
            ao=(),
            ai=channels,
            step_rate_hz=rate_hz,
            settle=0,
            keep=1,
            rest_v=(),
            steps=max(100, round(params.duration_s * rate_hz)),
        )
        return block.samples_v[:, 0], _metered_a(rig, group) if driven else np.nan
    finally:
        terminals.set(dict.fromkeys(levels_v, 0.0))


def _metered_a(rig: Rig, group: Group) -> float:
    if group.kind != "cell":
        return np.nan
    source = rig.sources.get(next(iter(group.levels_v)))
    if source is None or group.array is None or group.array.divider != 1.0:
        return np.nan
    return float(np.mean([source.measure().current_a for _ in range(METER_READINGS)]))
