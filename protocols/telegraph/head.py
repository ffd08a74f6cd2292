"""The beginning of a trace, kept until it is there and can be analysed."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import State


class Head:
    """Grows by whole pieces until there are `wanted` samples.

    A checkpoint takes `values_v` as it is, tens of megabytes: what is written once never changes.
    """

    def __init__(self, wanted: int, piece: int, state: State | None, junctions: int) -> None:
        """`state` None begins afresh."""
        self._wanted = wanted
        self._table = np.empty((wanted + piece, junctions))
        self._samples = 0
        if state is not None:
            self.add(np.array(state["head"]).reshape(-1, junctions))

    @property
    def values_v(self) -> NDArray[np.float64]:
        """(n, k), what is there."""
        return self._table[: self._samples]

    @property
    def whole(self) -> bool:
        """It is as long as was wanted."""
        return self._samples >= self._wanted

    def add(self, values_v: NDArray[np.float64]) -> None:
        """The next (n, k) samples, at most a piece."""
        end = self._samples + len(values_v)
        self._table[self._samples : end] = values_v
        self._samples = end

    def forget(self) -> None:
        """It has been analysed."""
        self._table = self._table[:0].copy()
        self._samples = 0
