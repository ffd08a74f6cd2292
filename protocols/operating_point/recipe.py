"""Find the bias at which each junction spends a wanted share of its time in AP.

A few biases over the window first; then, round after round, a measurement at the best bias that
all measurements so far point to, until it no longer moves. Junctions on one source get the bias
with the least sum of squared deviations.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.core.wiring import largest_level_v
from mtjlab.fabric.biased_singles import BiasedSingles, Recorded, usual_bias_v
from mtjlab.fabric.flips import Flips, flips_of
from protocols.operating_point.choosing import Search, search_of, settled
from protocols.operating_point.curve import MEASURED
from protocols.operating_point.parameters import OperatingPointParameters
from protocols.operating_point.results import JUNCTIONS, REASONS, judged, results_of

Window = tuple[float, float]


class OperatingPoint:
    """`mtjlab run operating_point`."""

    parameters = OperatingPointParameters

    def resolve(self, params: OperatingPointParameters) -> OperatingPointParameters:
        """Nothing is filled in; what cannot be is refused."""
        if params.max_block_s < params.block_s:
            raise ParameterError(
                f"max_block_s = {params.max_block_s:g} s is shorter than block_s = "
                f"{params.block_s:g} s"
            )
        if params.min_tau_c_s >= params.max_tau_c_s:
            raise ParameterError(
                f"min_tau_c_s = {params.min_tau_c_s:g} s must be less than max_tau_c_s = "
                f"{params.max_tau_c_s:g} s"
            )
        return params

    def twin_overrides(self, params: OperatingPointParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: OperatingPointParameters, rig: Rig) -> list[Stream]:
        """A row for each measurement of each junction, and one for what was found of each."""
        self._plan(rig, params)
        return [
            Stream("measured", "f8", (len(MEASURED),), "", ",".join(MEASURED)),
            Stream("junctions", "f8", (len(JUNCTIONS),), "", ",".join(JUNCTIONS)),
            Stream("reasons", "f8", (len(REASONS),), "", ",".join(REASONS)),
        ]

    def setup(self, rig: Rig, params: OperatingPointParameters) -> None:
        """Every source on at 0 V."""
        self._plan(rig, params)[1].prepare()

    def steps(
        self, rig: Rig, params: OperatingPointParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One block after another; every yield is a place to go on from."""
        window, singles = self._plan(rig, params)
        coarse = np.linspace(*window, params.coarse)
        done = 0 if state is None else int(np.asarray(state["done"]))
        block_s = params.block_s if state is None else float(np.asarray(state["block_s"]))
        table = np.empty((0, len(MEASURED))) if state is None else np.asarray(state["table"])
        if state is None:
            rig.emit_row("reasons", np.arange(len(REASONS)))
        while not self._finished(params, window, singles, table, done):
            if done < len(coarse):
                bias = dict.fromkeys(singles.sources, float(coarse[done]))
            else:
                # A source without a reachable junction has nothing to be measured for.
                bias = (
                    dict.fromkeys(singles.sources, 0.0)
                    | self._search(params, window, singles, table).bias_v
                )
            seen = singles.record(bias, block_s)
            found = rig.compute(list, map(flips_of, seen))
            next_s = None if done < len(coarse) else _longer_s(params, seen, found, block_s)
            if next_s is None:
                rows = [
                    _row(one, flips, max(0, done + 1 - len(coarse)))
                    for one, flips in zip(seen, found, strict=True)
                    if one.bias_v != 0.0
                ]
                rig.emit("measured", np.array(rows))
                table = np.concatenate([table, np.array(rows)])
                done += 1
            block_s = params.block_s if next_s is None else next_s
            yield Progress(
                {"done": done, "block_s": block_s, "table": table},
                done,
                len(coarse) + params.rounds,
                {"bias_v": max(bias.values(), key=abs)},
            )
        search = self._search(params, window, singles, table)
        rows = judged(singles.junctions, params, table, search)
        rig.emit("junctions", np.array(rows))
        return results_of(singles.junctions, window, params, np.array(rows), search)

    def _plan(self, rig: Rig, params: OperatingPointParameters) -> tuple[Window, BiasedSingles]:
        junctions = wanted_singles(rig, params.cells, "operating_point")
        low_v, high_v = usual_bias_v(junctions)
        allowed_v = min(
            largest_level_v(rig.wiring.driven_by(j.source), rig.limits) * j.divider
            for j in junctions
        )
        window = (
            0.3 * low_v if params.min_bias_v is None else params.min_bias_v,
            min(2.0 * high_v, allowed_v) if params.max_bias_v is None else params.max_bias_v,
        )
        if not (window[0] < window[1] and window[0] * window[1] > 0.0):
            raise ParameterError(
                f"the window from {window[0]:g} to {window[1]:g} V must rise and lie on one side "
                "of 0, where no level shows"
            )
        return window, BiasedSingles(
            rig,
            junctions,
            max(map(abs, window)),
            sample_rate_hz=params.sample_rate_hz,
            settle_s=params.settle_s,
        )

    def _search(
        self,
        params: OperatingPointParameters,
        window: Window,
        singles: BiasedSingles,
        table: NDArray[np.float64],
    ) -> Search:
        return search_of(singles.junctions, window, params, table)

    def _finished(
        self,
        params: OperatingPointParameters,
        window: Window,
        singles: BiasedSingles,
        table: NDArray[np.float64],
        done: int,
    ) -> bool:
        if done < params.coarse:
            return False
        search = self._search(params, window, singles, table)
        if not search.bias_v or done >= params.coarse + params.rounds:
            return True
        last = table[table[:, -1] == done - params.coarse] if done > params.coarse else table[:0]
        measured = {
            junction.source: float(row[MEASURED.index("bias_v")])
            for row in last
            for junction in singles.junctions
            if (junction.cell.row, junction.cell.column) == (row[0], row[1])
        }
        return settled(search, measured, singles.junctions, params)


def _longer_s(
    params: OperatingPointParameters, seen: list[Recorded], found: list[Flips], block_s: float
) -> float | None:
    """Until every duty cycle is known to within the tolerance."""
    halves = [
        0.5 * (flips.occupancy_ap.high - flips.occupancy_ap.low)
        for one, flips in zip(seen, found, strict=True)
        if one.bias_v != 0.0 and flips.occupancy_ap.known and flips.tau_c_s.known
        if flips.tau_c_s.value <= params.max_tau_c_s
    ]
    worst = max(halves, default=0.0)
    if worst <= params.tolerance or block_s >= params.max_block_s:
        return None
    factor = min(16.0, max(1.5, 1.3 * (worst / params.tolerance) ** 2))
    return min(params.max_block_s, block_s * factor)


def _row(one: Recorded, found: Flips, number: int) -> NDArray[np.float64]:
    estimates = (found.occupancy_ap, found.tau_c_s)
    return np.array(
        [
            one.junction.cell.row,
            one.junction.cell.column,
            one.bias_v,
            found.mean_v,
            *(end for e in estimates for end in (e.value, e.low, e.high)),
            found.transitions,
            one.duration_s,
            number,
        ]
    )
