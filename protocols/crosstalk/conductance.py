"""Mean conductance of each junction of a driven row or cell, and where it depends on position."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.memory import memory_of
from mtjlab.core.wiring import ArrayWiring
from protocols.crosstalk.groups import Group

CELLS = (
    "row",
    "column",
    "floating",
    "bias_v",
    *(f"conductance_s{end}" for end in ("", "_low", "_high")),
    "leak",
)
_FEWEST = 8


def cells_of(
    group: Group,
    traces_v: NDArray[np.float64],
    quiet_v: NDArray[np.float64],
    row_a: float,
    accuracy: float,
) -> NDArray[np.float64]:
    """(k, columns): current over voltage between the row as its source sees it and the column.

    Args:
        group: a row or a cell.
        traces_v: (n, k), V at the amplifiers.
        quiet_v: (m, k), at 0 V.
        row_a: current of the row by its meter, A; nan: that of its columns together.
        accuracy: relative error of the instruments.
    """
    array = group.array
    assert array is not None
    signal_v = quiet_v.mean(axis=0) - traces_v.mean(axis=0)
    current_a = signal_v / array.tia_ohm
    total_a = abs(row_a) if math.isfinite(row_a) else float(current_a.sum())
    row_v = group.bias_v - array.series_ohm * total_a
    rows = []
    for index, cell in enumerate(group.cells):
        errors = [
            float(trace.std()) * math.sqrt(memory_of(trace) / len(trace))
            for trace in (traces_v[:, index], quiet_v[:, index])
        ]
        value = float(current_a[index]) / row_v
        half = 1.96 * math.hypot(*errors) / array.tia_ohm / row_v
        # An error of the row's current counts as often as the series resistor takes of the bias.
        relative = accuracy * (1.0 + array.series_ohm * total_a / row_v)
        spread = math.hypot(half, abs(value) * relative)
        rows.append(
            (
                cell.row,
                cell.column,
                group.unselected == "float",
                group.bias_v,
                value,
                value - spread,
                value + spread,
                math.nan,
            )
        )
    return np.array(rows, dtype=np.float64)


def leaks(array: ArrayWiring, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each junction's current that goes to the other rows instead of the amplifier, (n,).

    Computed from the conductances of its column and the wires of the bench file; the other rows
    are at ground behind their series resistors.
    """
    found = np.full(len(table), np.nan)
    for index, (row, column) in enumerate(table[:, :2].astype(int)):
        same = (table[:, 1] == column) & (table[:, 0] != row)
        others_s = table[same, 4].sum() * (len(array.rows) - 1) / max(int(same.sum()), 1)
        down = len(array.rows) - array.rows.index(row)
        behind_ohm = array.tia_input_ohm + array.column_wire_ohm * down
        found[index] = others_s * behind_ohm / (1.0 + others_s * behind_ohm)
    return found


def against_position(array: ArrayWiring, table: NDArray[np.float64]) -> tuple[Estimate, Estimate]:
    """Resistance of a segment of row and of column, ohm, from resistances against position.

    The spread of the junctions is the noise of this fit, and usually large against a segment.
    """
    row = np.array([array.rows.index(int(r)) for r in table[:, 0]])
    column = np.array([array.columns.index(int(c)) for c in table[:, 1]])
    known = table[:, 4] > 0.0
    width = np.arange(len(array.columns))
    # With equal currents in all junctions of a row.
    along = np.array([(np.minimum(c, width) + 1).sum() for c in column])
    down = len(array.rows) - row
    design = np.column_stack([np.ones(len(table)), along, down])[known].astype(np.float64)
    if len(design) < _FEWEST or np.linalg.matrix_rank(design) < 3:
        nothing = Estimate.none(
            f"{len(design)} junctions: {_FEWEST} in several rows and columns are needed"
        )
        return nothing, nothing
    resistance = 1.0 / table[known, 4]
    inverse = np.linalg.inv(design.T @ design)
    fit = inverse @ design.T @ resistance
    dof = len(design) - 3.0
    left = resistance - design @ fit
    error = np.sqrt(float(left @ left) / dof * np.diag(inverse))
    return (
        Estimate.normal(float(fit[1]), float(error[1]), dof=dof),
        Estimate.normal(float(fit[2]), float(error[2]), dof=dof),
    )
