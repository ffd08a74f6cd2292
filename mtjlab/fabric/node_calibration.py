"""What `node_noise` measures before learning: which junctions, their means, their noise."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import noise_ratio
from mtjlab.core.protocol import State, StateValue
from mtjlab.fabric.part import Seen
from mtjlab.fabric.survey import Survey


@dataclass(frozen=True)
class NodeCalibration:
    """All that learning needs of it.

    Attributes:
        chosen: (nodes,) index of each node's junction among the candidates.
        mean_v: (nodes,) mean voltage in the state used for learning, V.
        noise_ratio: (nodes,) junction noise over instrument noise; NaN where it has no value.
        slowest_tau_c_s: of the chosen junctions, s.
        notes: sentences for the results.
    """

    chosen: NDArray[np.int64]
    mean_v: NDArray[np.float64]
    noise_ratio: NDArray[np.float64]
    slowest_tau_c_s: float
    notes: tuple[str, ...]

    def state(self) -> dict[str, StateValue]:
        """Flat, for `Progress.state`."""
        return dict(vars(self)) | {"notes": json.dumps(self.notes)}

    @classmethod
    def from_state(cls, state: State) -> "NodeCalibration":
        """The one that `state()` was taken of."""
        fields: dict[str, Any] = {name: state[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"notes": tuple(json.loads(fields["notes"]))})


def noise_ratios(
    on_v: NDArray[np.float64], off_v: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[str]]:
    """Of each junction from its reads (reads, nodes) at the bias and at 0 V; with reasons."""
    found = [
        noise_ratio(float(a), float(b)) for a, b in zip(on_v.std(0), off_v.std(0), strict=True)
    ]
    values = np.array([np.nan if ratio.value is None else ratio.value for ratio in found])
    return values, sorted({f"noise_ratio: {r.reason}" for r in found if r.value is None})


def seen(
    survey: Survey,
    chosen: NDArray[np.int64],
    ratios: NDArray[np.float64],
    *,
    transactions: int,
) -> Seen:
    """For the run file: every junction that was looked at, and the traces of those in use.

    `transactions` are those of the calibration beside the survey.
    """
    node_of = {int(index): node for node, index in enumerate(chosen)}
    rows = []
    for index, (junction, telegraph) in enumerate(zip(survey.junctions, survey.found, strict=True)):
        node = node_of.get(index, -1)
        levels = telegraph.levels
        rows.append(
            (
                junction.cell.row,
                junction.cell.column,
                levels.low_v,
                levels.high_v,
                levels.occupancy_high,
                telegraph.rates.tau_c_s,
                ratios[node] if node >= 0 else np.nan,
                node,
            )
        )
    return Seen(
        junctions=np.array(rows, dtype=np.float64).reshape(-1, 8),
        traces_v=survey.traces_v[:, chosen].T,
        interval_s=survey.interval_s,
        transactions=survey.transactions + transactions,
    )
