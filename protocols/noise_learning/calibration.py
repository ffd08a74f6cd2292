"""What is measured before learning: which junctions, their means, their noise, their timing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import noise_ratio
from mtjlab.core.interfaces import Daq
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.node_noise import record, timing
from mtjlab.fabric.survey import Survey, survey
from protocols.noise_learning.parameters import NoiseLearningParameters


@dataclass(frozen=True)
class Calibration:
    """What was measured before learning, and all that learning needs of it.

    Attributes:
        chosen: (nodes,) index of each node's junction among the candidates.
        mean_v: (nodes,) mean voltage in the state used for learning, V.
        noise_ratio: (nodes,) junction noise over instrument noise; NaN where it has no value.
        slowest_tau_c_s: of the chosen junctions, s.
        smallest_batch: samples of the shortest batch of an epoch.
        spacing_s: wanted between successive reads of one junction, s.
        interval_s: between samples of the recorded traces, s.
        transactions: blocks the calibration took.
        notes: sentences for the results.
    """

    chosen: NDArray[np.int64]
    mean_v: NDArray[np.float64]
    noise_ratio: NDArray[np.float64]
    slowest_tau_c_s: float
    smallest_batch: int
    spacing_s: float
    interval_s: float
    transactions: int
    notes: tuple[str, ...]

    def state(self) -> dict[str, StateValue]:
        """Flat, for `Progress.state`."""
        flat = {f"calibration_{name}": value for name, value in vars(self).items()}
        return flat | {"calibration_notes": json.dumps(self.notes)}

    @classmethod
    def from_state(cls, state: State) -> "Calibration":
        """The calibration a run was learning with."""
        fields: dict[str, Any] = {
            name: state[f"calibration_{name}"] for name in cls.__dataclass_fields__
        }
        return cls(**fields | {"notes": tuple(json.loads(fields["notes"]))})


@dataclass(frozen=True)
class Found:
    """Calibration and the traces behind it."""

    calibration: Calibration
    survey: Survey


def calibrate(
    rig: Rig,
    daq: Daq,
    bias: CommonBias,
    candidates: Sequence[SingleJunction],
    params: NoiseLearningParameters,
    *,
    nodes: int,
    smallest_batch: int,
) -> Found:
    """Survey all junctions at the bias, choose one per node, measure means and noise ratio.

    Moves the bias to 0 V for the reference without junction noise and leaves it there.
    """
    bias.set(params.bias_v)
    seen = survey(daq, candidates, duration_s=params.survey_s, max_tau_c_s=params.max_tau_c_s)
    chosen = seen.choose(nodes)
    for index, reason in seen.masked.items():
        rig.notice("warning", f"junction {candidates[index].cell} masked: {reason}")
    slowest_s = max(seen.found[i].rates.tau_c_s for i in chosen)
    spacing_s = slowest_s * max(params.sample_spacing, params.pass_spacing / smallest_batch)
    when = timing(spacing_s, params.keep, daq.abilities, nodes)
    used = [candidates[i] for i in chosen]
    on_v, on = record(daq, used, params.reference_reads, when)
    bias.set(0.0)
    off_v, off = record(daq, used, params.reference_reads, when)
    notes: list[str] = []
    if params.junctions == "on":
        ratios = [
            noise_ratio(float(a), float(b)) for a, b in zip(on_v.std(0), off_v.std(0), strict=True)
        ]
        values = np.array([np.nan if r.value is None else r.value for r in ratios])
        notes += sorted({f"noise_ratio: {r.reason}" for r in ratios if r.value is None})
    else:
        values = np.zeros(nodes)
        notes.append(
            "junctions = off: the junctions were held at 0 V while learning, so whatever was "
            "learnt was NOT learnt from the junctions"
            + (" but from the instruments' own noise" if params.instrument_noise == "on" else "")
        )
    calibration = Calibration(
        chosen=np.array(chosen, dtype=np.int64),
        mean_v=(on_v if params.junctions == "on" else off_v).mean(axis=0),
        noise_ratio=values,
        slowest_tau_c_s=slowest_s,
        smallest_batch=smallest_batch,
        spacing_s=spacing_s,
        interval_s=seen.interval_s,
        transactions=seen.transactions + on.parts + off.parts,
        notes=tuple(notes),
    )
    rig.notice(
        "info",
        f"{nodes} of {len(candidates)} junctions in use, slowest tau_c {si(slowest_s, 's')}; "
        f"reads {si(when.spacing_s, 's')} apart",
    )
    return Found(calibration, seen)
