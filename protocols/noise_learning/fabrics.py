"""From names of fabrics to parts on the bench, and to the one fabric that the network sees."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mtjlab.core import plugins
from mtjlab.core.cells import Cells, wanted
from mtjlab.core.errors import ParameterError, nearest
from mtjlab.core.parameters import Parameters, from_texts
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell
from mtjlab.fabric.part import LayerShape, Part, Sampling
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.stack import Stack
from protocols.noise_learning.parameters import NoiseLearningParameters

# Who needs particular junctions chooses first; what can live on any comes last.
_FIRST = ("crossbar", "neuron")
_LAST = "node_noise"

# Parameters of the run that are handed on to the fabrics that have such an option.
HANDED_ON = ("activation", "bias_v", "unit_v")


@dataclass(frozen=True)
class Placed:
    """A part and the layers of the network that it serves.

    Attributes:
        name: as the user wrote it.
        part: the fabric.
        layers: of the network, ascending.
        nodes: of the network, in the order in which the part counts its own.
    """

    name: str
    part: Part
    layers: tuple[int, ...]
    nodes: tuple[int, ...]


def by_layer(fabric: str | Sequence[str], layers: int) -> tuple[str, ...]:
    """The name for each layer; neurons alone leave the output to `node_noise`.

    Raises:
        ParameterError: a list of another length.
    """
    if fabric == "neuron":
        return ("neuron",) * (layers - 1) + ("node_noise",)
    if isinstance(fabric, str):
        return (fabric,) * layers
    if len(fabric) != layers:
        raise ParameterError(
            f"fabric names {len(fabric)} layers ({', '.join(fabric) or 'none'}); the network has "
            f"{layers}: one for each hidden layer and one for the output"
        )
    return tuple(fabric)


def kind_of(name: str) -> type[Part]:
    """The class behind a fabric's name, without its argument.

    Raises:
        ParameterError: unknown, with the nearest; or a plug-in that does not load.
    """
    kind: type[Part] = plugins.load("fabrics", name.partition(":")[0], error=ParameterError)
    return kind


def settled_options(params: NoiseLearningParameters, layers: int) -> dict[str, dict[str, Any]]:
    """Every option of every fabric in use, checked and with its default.

    Raises:
        ParameterError: options of a fabric that is not in use, or that it does not have.
    """
    names = _bases(by_layer(params.fabric, layers))
    for name in params.options:
        if name not in names:
            raise ParameterError(
                f"options of {name!r}, but the fabric is {', '.join(names)}; {nearest(name, names)}"
            )
    return {
        base: _options(name, params).model_dump(mode="json", exclude={"argument"})
        for name in by_layer(params.fabric, layers)
        for base in (name.partition(":")[0],)
    }


def without_use(params: NoiseLearningParameters, layers: int) -> list[str]:
    """Parameters that would be handed on, were there a fabric with such an option."""
    models = [kind_of(name).options for name in _bases(by_layer(params.fabric, layers))]
    return [name for name in HANDED_ON if not any(name in m.model_fields for m in models)]


def _options(name: str, params: NoiseLearningParameters) -> Parameters:
    """What the user said of the fabric, else what the run says, else the fabric's own defaults."""
    base, colon, argument = name.partition(":")
    model = kind_of(base).options
    values = {
        field: getattr(params, field)
        for field in HANDED_ON
        if field in model.model_fields and getattr(params, field) is not None
    }
    said = params.options.get(base, {})
    values |= {field: value for field, value in said.items() if value is not None}
    if colon and "argument" not in model.model_fields:
        raise ParameterError(f"fabric {name!r}: {base} takes nothing after a colon")
    if colon:
        values["argument"] = argument
    return from_texts(model, values, of=f"fabric {base}")


def shapes(widths: Sequence[int]) -> tuple[LayerShape, ...]:
    """Every layer of a network of these widths."""
    last = len(widths) - 2
    return tuple(
        LayerShape(index, inputs, nodes, index == last)
        for index, (inputs, nodes) in enumerate(pairwise(widths))
    )


def place(
    rig: Rig, params: NoiseLearningParameters, widths: Sequence[int], sampling: Sampling
) -> tuple[Placed, ...]:
    """One part for each fabric, built in the order of their claims; touches no instrument.

    Raises:
        BenchError: the wiring cannot serve a part.
        ParameterError: options or sampling ask for what cannot be.
    """
    layers = shapes(widths)
    names = by_layer(params.fabric, len(layers))
    firsts = [sum(layer.nodes for layer in layers[:index]) for index in range(len(layers))]
    claimed = kept_out(rig, params.cells)
    placed = []
    for name in sorted(dict.fromkeys(names), key=_turn):
        own = [layer for layer, of in zip(layers, names, strict=True) if of == name]
        part = kind_of(name)(rig, own, sampling, _options(name, params), claimed)
        claimed |= part.cells
        nodes = [firsts[layer.index] + node for layer in own for node in range(layer.nodes)]
        placed.append(Placed(name, part, tuple(layer.index for layer in own), tuple(nodes)))
    return tuple(placed)


def kept_out(rig: Rig, cells: Cells) -> frozenset[Cell]:
    """Junctions that no part may use: all but `cells`; of an array, if none of it is among them.

    Raises:
        ParameterError, BenchError: no cell, or one that is not wired.
    """
    if cells is None:
        return frozenset()
    allowed = set(wanted(rig, cells))
    # An array is used as a whole: its columns cannot leave a junction out.
    whole = {c for array in rig.wiring.arrays if allowed & set(array.cells) for c in array.cells}
    return frozenset(rig.wiring.cells) - allowed - whole


def together(placed: Sequence[Placed]) -> Fabric:
    """The one fabric that the network sees."""
    if len(placed) == 1:
        return placed[0].part
    return Stack([(one.part, one.layers) for one in placed])


def _bases(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition(":")[0] for name in names))


def _turn(name: str) -> int:
    base = name.partition(":")[0]
    if base in _FIRST:
        return _FIRST.index(base)
    return len(_FIRST) + (base == _LAST)
