"""Noise of a junction that was recorded earlier, shared out among the nodes of a network.

    with open_trace("recording/") as trace:                      # mtjlab.store
        noise = Recorded(11, trace, stride=17, mean_v=0.042, unit_v=0.1, step_rows=20)
        fabric = HostSum((8, 3), noise)

One recording is one junction; a network has many nodes. The map from samples to nodes and rows
(presentations) is fixed, and `sample_of` tells it. The recording is read in pieces of
`nodes x rows x stride` samples, each of which serves `stride x rows` rows and uses every sample
once: with f the phase and k the row within the phase,

    independent   sample = start + (j rows + k) stride + f     node j has a stretch of its own
    serial        sample = start + (k nodes + j) stride + f    the nodes follow each other in time

Successive reads of a node are `stride` samples apart (serial: `nodes x stride`). In the serial
order, that of the published code with stride 1, neighbouring nodes are correlated by what is left
of the noise after `stride` samples: choose it large, or give the fabric a precision that undoes it.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.learning.fabric import Array

Order = Literal["independent", "serial"]

PIECE_SAMPLES = 2**22
_BLOCK_SAMPLES = 2**20
_BLOCK_NODES = 64


class Recording(Protocol):
    """A voltage sampled at equal times; `mtjlab.store.traces.Trace` is one, an array in memory too.

    Attributes:
        samples: how many there are.
        interval_s: between them, s.
    """

    @property
    def samples(self) -> int:
        """See the class."""
        ...

    @property
    def interval_s(self) -> float:
        """See the class."""
        ...

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V; cheapest in ascending order."""
        ...


class Recorded:
    """A noise source `noise(rows) -> (rows, nodes)`, in units of the activity, for `HostSum`.

    At the end of the recording it begins again: with the independent order the stretch of node
    j then goes to node j - 1, so that no node sees its own noise twice before all have; with
    the serial order the rows repeat. `laps` counts.

    Args:
        nodes: N.
        recording: read from as needed; must stay open.
        order: see the module.
        stride: samples between successive reads of one node (independent) or from node to node
            (serial), >= 1.
        mean_v: of the recording, V; taken off.
        unit_v: volts per unit of activity, > 0.
        step_rows: rows of one learning step, all passes (K x batch). Rows of one step never share
            a sample and are never closer than `stride` - 1 samples on one node.

    Attributes:
        row: rows given so far.
        rows_per_lap: rows that the recording gives before it begins again.
        read_spacing_s: between successive reads of one node, s.
        node_spacing_s: between the reads of neighbouring nodes for one row, s.

    Raises:
        DataError: the recording is too short; the text has the number of samples needed.
        ParameterError: an argument out of its range.
    """

    def __init__(
        self,
        nodes: int,
        recording: Recording,
        *,
        order: Order = "independent",
        stride: int = 1,
        mean_v: float,
        unit_v: float,
        step_rows: int = 2,
    ) -> None:
        for name, count in (("nodes", nodes), ("stride", stride), ("step_rows", step_rows)):
            if count < 1:
                raise ParameterError(f"{name} = {count} must be at least 1")
        if not unit_v > 0.0:
            raise ParameterError(f"unit_v = {unit_v!r} V must be positive")
        if order not in ("independent", "serial"):
            raise ParameterError(f"order = {order!r}: known are 'independent' and 'serial'")
        self.nodes = nodes
        self.order: Order = order
        self.stride = stride
        self.mean_v = mean_v
        self.unit_v = unit_v
        self._recording = recording
        rows = recording.samples // (nodes * stride)
        if rows < step_rows:
            raise DataError(
                f"the recording has {recording.samples} samples; {nodes} nodes, {step_rows} rows "
                f"per learning step and reads {stride} samples apart need at least "
                f"{nodes * step_rows * stride}. Record for longer, or take fewer nodes, a smaller "
                "batch or a smaller stride"
            )
        self._pieces = max(1, rows // max(step_rows, PIECE_SAMPLES // (nodes * stride)))
        self._rows = rows // self._pieces
        self.rows_per_lap = self._pieces * self._rows * stride
        between = stride * recording.interval_s
        independent = order == "independent"
        self.read_spacing_s = between if independent else between * nodes
        self.node_spacing_s = between * self._rows if independent else between
        self.row = 0
        self._held = -1
        self._table = np.zeros((0, nodes), dtype=np.float32)

    @property
    def laps(self) -> int:
        """How often the recording has been used up."""
        return self.row // self.rows_per_lap

    def __call__(self, rows: int) -> Array:
        """The next `rows` rows, (rows, N), float32; reads on where it must."""
        noise = np.empty((rows, self.nodes), dtype=np.float32)
        per_piece = self._rows * self.stride
        done = 0
        while done < rows:
            piece, first = divmod(self.row, per_piece)
            count = min(rows - done, per_piece - first)
            noise[done : done + count] = self._piece(piece)[first : first + count]
            self.row += count
            done += count
        return noise

    def sample_of(self, row: int, node: int) -> int:
        """Which sample of the recording perturbs `node` in `row`, counted from the first call."""
        piece, rest = divmod(row, self._rows * self.stride)
        phase, k = divmod(rest, self._rows)
        lap, piece = divmod(piece, self._pieces)
        start = piece * self.nodes * self._rows * self.stride
        if self.order == "serial":
            return start + (k * self.nodes + node) * self.stride + phase
        stretch = (node + lap) % self.nodes
        return start + (stretch * self._rows + k) * self.stride + phase

    def state(self) -> dict[str, int]:
        """The position; with the same recording and arguments all that `restore` needs."""
        return {"row": self.row}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state()`."""
        self.row = int(state["row"])

    def _piece(self, number: int) -> Array:
        """All rows of a piece, counted over the laps, (stride x rows, N)."""
        if number != self._held:
            lap, piece = divmod(number, self._pieces)
            samples = self._read(piece * self.nodes * self._rows * self.stride)
            if self.order == "serial":
                shared = samples.reshape(self._rows, self.nodes, self.stride).transpose(2, 0, 1)
                table = shared.reshape(-1, self.nodes)
            else:
                table = self._stretches(samples)
                if lap % self.nodes:
                    table = np.roll(table, -(lap % self.nodes), axis=1)
            self._table, self._held = table, number
        return self._table

    def _stretches(self, samples: Array) -> Array:
        """A stretch a node, (stride x rows, N)."""
        stretches = samples.reshape(self.nodes, self._rows, self.stride)
        table = np.empty((self.stride, self._rows, self.nodes), dtype=np.float32)
        # Some nodes at a time stay in the cache: three times faster than all at once.
        for first in range(0, self.nodes, _BLOCK_NODES):
            some = slice(first, first + _BLOCK_NODES)
            table[:, :, some] = stretches[some].transpose(2, 1, 0)
        return table.reshape(-1, self.nodes)

    def _read(self, start: int) -> Array:
        count = self.nodes * self._rows * self.stride
        activity = np.empty(count, dtype=np.float32)
        for first in range(0, count, _BLOCK_SAMPLES):
            block = self._recording.read(start + first, min(_BLOCK_SAMPLES, count - first))
            activity[first : first + len(block)] = (block - self.mean_v) / self.unit_v
        return activity
