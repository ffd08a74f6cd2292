"""The slow view of a fast trace: extremes, mean and running levels, which keep every spike."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Rig, State, StateValue
from protocols.telegraph.running import Running

KINDS = ("min", "max", "mean", "low", "high")


class Summary:
    """Emits a row of each kind for every `per_row` samples."""

    def __init__(
        self, rig: Rig, per_row: int, running: Running, state: State | None, junctions: int
    ) -> None:
        """`state` None begins afresh."""
        self._rig, self._per_row, self._running = rig, per_row, running
        self._rest = (
            np.empty((0, junctions))
            if state is None
            else np.array(state["summary_rest"], dtype=np.float64).reshape(-1, junctions)
        )

    def add(self, values_v: NDArray[np.float64], *, last: bool) -> None:
        """The next (n, k) samples; at the end also what does not fill a row."""
        values_v = np.concatenate([self._rest, values_v])
        whole = len(values_v) // self._per_row * self._per_row
        pieces = [
            values_v[start : start + self._per_row] for start in range(0, whole, self._per_row)
        ]
        self._rest = values_v[whole:]
        if last and len(self._rest):
            pieces.append(self._rest)
        if not pieces:
            return
        rows = [
            np.stack([p.min(0), p.max(0), p.mean(0), *self._running.levels_of(p)]) for p in pieces
        ]
        for kind, values in zip(KINDS, np.stack(rows, axis=1), strict=True):
            self._rig.emit(f"summary_{kind}", values)

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        return {"summary_rest": self._rest}
