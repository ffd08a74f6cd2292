"""Look at single junctions at intervals, for hours; keep them at a duty cycle if asked.

Between looks the junctions stand at their bias. Every look makes a row per junction; at the end
there is the slope of each quantity with its interval.
"""

from collections.abc import Generator
from typing import Any

import numpy as np

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.estimate import Estimate
from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, StateValue, Stream
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.reading import one_board, record
from mtjlab.fabric.terminals import Terminals
from mtjlab.fabric.timing import Timing
from protocols.drift.centring import centred
from protocols.drift.parameters import DriftParameters
from protocols.drift.table import (
    COLUMNS,
    SLOPE_COLUMNS,
    SLOPES,
    VERDICTS,
    no_sums,
    row_of,
    slopes_of,
    summed,
)

# In standard deviations; one in a thousand by chance.
_BEYOND_CHANCE = 3.29
# Slice of a wait between two looks.
WAIT_S = 0.5


class Drift:
    """`mtjlab run drift`."""

    parameters = DriftParameters

    def resolve(self, params: DriftParameters) -> DriftParameters:
        """Refuse a schedule that cannot be kept."""
        if params.record_s > params.interval_s:
            raise ParameterError(
                f"record_s = {si(params.record_s, 's')} is longer than interval_s = "
                f"{si(params.interval_s, 's')}: looks would overlap. Use a longer interval"
            )
        return params

    def twin_overrides(self, params: DriftParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: DriftParameters, rig: Rig) -> list[Stream]:
        """A row per junction and look, and one per junction with its slopes."""
        _Monitor(rig, params)
        return [
            Stream("junctions", "f8", (len(COLUMNS),), "", ",".join(COLUMNS)),
            Stream("slopes", "f8", (len(SLOPE_COLUMNS),), "", ",".join(SLOPE_COLUMNS)),
            Stream("verdicts", "f8", (len(VERDICTS),), "", ",".join(VERDICTS)),
        ]

    def setup(self, rig: Rig, params: DriftParameters) -> None:
        """Sources configured for all of the window, on, at the first bias."""
        monitor = _Monitor(rig, params)
        monitor.terminals.prepare()
        monitor.terminals.set(monitor.bias.levels_v)
        monitor.bias.measure()

    def steps(
        self, rig: Rig, params: DriftParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Look, wait in slices, look again."""
        monitor = _Monitor(rig, params)
        if state is None:
            rig.emit_row("verdicts", np.arange(len(VERDICTS)))
        monitor.begin(state)
        while monitor.looks < monitor.planned:
            if monitor.wait():
                monitor.look()
            yield monitor.progress()
        return monitor.results()


class _Monitor:
    """The account of a run."""

    def __init__(self, rig: Rig, params: DriftParameters) -> None:
        self._rig, self._params = rig, params
        self.junctions: tuple[SingleJunction, ...] = wanted_singles(rig, params.cells, "drift")
        self._daq = rig.daqs[one_board(self.junctions)]
        self.bias = CommonBias(rig, self.junctions, params.bias_v)
        self._names = list(self.bias.levels_v)
        self._divider = {j.source: j.divider for j in self.junctions}
        window_v = params.window_v if params.duty_cycle is not None else 0.0
        self.terminals = Terminals(
            rig,
            {
                name: level_v + window_v / self._divider[name]
                for name, level_v in self.bias.levels_v.items()
            },
        )
        # What the bias holds drifts in the bias instead.
        self._held = ("occupancy_high_per_h",) if params.duty_cycle is not None else ()
        limit_hz = self._daq.abilities.rate_limit_hz(len(self.junctions))
        self._rate_hz = min(params.sample_rate_hz, limit_hz)
        self.planned = max(1, int(np.floor(params.duration_s / params.interval_s + 1e-9)))

    def begin(self, state: State | None) -> None:
        """Afresh, or from a state."""
        now_s = self._rig.clock.now_s()
        if state is None:
            self.looks, self._origin_s = 0, now_s
            self._offset_v = np.zeros(len(self._names))
            self._at_limit = np.zeros(len(self._names), dtype=np.int64)
            self._sums = no_sums(len(self.junctions))
            self._occupancy = float("nan")
            return
        self.looks = int(np.asarray(state["looks"]))
        origin_s, left_s = (float(np.asarray(state[name])) for name in ("origin_s", "now_s"))
        # Another process has another clock; a restored twin has the same.
        self._origin_s = origin_s if now_s == left_s else now_s - (left_s - origin_s)
        self._offset_v = np.array(state["offset_v"])
        self._at_limit = np.array(state["at_limit"])
        self._sums = np.array(state["sums"])
        self._occupancy = float(np.asarray(state["occupancy"]))

    def wait(self) -> bool:
        """Let a slice of time pass if the next look is not due; whether it is."""
        due_s = self._origin_s + self.looks * self._params.interval_s
        left_s = due_s - self._rig.clock.now_s()
        if left_s > 0.0:
            self._rig.clock.sleep(min(WAIT_S, left_s))
        return left_s <= WAIT_S

    def look(self) -> None:
        """Record, analyse, emit, and move the bias if asked."""
        params = self._params
        # Every time, so that a bench that has been away comes back to where it was.
        self.terminals.set(self._levels_v())
        samples = max(100, round(params.record_s * self._rate_hz))
        t_s = self._rig.clock.now_s() - self._origin_s
        traces_v, block = record(self._daq, self.junctions, samples, Timing(self._rate_hz, 0, 1))
        interval_s = 1.0 / block.step_rate_hz
        occupancy: dict[str, list[Estimate]] = {name: [] for name in self._names}
        rows = []
        for index, junction in enumerate(self.junctions):
            wire = junction.read
            report = self._rig.compute(
                analyse_trace,
                np.ascontiguousarray(traces_v[:, index]),
                interval_s,
                resolution_v=0.0 if wire is None else 2.0 * wire.range_v / 2**16,
            )
            source = self._names.index(junction.source)
            bias_v = self.bias.behind_divider_v[index] + float(self._offset_v[source])
            rows.append(row_of(junction.cell, report, self.looks, t_s, bias_v))
            self._sums[index] = summed(self._sums[index], report, t_s, bias_v)
            occupancy[junction.source].append(report.occupancy_high)
        self._rig.emit("junctions", np.array(rows))
        known = [one.value for each in occupancy.values() for one in each if one.known]
        self._occupancy = float(np.median(known)) if known else float("nan")
        self.looks += 1
        if params.duty_cycle is not None:
            self._centre(occupancy, params.duty_cycle)

    def _centre(self, occupancy: dict[str, list[Estimate]], wanted: float) -> None:
        params = self._params
        for source, name in enumerate(self._names):
            move = centred(
                float(self._offset_v[source]),
                occupancy[name],
                wanted=wanted,
                width_v=params.width_v,
                max_step_v=params.max_step_v,
                window_v=params.window_v,
            )
            self._offset_v[source] = move.offset_v
            self._at_limit[source] += move.at_limit

    def _levels_v(self) -> dict[str, float]:
        return {
            name: self.bias.levels_v[name] + float(self._offset_v[source]) / self._divider[name]
            for source, name in enumerate(self._names)
        }

    def progress(self) -> Progress:
        """All that is needed to go on from here."""
        state: dict[str, StateValue] = {
            "looks": self.looks,
            "origin_s": self._origin_s,
            "now_s": self._rig.clock.now_s(),
            "offset_v": self._offset_v.copy(),
            "at_limit": self._at_limit.copy(),
            "sums": self._sums.copy(),
            "occupancy": self._occupancy,
        }
        values = {"looks": self.looks, "duty_cycle": self._occupancy}
        return Progress(state, self.looks, self.planned, values)

    def results(self) -> Results:
        """Slopes, who drifts, where the bias went."""
        rows, drifting, unknown = [], [], 0
        for junction, sums in zip(self.junctions, self._sums, strict=True):
            row, found = slopes_of(junction.cell, sums)
            rows.append(row)
            known = {name: one for name, one in found.items() if one.known}
            unknown += len(known) < len(SLOPES)
            moved = [
                name
                for name, one in known.items()
                if abs(one.value) > _BEYOND_CHANCE * one.error and name not in self._held
            ]
            if moved:
                drifting.append([junction.cell.row, junction.cell.column, *moved])
        self._rig.emit("slopes", np.array(rows))
        notes = []
        if self.looks < 3:
            notes.append(f"{self.looks} looks: a slope and its error need 3; run for longer")
        elif unknown:
            notes.append(
                f"{unknown} junctions without all slopes (nan): they showed two levels and rates "
                "in fewer than 3 looks, see `verdict` in the rows"
            )
        for name, times in zip(self._names, self._at_limit, strict=True):
            if times:
                notes.append(
                    f"{name}: the bias was kept in its window of "
                    f"{si(self._params.window_v, 'V')} {times} times; widen window_v if the "
                    "junctions bear it"
                )
        return {
            "looks": self.looks,
            "junctions": len(self.junctions),
            "drifting": drifting,
            "duty_cycle": self._occupancy if np.isfinite(self._occupancy) else None,
            "offsets_v": {
                name: float(offset_v)
                for name, offset_v in zip(self._names, self._offset_v, strict=True)
            },
            "biases": [
                [
                    j.cell.row,
                    j.cell.column,
                    volts + float(self._offset_v[self._names.index(j.source)]),
                ]
                for j, volts in zip(self.junctions, self.bias.behind_divider_v, strict=True)
            ],
            "notes": notes,
        }
