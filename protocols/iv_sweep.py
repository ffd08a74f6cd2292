"""Current against voltage of junctions that a source-meter drives, in the meter's own buffer."""

from collections.abc import Generator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.resistance import Resistance, fit_resistance
from mtjlab.core.cells import Cells
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.fabric.metered import CURRENT, VOLTAGE, Metered, Meters, metered

Level = Annotated[float, Quantity("V"), Ge(-10), Le(10)]
POINTS = ("row", "column", "members", "repeat", "level_v", "voltage_v", "current_a")
FITS = (
    "row",
    "column",
    "members",
    *(f"{name}{end}" for name in ("resistance_ohm", "offset_a") for end in ("", "_low", "_high")),
    "linear",
    "reason",
)
REASONS = {
    "complete": "a straight line",
    "curved": "the line is the mean slope only: square or cube of the voltage are needed",
    "untested": "too few points to tell whether it is a line",
    "no_current": "the current does not rise with voltage by more than its scatter: open?",
}


class IvSweepParameters(Parameters):
    """See the field descriptions; levels are those of the source."""

    cells: Cells = Field(
        None, description="[row, column] of junctions; None: whatever a source-meter drives"
    )
    start_v: Level = Field(-0.1, description="first level")
    stop_v: Level = Field(0.1, description="last level")
    points: Annotated[int, Ge(3), Le(1000)] = Field(41, description="levels, evenly spaced")
    both_ways: bool = Field(True, description="and back again")
    repeats: Annotated[int, Ge(1), Le(1000)] = Field(1, description="sweeps of each")
    delay_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="between reaching a level and measuring"
    )
    nplc: Annotated[float, Gt(0), Le(10)] = Field(
        1.0, description="integration time in power-line cycles; a telegraph is averaged over it"
    )


class IvSweep:
    """`mtjlab run iv_sweep`."""

    parameters = IvSweepParameters

    def resolve(self, params: IvSweepParameters) -> IvSweepParameters:
        """Nothing is filled in; what cannot be is refused."""
        if params.start_v == params.stop_v:
            raise ParameterError(f"start_v and stop_v are both {params.start_v:g} V")
        return params

    def twin_overrides(self, params: IvSweepParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: IvSweepParameters, rig: Rig) -> list[Stream]:
        """A row for each reading, and one for each straight line."""
        self._meters(rig, params)
        return [
            Stream("points", "f8", (len(POINTS),), "", ",".join(POINTS)),
            Stream("fits", "f8", (len(FITS),), "", ",".join(FITS)),
            Stream("reasons", "f8", (len(REASONS),), "", ",".join(REASONS)),
        ]

    def setup(self, rig: Rig, params: IvSweepParameters) -> None:
        """Every meter on at 0 V."""
        self._meters(rig, params).prepare()

    def steps(
        self, rig: Rig, params: IvSweepParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One sweep after another; every yield is a place to go on from."""
        meters = self._meters(rig, params)
        plan = [(one, number) for one in meters.targets for number in range(params.repeats)]
        done = 0 if state is None else int(np.asarray(state["done"]))
        table = np.empty((0, len(POINTS))) if state is None else np.asarray(state["table"])
        if state is None:
            rig.emit_row("reasons", np.arange(len(REASONS)))
        up = np.linspace(params.start_v, params.stop_v, params.points)
        levels_v = np.concatenate([up, up[-2::-1]]) if params.both_ways else up
        for target, number in plan[done:]:
            read = meters.sweep(target, levels_v, params.delay_s)
            first = target.cells[0]
            named = (first.row, first.column, len(target.cells), number)
            rows = np.concatenate([np.tile(np.array(named), (len(read), 1)), read], axis=1)
            rig.emit("points", rows)
            table = np.concatenate([table, rows])
            done += 1
            yield Progress({"done": done, "table": table}, done, len(plan))
        meters.open()
        found = [(target, self._fit(target, table)) for target in meters.targets]
        rig.emit("fits", np.array([_row(target, fit) for target, fit in found]))
        return _results(found)

    def _meters(self, rig: Rig, params: IvSweepParameters) -> Meters:
        largest_v = max(abs(params.start_v), abs(params.stop_v))
        targets = metered(rig, params.cells, "iv_sweep")
        return Meters(rig, targets, largest_v, nplc=params.nplc)

    def _fit(self, target: Metered, table: NDArray[np.float64]) -> Resistance:
        first = target.cells[0]
        mine = table[(table[:, 0] == first.row) & (table[:, 1] == first.column)]
        read = mine[:, POINTS.index("level_v") :]
        return fit_resistance(read[:, VOLTAGE], read[:, CURRENT])


def _reason(fit: Resistance) -> str:
    if not fit.resistance_ohm.known:
        return "no_current"
    return {True: "complete", False: "curved", None: "untested"}[fit.linear]


def _resistance(fit: Resistance) -> Estimate:
    """What is said of it where the line is none."""
    r, name = fit.resistance_ohm, _reason(fit)
    note = r.reason if name in ("complete", "no_current") else REASONS[name]
    return Estimate(r.value, r.low, r.high, note)


def _row(target: Metered, fit: Resistance) -> NDArray[np.float64]:
    first, r, i = target.cells[0], _resistance(fit), fit.offset_a
    linear = np.nan if fit.linear is None else float(fit.linear)
    return np.array(
        [
            first.row,
            first.column,
            len(target.cells),
            *(r.value, r.low, r.high),
            *(i.value, i.low, i.high),
            linear,
            list(REASONS).index(_reason(fit)),
        ]
    )


def _results(found: list[tuple[Metered, Resistance]]) -> Results:
    notes = []
    for name, words in REASONS.items():
        cells = [str(target.cells[0]) for target, fit in found if _reason(fit) == name]
        if cells and name != "complete":
            notes.append(f"{name}: {words} ({', '.join(cells)})")
    for target, _ in found:
        if not target.alone:
            of = "the row," if target.series_ohm else "the network, series resistors included,"
            notes.append(
                f"{target.terminal} drives {len(target.cells)} junctions in parallel, from "
                f"{target.cells[0]} on: resistance of {of} not of a junction"
            )
    notes.append(
        "a meter averages over the flips of a fast junction: its resistance then lies between "
        "those of P and AP, and moves with the duty cycle (rv_tmr tells the states apart). "
        "Intervals are of the scatter, without the accuracy of meter and series resistor"
    )
    return {
        "targets": len(found),
        "resistances": [
            {
                "cell": [target.cells[0].row, target.cells[0].column],
                "members": len(target.cells),
                "resistance_ohm": _resistance(fit).as_json(),
                "linear": fit.linear,
            }
            for target, fit in found
        ],
        "notes": notes,
    }
