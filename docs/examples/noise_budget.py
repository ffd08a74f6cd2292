"""How much of what the board reads is the junctions' own noise: at the bias, and at 0 V."""

from typing import Annotated

import numpy as np
from pydantic import Field

from mtjlab.core.cells import Cells, wanted_singles
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity
from mtjlab.core.protocol import Progress, Stream
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.reading import one_board, record
from mtjlab.fabric.timing import Timing

COLUMNS = ("row", "column", "sd_on_v", "sd_off_v")


class NoiseBudgetParameters(Parameters):
    cells: Cells = Field(None, description="[row, column] of each junction; None: all single ones")
    repeats: Annotated[int, Ge(2), Le(10_000)] = Field(20, description="of both records")
    record_s: Annotated[float, Quantity("s"), Gt(0), Le(1)] = Field(
        0.02, description="length of each record"
    )


class NoiseBudget:
    parameters = NoiseBudgetParameters

    def resolve(self, params):
        return params

    def twin_overrides(self, params):
        return {}

    def streams(self, params, rig):
        self._place(rig, params)
        return [Stream("noise", "f8", (len(COLUMNS),), "", ",".join(COLUMNS))]

    def setup(self, rig, params):
        _, bias = self._place(rig, params)
        bias.prepare()

    def steps(self, rig, params, state):
        junctions, bias = self._place(rig, params)
        daq = rig.daqs[one_board(junctions)]
        rate_hz = min(200e3, daq.abilities.rate_limit_hz(len(junctions)))
        samples = max(10, round(params.record_s * rate_hz))
        cells = [(junction.cell.row, junction.cell.column) for junction in junctions]
        table = np.empty((0, len(COLUMNS))) if state is None else np.array(state["table"])
        done = len(table) // len(junctions)
        while done < params.repeats:
            spread_v = []
            for share in (1.0, 0.0):
                bias.set(share)
                traces_v, _ = record(daq, junctions, samples, Timing(rate_hz, 0, 1))
                spread_v.append(rig.compute(np.std, traces_v, axis=0))
            rows = np.column_stack([cells, *spread_v])
            rig.emit("noise", rows)
            table = np.concatenate([table, rows])
            done += 1
            seen = {"sd_on_v": float(spread_v[0].mean()), "sd_off_v": float(spread_v[1].mean())}
            yield Progress({"table": table}, done, params.repeats, seen)
        return self._results(table.reshape(done, len(junctions), len(COLUMNS)))

    def _place(self, rig, params):
        junctions = wanted_singles(rig, params.cells, "noise_budget")
        one_board(junctions)
        return junctions, CommonBias(rig, junctions)

    def _results(self, table):
        on, off = (table[..., column] ** 2 for column in (2, 3))
        share = 1.0 - off.mean(axis=0) / on.mean(axis=0)
        budget = [
            {"cell": [int(row), int(column)], "noise_share": float(own)}
            for (row, column), own in zip(table[0, :, :2], share, strict=True)
        ]
        dull = [one["cell"] for one in budget if one["noise_share"] < 0.5]
        notes = [f"{cell}: more than half of its noise is the instrument's" for cell in dull]
        return {"median_noise_share": float(np.median(share)), "budget": budget, "notes": notes}
