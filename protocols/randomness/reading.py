"""Blocks of junctions turned into bits, and what is kept of them for the results."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.randomness.bits import Bits
from mtjlab.analysis.randomness.whitening import von_neumann, xored
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.reading import record
from mtjlab.fabric.timing import Timing, timing
from protocols.randomness.junctions import Chosen
from protocols.randomness.parameters import RandomnessParameters

_BLOCK_S = 0.9
_ARRAYS = ("packed", "pending", "raw", "sums")
# Of what is summed over blocks.
BLOCKS, SECONDS, JUNCTIONS_J, ALL_J, PER_BIT_J, PER_BIT_SQUARE = range(6)


class Reading:
    """Bits read so far.

    Attributes:
        when: of the reads of one junction.
        packed: (bytes,), the bits behind XOR and von Neumann, eight to a byte.
        pending: (< 8,), those that do not fill a byte yet.
        raw: (used, 6) counts of raw bits: all, ones; pairs of successive ones, ones among the
            first and among the second of a pair, pairs of two ones.
        sums: over blocks: their number, seconds, J in the junctions, J with their resistors,
            J in the junctions per bit, and its square.
    """

    def __init__(
        self,
        rig: Rig,
        params: RandomnessParameters,
        junctions: tuple[SingleJunction, ...],
        bias: CommonBias,
        chosen: Chosen,
    ) -> None:
        """Nothing is read.

        Raises:
            ParameterError: the board cannot read that fast.
        """
        self._rig, self._params, self._chosen = rig, params, chosen
        self._used = [junctions[int(i)] for i in chosen.used]
        self._open_v = np.array([bias.behind_divider_v[int(i)] for i in chosen.used])
        self._series_ohm = np.array([j.series_ohm for j in self._used])
        first = self._used[0].read
        assert first is not None
        self._daq = rig.daqs[first.instrument]
        self.when: Timing = timing(
            params.sample_spacing * chosen.slowest_s, 1, self._daq.abilities, len(self._used)
        )
        self.packed: Bits = np.zeros(0, dtype=np.uint8)
        self.pending: Bits = np.zeros(0, dtype=np.uint8)
        self.raw = np.zeros((len(self._used), 6), dtype=np.int64)
        self.sums = np.zeros(6)

    @property
    def bits(self) -> Bits:
        """All of them, (n,)."""
        return np.concatenate([np.unpackbits(self.packed), self.pending])

    @property
    def count(self) -> int:
        """How many."""
        return 8 * len(self.packed) + len(self.pending)

    @property
    def done(self) -> bool:
        """Enough, or too long."""
        late = self.sums[SECONDS] >= self._params.max_duration_s
        return self.count >= self._params.bits or bool(late)

    def block(self) -> None:
        """Read one, of at most a second, and emit its bits."""
        began_s = self._rig.clock.now_s()
        volts, _ = record(self._daq, self._used, self._times(), self.when)
        seconds = self._rig.clock.now_s() - began_s
        signs = np.where(self._open_v < 0.0, -1.0, 1.0)
        raw = (signs * volts > self._chosen.threshold_v).astype(np.uint8)
        self._rig.emit("raw", np.packbits(raw, axis=0).ravel())
        self._count(raw)
        bits = xored(raw, self._chosen.depth, self._params.xor_of)
        bits = von_neumann(bits) if self._params.von_neumann else bits.ravel()
        current_a = (self._open_v - volts) / self._series_ohm
        own_j = seconds * float((volts * current_a).sum(axis=1).mean())
        all_j = seconds * float((self._open_v * current_a).sum(axis=1).mean())
        each_j = own_j / len(bits) if len(bits) else 0.0
        self.sums += [1.0, seconds, own_j, all_j, each_j, each_j**2]
        self._keep(bits)

    def flush(self) -> None:
        """The last bits as a byte, zeros behind them, for the file alone."""
        if len(self.pending):
            self._rig.emit("bits", np.packbits(self.pending))

    def state(self) -> dict[str, StateValue]:
        """All that is counted."""
        return {name: np.copy(getattr(self, name)) for name in _ARRAYS}

    def restore(self, state: State) -> None:
        """Go on from `state()`."""
        for name in _ARRAYS:
            setattr(self, name, np.array(state[name]))

    def _times(self) -> int:
        """Reads of each junction in the next block."""
        depth = 1 << self._chosen.depth
        unit = 8 * (depth if self._params.xor_of == "consecutive" else 1)
        missing = (self._params.bits - self.count) * depth / len(self._used)
        wanted = math.ceil(missing * (4.4 if self._params.von_neumann else 1.0) / unit)
        fitting = int(_BLOCK_S * self.when.step_rate_hz / unit)
        return unit * max(1, min(wanted, fitting))

    def _count(self, raw: Bits) -> None:
        first, second = raw[:-1], raw[1:]
        counts: list[NDArray[np.int64]] = [
            np.full(raw.shape[1], len(raw)),
            raw.sum(axis=0, dtype=np.int64),
            np.full(raw.shape[1], len(first)),
            first.sum(axis=0, dtype=np.int64),
            second.sum(axis=0, dtype=np.int64),
            (first & second).sum(axis=0, dtype=np.int64),
        ]
        self.raw += np.stack(counts, axis=1)

    def _keep(self, bits: Bits) -> None:
        joined = np.concatenate([self.pending, bits])
        whole = len(joined) // 8 * 8
        packed = np.packbits(joined[:whole])
        if len(packed):
            self._rig.emit("bits", packed)
        self.packed = np.concatenate([self.packed, packed])
        self.pending = joined[whole:]
