"""What becomes of weights between the computer that learns and the thing that carries them.

The learner's own ("shadow") weights stay float32. A thing may have few levels, a limited range,
and never the value it was told: `Programmed` stands between network and fabric and shows the
fabric what it would really hold.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning.fabric import Activities, Array, Fabric, Precision

_COUNTS = ("programmings", "limited", "told")


class Programmed:
    """A fabric whose weights and biases are programmed: in levels, and not exactly.

    A layer is programmed when it is asked with other numbers than it holds, and keeps what it got
    until then: all passes of a step see the same values. Each trial of a rule that moves weights
    is programmed anew.

    Args:
        fabric: what carries the weights.
        rng: of the programming noise; its state is the caller's to save.
        levels: L; a weight takes one of 2 L + 1 values, -limit .. limit. None: any value.
        limit: the largest weight and bias it can hold; values beyond are set there and counted.
            None: any, which levels do not allow.
        noise: sd of what is held about what was asked, in units of the weights; drawn for each
            weight at each programming.

    Attributes:
        programmings: of layers, so far.
        limited: weights and biases that were set to the limit, all programmings counted.
        told: weights and biases programmed, all programmings counted.

    Raises:
        ParameterError: an argument is out of its range.
    """

    def __init__(
        self,
        fabric: Fabric,
        rng: np.random.Generator,
        *,
        levels: int | None = None,
        limit: float | None = None,
        noise: float = 0.0,
    ) -> None:
        if levels is not None and levels < 1:
            raise ParameterError(f"weight_levels = {levels} must be at least 1 on each side of 0")
        if limit is not None and not 0.0 < limit < np.inf:
            raise ParameterError(f"weight_limit = {limit!r} must be positive and finite")
        if levels is not None and limit is None:
            raise ParameterError(
                f"weight_levels = {levels} need a range: give weight_limit, the weight of the "
                "highest level"
            )
        if not 0.0 <= noise < np.inf:
            raise ParameterError(f"programming_noise = {noise!r} must be 0 or a positive number")
        self.fabric = fabric
        self.physical = fabric.physical
        self.sums_once: bool = getattr(fabric, "sums_once", False)
        self.rng = rng
        self.levels = levels
        self.limit = limit
        self.noise = noise
        self.programmings = 0
        self.limited = 0
        self.told = 0
        self._asked: dict[int, tuple[Array, Array]] = {}
        self._held: dict[int, tuple[Array, Array]] = {}

    @property
    def widths(self) -> Sequence[int]:
        """Nodes of each layer."""
        return self.fabric.widths

    @property
    def precision(self) -> Precision | None:
        """That of the fabric."""
        return self.fabric.precision

    def begin(self, rows: int) -> None:
        """See `Fabric.begin`."""
        self.fabric.begin(rows)

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """See `Fabric.forward`; with what the fabric holds of w and b."""
        return self.fabric.forward(layer, x, *self.held(layer, w, b))

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """See `Fabric.clean`; with what the fabric holds of w and b."""
        return self.fabric.clean(layer, x, *self.held(layer, w, b))

    def slope(self, layer: int, answer: Activities) -> Array:
        """See `Fabric.slope`."""
        return self.fabric.slope(layer, answer)

    def held(self, layer: int, w: Array, b: Array) -> tuple[Array, Array]:
        """What `layer` holds when it was asked for w (m, n) and b (m,); not to be changed."""
        asked = self._asked.get(layer)
        if asked is None or not (np.array_equal(asked[0], w) and np.array_equal(asked[1], b)):
            self._asked[layer] = (w.copy(), b.copy())
            self._held[layer] = (self._program(w), self._program(b))
            self.programmings += 1
        return self._held[layer]

    def state(self) -> dict[str, NDArray[Any] | int]:
        """Counts, and for each layer `asked` and `held`: copies, flat."""
        saved: dict[str, NDArray[Any] | int] = {name: getattr(self, name) for name in _COUNTS}
        for kind, layers in (("asked", self._asked), ("held", self._held)):
            for layer, (w, b) in layers.items():
                saved[f"{kind}{layer}.w"] = w.copy()
                saved[f"{kind}{layer}.b"] = b.copy()
        return saved

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` returned."""
        for name in _COUNTS:
            setattr(self, name, int(state[name]))
        for kind, layers in (("asked", self._asked), ("held", self._held)):
            layers.clear()
            for layer in range(len(self.widths)):
                if f"{kind}{layer}.w" in state:
                    w, b = (
                        np.array(state[f"{kind}{layer}.{part}"], dtype=np.float32) for part in "wb"
                    )
                    layers[layer] = (w, b)

    def _program(self, values: Array) -> Array:
        self.told += values.size
        held = values.copy()
        if self.limit is not None:
            self.limited += int(np.count_nonzero(np.abs(values) > self.limit))
            np.clip(held, -self.limit, self.limit, out=held)
        if self.levels is not None and self.limit is not None:
            step = self.limit / self.levels
            held = (np.round(held / step) * step).astype(np.float32)
        if self.noise:
            held += np.float32(self.noise) * self.rng.standard_normal(held.shape, dtype=np.float32)
        return held


def programmed(
    fabric: Fabric,
    rng: np.random.Generator,
    *,
    levels: int | None = None,
    limit: float | None = None,
    noise: float = 0.0,
) -> Fabric:
    """`Programmed`; or the fabric itself where nothing of it is asked."""
    if levels is None and limit is None and noise == 0.0:
        return fabric
    return Programmed(fabric, rng, levels=levels, limit=limit, noise=noise)
