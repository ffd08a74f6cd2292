"""A network whose layers lie on different fabrics."""

from collections.abc import Sequence

from mtjlab.learning.fabric import Activities, Array, Fabric, Precision
from mtjlab.learning.precision import of_parts


class Stack:
    """One fabric made of several: `Stack([(hidden, [0, 1]), (output, [2])])`.

    Args:
        parts: each with the layers of the network that it serves, ascending; together every layer
            once. A part counts its own layers from 0.

    Raises:
        ValueError: a layer is served twice or not at all, or a part has another number of layers.
    """

    def __init__(self, parts: Sequence[tuple[Fabric, Sequence[int]]]) -> None:
        self.parts = tuple(part for part, _ in parts)
        self._where: dict[int, tuple[Fabric, int]] = {}
        for part, layers in parts:
            if len(layers) != len(part.widths):
                raise ValueError(f"a fabric of {len(part.widths)} layers for {list(layers)}")
            for own, layer in enumerate(layers):
                if layer in self._where:
                    raise ValueError(f"layer {layer} has two fabrics")
                self._where[layer] = (part, own)
        if sorted(self._where) != list(range(len(self._where))):
            raise ValueError(f"layers {sorted(self._where)} have a fabric: one is missing")
        self.physical = any(part.physical for part in self.parts)
        # Whether the first layer takes inputs once that all reads share; see `HostSum`.
        self.sums_once = bool(getattr(self._where[0][0], "sums_once", False))
        self._parts = tuple(parts)

    @property
    def widths(self) -> tuple[int, ...]:
        """Nodes of each layer."""
        return tuple(
            self._where[layer][0].widths[self._where[layer][1]] for layer in sorted(self._where)
        )

    @property
    def precision(self) -> Precision | None:
        """Of all parts together; their noises are independent."""
        return of_parts([(part.precision, layers) for part, layers in self._parts])

    def begin(self, rows: int) -> None:
        """Announce `rows` presentations to every part."""
        for part in self.parts:
            part.begin(rows)

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Noisy activities of `layer`; see `Fabric.forward`."""
        part, own = self._where[layer]
        return part.forward(own, x, w, b)

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """The same without noise."""
        part, own = self._where[layer]
        return part.clean(own, x, w, b)

    def slope(self, layer: int, answer: Activities) -> Array:
        """See `Fabric.slope`."""
        part, own = self._where[layer]
        return part.slope(own, answer)
