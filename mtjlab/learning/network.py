"""The numbers that are learnt: a stack of decorrelation and weights, with a fabric under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.crew import share
from mtjlab.learning.fabric import Activities, Fabric

Array = NDArray[np.float32]

# A batch of fewer numbers is shown again in full: nothing is saved, and its sums keep their bits.
_ONCE = 1 << 14


@dataclass
class Layer:
    """One layer, n inputs to m nodes; all float32, changed in place by the rules.

    Attributes:
        w: weights, (m, n).
        b: bias, (m,).
        r: decorrelation, (n, n); the identity until a rule moves it.
        c: offset of the decorrelated input, (n,); zero until a rule moves it.
    """

    w: Array
    b: Array
    r: Array
    c: Array


@dataclass(frozen=True)
class LayerPass:
    """What one layer saw and answered in S presentations.

    Attributes:
        decorrelated: x* = x R^T + c, (S, n); what the weights multiply. (B, n) in the first layer
            where all reads share it and the fabric sums once.
        activity, output: (S, m); see `Activities`.
    """

    decorrelated: Array
    activity: Array
    output: Array


class Network:
    """Layers of decorrelation R, c and weights W, b. The activation is the fabric's.

    Weights start as scale x N(0, 1/n), biases at 0.

    Args:
        widths: inputs, hidden nodes of each layer, outputs; such as (4, 8, 3).
        rng: of the first weights.
        decorrelate: whether R and c are used; without, x* is x and no time is spent.
        scale: of the first weights; 3^-0.5 is the spread of uniform ones in -n^-0.5 .. n^-0.5.
    """

    def __init__(
        self,
        widths: Sequence[int],
        rng: np.random.Generator,
        *,
        decorrelate: bool,
        scale: float = 1.0,
    ) -> None:
        if len(widths) < 2 or any(width < 1 for width in widths):
            raise ValueError(f"widths = {tuple(widths)} must be two or more positive numbers")
        self.widths = tuple(widths)
        self.decorrelate = decorrelate
        self._spare: dict[int, Array] = {}
        self.layers = [
            Layer(
                w=rng.standard_normal((m, n), dtype=np.float32) / np.float32(np.sqrt(n) / scale),
                b=np.zeros(m, dtype=np.float32),
                r=np.eye(n, dtype=np.float32),
                c=np.zeros(n, dtype=np.float32),
            )
            for n, m in zip(self.widths[:-1], self.widths[1:], strict=True)
        ]

    @property
    def nodes(self) -> int:
        """N, noisy nodes in all layers."""
        return sum(self.widths[1:])

    def spare(self, layer: int) -> Array:
        """Memory of the shape of the layer's weights, for a gradient; what is in it may be lost.

        The same at every call: memory that is new costs as much as what is done with it.
        """
        if layer not in self._spare:
            self._spare[layer] = np.empty_like(self.layers[layer].w)
        return self._spare[layer]

    def parameters(self) -> dict[str, Array]:
        """What an optimiser moves: `layerL.w` and `layerL.b`, the arrays themselves."""
        named: dict[str, Array] = {}
        for index, layer in enumerate(self.layers):
            named[f"layer{index}.w"] = layer.w
            named[f"layer{index}.b"] = layer.b
        return named

    def forward(self, fabric: Fabric, x: Array, *, repeats: int = 1) -> list[LayerPass]:
        """Present all rows of x, then all rows again, `repeats` times in all, through the fabric.

        Args:
            fabric: `begin` is called once with the number of presentations, then each layer once.
            x: (B, n).
            repeats: K; S = K B.

        Returns:
            One pass per layer; row k B + s belongs to read k of sample s.
        """
        fabric.begin(repeats * len(x))
        passes: list[LayerPass] = []
        # All reads share the input, so its decorrelation is computed once.
        seen = self._decorrelated(0, x)
        if not (getattr(fabric, "sums_once", False) and seen.size >= _ONCE):
            seen = np.tile(seen, (repeats, 1))
        for index, layer in enumerate(self.layers):
            found = _in_rows(seen, fabric.forward(index, seen, layer.w, layer.b))
            passes.append(found)
            if index + 1 < len(self.layers):
                seen = self._decorrelated(index + 1, found.output)
        return passes

    def forward_clean(self, fabric: Fabric, x: Array) -> Array:
        """Logits (B, classes) of the fabric's noiseless model; touches no instrument."""
        return self.clean_passes(fabric, x)[-1].output

    def clean_passes(self, fabric: Fabric, x: Array) -> list[LayerPass]:
        """What every layer of the fabric's noiseless model sees and answers, one row a sample."""
        passes: list[LayerPass] = []
        for index, layer in enumerate(self.layers):
            seen = self._decorrelated(index, x)
            passes.append(_in_rows(seen, fabric.clean(index, seen, layer.w, layer.b)))
            x = passes[-1].output
        return passes

    def state(self) -> dict[str, NDArray[Any]]:
        """A copy of everything learnt, by name; R and c only where they are used."""
        named = {name: array.copy() for name, array in self._arrays().items()}
        return dict(named)

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `state()` returned; shapes must be those of this network."""
        for name, array in self._arrays().items():
            if state[name].shape != array.shape:
                raise ValueError(f"{name}: saved {state[name].shape}, here {array.shape}")
            array[...] = state[name]

    def _arrays(self) -> dict[str, Array]:
        named = self.parameters()
        if self.decorrelate:
            for index, layer in enumerate(self.layers):
                named[f"layer{index}.r"] = layer.r
                named[f"layer{index}.c"] = layer.c
        return named

    def _decorrelated(self, index: int, x: Array) -> Array:
        if not self.decorrelate:
            return x
        layer = self.layers[index]
        decorrelated = np.empty_like(x, dtype=np.float32)

        def some(first: int, end: int) -> None:
            columns = decorrelated[:, first:end]
            np.matmul(x, layer.r[first:end].T, out=columns)
            columns += layer.c[first:end]

        share(x.shape[1], some, operations=2 * x.size * x.shape[1])
        return decorrelated


def _in_rows(seen: Array, answer: Activities) -> LayerPass:
    """The answer row after row in memory; copied only where it is not.

    A fabric may hand back every other sample of a block, or channels by columns. Kernels want
    rows, and a product of other strides may be summed in another order, with other bits.
    """
    return LayerPass(
        seen, np.ascontiguousarray(answer.activity), np.ascontiguousarray(answer.output)
    )
