"""How long each junction stays in each state, against bias.

At each bias all junctions are recorded together, in blocks that get longer until each dwell time is
as certain as asked for, or the longest block is reached. Then a logistic curve is fitted to the
occupancies of each junction and a line to the logarithm of each of its dwell times.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.biased_singles import BiasedSingles, check_fields, usual_bias_v
from mtjlab.fabric.flips import REASONS, flips_of, longer_s
from protocols.bias_sweep.parameters import BiasSweepParameters
from protocols.bias_sweep.results import results_of
from protocols.bias_sweep.tables import FIT_REASONS, FITS, POINTS, Curves, point_row


class BiasSweep:
    """`mtjlab run bias_sweep`."""

    parameters = BiasSweepParameters

    def resolve(self, params: BiasSweepParameters) -> BiasSweepParameters:
        """Nothing is filled in; what cannot be is refused."""
        if params.max_block_s < params.block_s:
            raise ParameterError(
                f"max_block_s = {params.max_block_s:g} s is shorter than block_s = "
                f"{params.block_s:g} s"
            )
        return params

    def twin_overrides(self, params: BiasSweepParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: BiasSweepParameters, rig: Rig) -> list[Stream]:
        """A row for each junction, field and bias; a row for each fit; what the codes mean."""
        self._plan(rig, params)
        return [
            Stream("points", "f8", (len(POINTS),), "", ",".join(POINTS)),
            Stream("fits", "f8", (len(FITS),), "", ",".join(FITS)),
            Stream("reasons", "f8", (len(REASONS),), "", ",".join(REASONS)),
            Stream("fit_reasons", "f8", (len(FIT_REASONS),), "", ",".join(FIT_REASONS)),
        ]

    def setup(self, rig: Rig, params: BiasSweepParameters) -> None:
        """Every source on at 0 V, and the coil, if it is used."""
        self._plan(rig, params)[1].prepare()
        if params.fields_t is not None:
            rig.fields[check_fields(rig, params.fields_t, "bias_sweep")].set_field_t(0.0)

    def steps(
        self, rig: Rig, params: BiasSweepParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One block after another; every yield is a place to go on from."""
        biases, singles = self._plan(rig, params)
        fields: list[float | None] = [None] if params.fields_t is None else [*params.fields_t]
        plan = [(field_t, float(bias_v)) for field_t in fields for bias_v in biases]
        done = 0 if state is None else int(np.asarray(state["done"]))
        block_s = params.block_s if state is None else float(np.asarray(state["block_s"]))
        table = np.empty((0, len(POINTS))) if state is None else np.asarray(state["table"])
        if state is None:
            rig.emit_row("reasons", np.arange(len(REASONS)))
            rig.emit_row("fit_reasons", np.arange(len(FIT_REASONS)))
        while done < len(plan):
            field_t, bias_v = plan[done]
            if field_t is not None:
                rig.fields[check_fields(rig, [field_t], "bias_sweep")].set_field_t(field_t)
            seen = singles.record(bias_v, block_s)
            found = rig.compute(list, map(flips_of, seen))
            next_s = longer_s(found, block_s, params.relative_error, params.max_block_s)
            if next_s is None:
                rows = np.array(
                    [
                        point_row(field_t or 0.0, one, flips, params.relative_error)
                        for one, flips in zip(seen, found, strict=True)
                    ]
                )
                rig.emit("points", rows)
                table = np.concatenate([table, rows])
                done += 1
            block_s = params.block_s if next_s is None else next_s
            yield Progress(
                {"done": done, "block_s": block_s, "table": table},
                done,
                len(plan),
                {"bias_v": bias_v, "flips": sum(one.transitions for one in found)},
            )
        if params.fields_t is not None:
            rig.fields[check_fields(rig, [], "bias_sweep")].off()
        fits = self._fits(rig, params, singles.junctions, table)
        return results_of(params, table, fits)

    def _plan(
        self, rig: Rig, params: BiasSweepParameters
    ) -> tuple[NDArray[np.float64], BiasedSingles]:
        junctions = wanted_singles(rig, params.cells, "bias_sweep")
        low_v, high_v = usual_bias_v(junctions)
        biases = np.linspace(
            0.4 * low_v if params.start_v is None else params.start_v,
            1.6 * high_v if params.stop_v is None else params.stop_v,
            params.points,
        )
        if len(np.unique(biases)) < 2 or (biases == 0.0).any():
            raise ParameterError(
                f"biases from {biases[0]:g} to {biases[-1]:g} V in {params.points} points: they "
                "must differ, and none may be 0, where no level shows"
            )
        if params.fields_t is not None:
            check_fields(rig, params.fields_t, "bias_sweep")
        largest_v = float(np.abs(biases).max())
        return biases, BiasedSingles(
            rig,
            junctions,
            largest_v,
            sample_rate_hz=params.sample_rate_hz,
            settle_s=params.settle_s,
        )

    def _fits(
        self,
        rig: Rig,
        params: BiasSweepParameters,
        junctions: tuple[SingleJunction, ...],
        table: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        rows = []
        for field_t in dict.fromkeys(table[:, 2]):
            for junction in junctions:
                cell = junction.cell
                mine = (table[:, 0] == cell.row) & (table[:, 1] == cell.column)
                mine &= table[:, 2] == field_t
                curves = Curves(table[mine], curvature=params.curvature)
                rows.append(curves.row(cell, field_t))
        rig.emit("fits", np.array(rows))
        return np.array(rows)
