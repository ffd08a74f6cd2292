"""One step of `rv_tmr`: resistances of one level at one bias, by the telegraph or held by a field.

By the telegraph a step is one bias of all junctions; by the field one junction at one field.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.resistance import resistance_of_divider
from mtjlab.core.cells import wanted_singles
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell
from mtjlab.fabric.biased_singles import BiasedSingles, Recorded, check_fields, usual_bias_v
from mtjlab.fabric.flips import flips_of
from mtjlab.fabric.metered import CURRENT, VOLTAGE, Metered, Meters, alone
from protocols.rv_tmr.parameters import RvTmrParameters

STATES = (
    "row",
    "column",
    "field_t",
    "level",
    "bias_v",
    "voltage_v",
    "resistance_ohm",
    "resistance_ohm_low",
    "resistance_ohm_high",
)
# Level of a telegraph: lower and upper resistance; of a field: which of the two fields.
LEVEL = STATES.index("level")


@dataclass(frozen=True)
class Way:
    """How the states are measured on this bench.

    Attributes:
        cells: the junctions.
        prepare: brings the bench to 0 V, switched on.
        steps: each gives rows of `STATES`.
        end: takes the field away.
    """

    cells: tuple[Cell, ...]
    prepare: Callable[[], None]
    steps: tuple[Callable[[], NDArray[np.float64]], ...]
    end: Callable[[], None]


def way(rig: Rig, params: RvTmrParameters) -> Way:
    """Choose by the parameters.

    Raises:
        BenchError: the bench has not what this way needs.
        ParameterError: biases that are none.
    """
    return _by_telegraph(rig, params) if params.field_t is None else _by_field(rig, params)


def _biases(params: RvTmrParameters, usual_v: tuple[float, float]) -> NDArray[np.float64]:
    biases = np.linspace(
        0.5 * usual_v[0] if params.start_v is None else params.start_v,
        1.8 * usual_v[1] if params.stop_v is None else params.stop_v,
        params.points,
    )
    if len(np.unique(biases)) < 2 or np.isclose(biases, 0.0, atol=1e-6).any():
        raise ParameterError(
            f"biases from {biases[0]:g} to {biases[-1]:g} V in {params.points} points: they must "
            "differ, and none may be 0, where no resistance shows"
        )
    return biases


def _by_telegraph(rig: Rig, params: RvTmrParameters) -> Way:
    junctions = wanted_singles(rig, params.cells, "rv_tmr")
    biases = _biases(params, usual_bias_v(junctions))
    singles = BiasedSingles(
        rig,
        junctions,
        float(np.abs(biases).max()),
        sample_rate_hz=params.sample_rate_hz,
        settle_s=params.settle_s,
    )

    def step(bias_v: float) -> NDArray[np.float64]:
        seen = singles.record(bias_v, params.block_s)
        return rig.compute(lambda: np.array([row for one in seen for row in _levels(one)]))

    return Way(
        tuple(junction.cell for junction in junctions),
        singles.prepare,
        tuple(lambda v=float(v): step(v) for v in biases),  # type: ignore[misc]
        lambda: None,
    )


def _levels(one: Recorded) -> list[list[float]]:
    """Lower and upper level of one trace."""
    found = flips_of(one)
    cell, rows = one.junction.cell, []
    for number, level in enumerate((found.level_p_v, found.level_ap_v)):
        ohm = resistance_of_divider(level, one.bias_v, one.junction.series_ohm)
        rows.append(
            [cell.row, cell.column, 0.0, number, one.bias_v, level.value, *_ends(ohm)],
        )
    return rows


def _by_field(rig: Rig, params: RvTmrParameters) -> Way:
    assert params.field_t is not None
    targets = alone(rig, params.cells, "rv_tmr with field_t")
    usual_v = usual_bias_v([rig.wiring.single(one.cells[0]) for one in targets])
    biases = _biases(params, usual_v)
    meters = Meters(rig, targets, float(np.abs(biases).max()), nplc=params.nplc)
    coil = rig.fields[check_fields(rig, [params.field_t], "rv_tmr with field_t")]

    def step(number: int, field_t: float, target: Metered) -> NDArray[np.float64]:
        coil.set_field_t(field_t)
        read = meters.sweep(target, np.tile(biases, params.repeats), params.settle_s)
        each = read.reshape(params.repeats, len(biases), -1)
        return np.array(
            [
                [
                    target.cells[0].row,
                    target.cells[0].column,
                    field_t,
                    number,
                    bias_v,
                    each[:, i, VOLTAGE].mean(),
                    *_ends(_mean(each[:, i, VOLTAGE] / each[:, i, CURRENT])),
                ]
                for i, bias_v in enumerate(biases)
            ]
        )

    def prepare() -> None:
        meters.prepare()
        coil.set_field_t(0.0)

    plan = [
        (number, field_t, target)
        for number, field_t in enumerate((params.field_t, -params.field_t))
        for target in targets
    ]
    return Way(
        tuple(one.cells[0] for one in targets),
        prepare,
        tuple(lambda todo=todo: step(*todo) for todo in plan),  # type: ignore[misc]
        coil.off,
    )


def _mean(values: NDArray[np.float64]) -> Estimate:
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    return Estimate.normal(float(values.mean()), error, dof=len(values) - 1.0)


def _ends(one: Estimate) -> tuple[float, float, float]:
    return one.value, one.low, one.high
