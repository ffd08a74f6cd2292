"""Resistance of each junction against the field of the coil, up and down.

The coil goes from one end to the other and back, `loops` times, within its own limits, with the
bias on: a slow junction would switch at other fields without it. At each field the mean voltage
across each junction is read. At the end the bias is taken away, and the coil goes to 0 and off.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.fabric.biased_singles import (
    BiasedSingles,
    Recorded,
    check_fields,
    the_coil,
    usual_bias_v,
)
from protocols.field_sweep.loops import LOOPS, POINTS, QUANTITIES, REASONS, Loop, loop_of
from protocols.field_sweep.parameters import FieldSweepParameters

_SHARE = 0.9


class FieldSweep:
    """`mtjlab run field_sweep`."""

    parameters = FieldSweepParameters

    def resolve(self, params: FieldSweepParameters) -> FieldSweepParameters:
        """Nothing is filled in; what cannot be is refused."""
        if params.bias_v == 0.0:
            raise ParameterError("bias_v = 0 V shows no resistance")
        return params

    def twin_overrides(self, params: FieldSweepParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: FieldSweepParameters, rig: Rig) -> list[Stream]:
        """A row for each junction and field, and one for the loop of each."""
        self._plan(rig, params)
        return [
            Stream("points", "f8", (len(POINTS),), "", ",".join(POINTS)),
            Stream("loops", "f8", (len(LOOPS),), "", ",".join(LOOPS)),
            Stream("reasons", "f8", (len(REASONS),), "", ",".join(REASONS)),
        ]

    def setup(self, rig: Rig, params: FieldSweepParameters) -> None:
        """The coil on at 0, every junction at its bias."""
        _, bias_v, singles = self._plan(rig, params)
        singles.prepare()
        rig.fields[the_coil(rig, "field_sweep")].set_field_t(0.0)
        singles.hold(bias_v)

    def steps(
        self, rig: Rig, params: FieldSweepParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One field after another; every yield is a place to go on from."""
        plan, bias_v, singles = self._plan(rig, params)
        coil = rig.fields[the_coil(rig, "field_sweep")]
        done = 0 if state is None else int(np.asarray(state["done"]))
        table = np.empty((0, len(POINTS))) if state is None else np.asarray(state["table"])
        if state is None:
            rig.emit_row("reasons", np.arange(len(REASONS)))
        for number, direction, field_t in plan[done:]:
            coil.set_field_t(field_t)
            measured_t = coil.field_t()
            seen = singles.record(bias_v, params.read_s, hold=True)
            rows = np.array(
                [_row(one, number, direction, float(field_t), measured_t) for one in seen]
            )
            rig.emit("points", rows)
            table = np.concatenate([table, rows])
            done += 1
            yield Progress(
                {"done": done, "table": table}, done, len(plan), {"field_t": float(field_t)}
            )
        singles.rest()
        coil.off()
        found = []
        for junction in singles.junctions:
            cell = junction.cell
            mine = table[(table[:, 0] == cell.row) & (table[:, 1] == cell.column)]
            found.append(loop_of(mine))
        cells = [junction.cell for junction in singles.junctions]
        rig.emit("loops", np.array([o.row(c) for o, c in zip(found, cells, strict=True)]))
        return _results(params, [[c.row, c.column] for c in cells], bias_v, found)

    def _plan(
        self, rig: Rig, params: FieldSweepParameters
    ) -> tuple[NDArray[np.float64], float, BiasedSingles]:
        """(loop, direction, field T) of each step, the bias, and the junctions."""
        coil = rig.wiring.coil(the_coil(rig, "field_sweep"))
        assert coil is not None
        largest_t = _SHARE * coil.max_t if params.max_field_t is None else params.max_field_t
        check_fields(rig, [largest_t], "field_sweep")
        up = np.linspace(-largest_t, largest_t, params.points)
        plan = np.array(
            [
                (number, direction, field_t)
                for number in range(params.loops)
                for direction, fields in ((1.0, up), (-1.0, up[::-1]))
                for field_t in fields
            ]
        )
        junctions = wanted_singles(rig, params.cells, "field_sweep")
        low_v, high_v = usual_bias_v(junctions)
        if params.bias_v is None and low_v != high_v:
            raise ParameterError(
                f"the bench file has biases from {low_v:g} to {high_v:g} V for these junctions; "
                "give bias_v"
            )
        bias_v = low_v if params.bias_v is None else params.bias_v
        singles = BiasedSingles(
            rig,
            junctions,
            abs(bias_v),
            sample_rate_hz=params.sample_rate_hz,
            settle_s=params.settle_s,
        )
        return plan, bias_v, singles


def _row(
    one: Recorded, number: float, direction: float, field_t: float, measured_t: float
) -> list[float]:
    mean_v = float(one.trace_v.mean())
    share = mean_v / one.bias_v
    # An open junction carries the whole bias.
    ohm = one.junction.series_ohm * share / (1.0 - share) if share < 1.0 else np.inf
    cell = one.junction.cell
    return [cell.row, cell.column, number, direction, field_t, measured_t, mean_v, ohm]


def _results(
    params: FieldSweepParameters, cells: list[list[int]], bias_v: float, found: list[Loop]
) -> Results:
    notes = []
    for name, words in REASONS.items():
        which = [str(tuple(c)) for c, one in zip(cells, found, strict=True) if one.reason == name]
        if which and name != "complete":
            more = ", ..." if len(which) > 6 else ""
            notes.append(f"{len(which)} x {name}: {words} ({', '.join(which[:6])}{more})")
    if params.loops == 1:
        notes.append("one loop: switching fields are known to within the step of the field only")
    notes.append(
        f"centre_t is the loop shift at {bias_v:g} V: stray field and the torque of the bias "
        "together; sweep at several biases to tell them apart. A junction that flips while it is "
        "read has no coercive field: then up_t and down_t are where it is balanced"
    )
    return {
        "bias_v": bias_v,
        "junctions": [
            {"cell": cell} | {name: one.estimates[name].as_json() for name in QUANTITIES}
            for cell, one in zip(cells, found, strict=True)
        ],
        "complete": sum(one.reason == "complete" for one in found),
        "notes": notes,
    }
