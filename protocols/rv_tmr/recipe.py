"""Resistance of P and of AP, and their ratio, against bias.

Where a junction flips by itself both levels stand in its trace. Where a coil can hold each state,
the source-meter that drives the junction sweeps in its own buffer, once for each field.
"""

from collections.abc import Generator
from typing import Any

import numpy as np

from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from protocols.rv_tmr.curves import FIT_REASONS, FITS, POINT_REASONS, POINTS, Curves, curves_of
from protocols.rv_tmr.parameters import RvTmrParameters
from protocols.rv_tmr.states import STATES, Way, way


class RvTmr:
    """`mtjlab run rv_tmr`."""

    parameters = RvTmrParameters

    def resolve(self, params: RvTmrParameters) -> RvTmrParameters:
        """Nothing depends on anything else."""
        return params

    def twin_overrides(self, params: RvTmrParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: RvTmrParameters, rig: Rig) -> list[Stream]:
        """Resistances as they are measured; both states together; a row for each junction."""
        way(rig, params)
        return [
            Stream("states", "f8", (len(STATES),), "", ",".join(STATES)),
            Stream("points", "f8", (len(POINTS),), "", ",".join(POINTS)),
            Stream("fits", "f8", (len(FITS),), "", ",".join(FITS)),
            Stream("reasons", "f8", (len(POINT_REASONS),), "", ",".join(POINT_REASONS)),
            Stream("fit_reasons", "f8", (len(FIT_REASONS),), "", ",".join(FIT_REASONS)),
        ]

    def setup(self, rig: Rig, params: RvTmrParameters) -> None:
        """Every source, and the coil if it is used, on at 0."""
        way(rig, params).prepare()

    def steps(
        self, rig: Rig, params: RvTmrParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One step after another; every yield is a place to go on from."""
        how = way(rig, params)
        done = 0 if state is None else int(np.asarray(state["done"]))
        table = np.empty((0, len(STATES))) if state is None else np.asarray(state["table"])
        if state is None:
            rig.emit_row("reasons", np.arange(len(POINT_REASONS)))
            rig.emit_row("fit_reasons", np.arange(len(FIT_REASONS)))
        for step in how.steps[done:]:
            rows = step()
            rig.emit("states", rows)
            table = np.concatenate([table, rows])
            done += 1
            yield Progress({"done": done, "table": table}, done, len(how.steps))
        how.end()
        found = []
        for cell in how.cells:
            mine = table[(table[:, 0] == cell.row) & (table[:, 1] == cell.column)]
            found.append(curves_of(mine, by_field=params.field_t is not None))
        rig.emit("points", np.concatenate([curves.points for curves in found]))
        rig.emit("fits", np.array([c.row(cell) for c, cell in zip(found, how.cells, strict=True)]))
        return _results(params, how, found)


def _results(params: RvTmrParameters, how: Way, found: list[Curves]) -> Results:
    notes = []
    for name, words in FIT_REASONS.items():
        cells = [str(c) for c, one in zip(how.cells, found, strict=True) if one.reason == name]
        if cells and name != "complete":
            shown = ", ".join(cells[:6]) + (", ..." if len(cells) > 6 else "")
            notes.append(f"{len(cells)} x {name}: {words} ({shown})")
    if params.field_t is not None:
        notes.append(
            f"P is the state with the lower resistance at +-{params.field_t:g} T; that these "
            "fields hold one state each is taken for granted: a junction that still flips there "
            "shows a mean in between"
        )
    notes.append(
        "TMR is R_AP / R_P - 1 at the voltage across the junction in AP, R_P being moved there "
        "along its line; intervals are of the scatter, without the accuracy of instruments and "
        "series resistor"
    )
    return {
        "junctions": [
            {"cell": [cell.row, cell.column]}
            | {name: one.as_json() for name, one in curves.estimates.items()}
            for cell, curves in zip(how.cells, found, strict=True)
        ],
        "complete": sum(one.reason in ("complete", "half_v_bounded") for one in found),
        "method": "telegraph" if params.field_t is None else "field",
        "notes": notes,
    }
