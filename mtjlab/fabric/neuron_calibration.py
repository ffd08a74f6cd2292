"""What neurons learn with: responses, timing, and whose noise it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import Correlation, correlation_of, noise_ratio
from mtjlab.core.protocol import State, StateValue
from mtjlab.fabric.neuron_response import Response
from mtjlab.fabric.neuron_timing import Turns
from mtjlab.fabric.neuron_wiring import NeuronWires
from mtjlab.fabric.reading import record
from mtjlab.fabric.timing import Timing

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """Raw readings at the operating points and at 0 V: same channels, rate and averaging.

    Attributes:
        noise_ratio: (n,), junction noise over instrument noise; NaN where it has no value.
        instrument_v: (n,), standard deviation at 0 V.
        correlation: between nodes that take turns on the junctions as in learning.
        transactions: blocks it took.
        notes: why a ratio has no value.
    """

    noise_ratio: Values
    instrument_v: Values
    correlation: Correlation
    transactions: int
    notes: tuple[str, ...]


def reference(
    wires: NeuronWires, bias_v: Values, when: Timing, widest: Turns, first: int, reads: int
) -> Reference:
    """Measure it for the junctions in use; the outputs end at `bias_v`.

    Args:
        wires: of these junctions, (n,).
        bias_v: their operating points, (n,), V.
        when: sampling of a step.
        widest: the layer whose nodes are correlated.
        first: number of its first node.
        reads: how many of each node.
    """
    wires.hold(bias_v)
    on_v, on = record(wires.reader, wires.junctions, reads * widest.groups, when)
    wires.hold(np.zeros_like(bias_v))
    off_v, off = record(wires.reader, wires.junctions, reads, when)
    wires.hold(bias_v)
    ratios = [
        noise_ratio(float(a), float(b)) for a, b in zip(on_v.std(0), off_v.std(0), strict=True)
    ]
    by_node = on_v[:, : widest.junctions].reshape(reads, -1)[:, : widest.nodes]
    covariance = np.atleast_2d(np.cov(by_node, rowvar=False))
    return Reference(
        np.array([np.nan if ratio.value is None else ratio.value for ratio in ratios]),
        off_v.std(axis=0),
        _numbered(correlation_of(covariance, reads), first),
        on.parts + off.parts,
        tuple(sorted({f"noise_ratio: {r.reason}" for r in ratios if r.value is None})),
    )


def _numbered(found: Correlation, first: int) -> Correlation:
    """With numbers of nodes for numbers of columns."""
    if found.first is None or found.second is None:
        return found
    return replace(found, first=found.first + first, second=found.second + first)


@dataclass(frozen=True)
class NeuronCalibration:
    """What learning needs of all that was measured.

    Attributes:
        chosen: (n,), the junctions in use among the candidates.
        response: of them.
        when: sampling of a step.
        noise_ratio, instrument_v: (n,); see `Reference`.
        correlation: likewise.
        notes: sentences for the results.
    """

    chosen: NDArray[np.intp]
    response: Response
    when: Timing
    noise_ratio: Values
    instrument_v: Values
    correlation: Correlation
    notes: tuple[str, ...]

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        flat: dict[str, StateValue] = {
            "chosen": self.chosen,
            "noise_ratio": self.noise_ratio,
            "instrument_v": self.instrument_v,
            "notes": json.dumps(self.notes),
        }
        for name, nested in self._nested():
            flat |= {f"{name}_{key}": value for key, value in vars(nested).items()}
        return flat

    def _nested(self) -> Sequence[tuple[str, Any]]:
        return (
            ("response", self.response),
            ("when", self.when),
            ("correlation", self.correlation),
        )

    @classmethod
    def from_state(cls, state: State) -> "NeuronCalibration":
        """The calibration that a run was learning with."""
        return cls(
            chosen=np.array(state["chosen"], dtype=np.intp),
            response=Response(**_part(Response, "response", state)),
            when=Timing(**_part(Timing, "when", state)),
            noise_ratio=np.array(state["noise_ratio"], dtype=np.float64),
            instrument_v=np.array(state["instrument_v"], dtype=np.float64),
            correlation=Correlation(**_part(Correlation, "correlation", state)),
            notes=tuple(json.loads(str(state["notes"]))),
        )


def _part(kind: Any, name: str, state: State) -> dict[str, Any]:
    return {field.name: state[f"{name}_{field.name}"] for field in fields(kind)}
