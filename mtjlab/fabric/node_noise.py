"""Fabric `node_noise`: the host computes each sum, a junction at constant bias lends its noise.

    a = x W^T + b + (V_j - V0_j) / unit,    output = tanh(a), logits = a on the last layer

V_j is the voltage of node j's own junction, averaged over `keep` samples; V0_j its mean at the
bias. The noise does not depend on the signal, so one hardware-timed block serves all nodes of all
layers and all passes of a step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import Correlation, correlation_of
from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.interfaces import Block, Daq, DaqAbilities
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.learning.fabric import Array
from mtjlab.learning.host_sum import HostSum

# A constant channel leaves the rounding of its mean in the sums, never this much.
ROUNDING_V = 1e-9


@dataclass(frozen=True)
class Timing:
    """When one junction is read: `keep` samples at the end of every step.

    Attributes:
        step_rate_hz: reads of one junction per second.
        settle, keep: samples dropped and averaged per step.
    """

    step_rate_hz: float
    settle: int
    keep: int

    @property
    def spacing_s(self) -> float:
        """Between successive reads of one junction, s."""
        return 1.0 / self.step_rate_hz


def timing(spacing_s: float, keep: int, abilities: DaqAbilities, inputs: int) -> Timing:
    """The slowest sampling that reads every `spacing_s` and averages `keep` samples per read.

    Raises:
        ParameterError: the board cannot sample that fast; the text has the reachable spacing.
    """
    fastest_hz = abilities.rate_limit_hz(inputs)
    if keep / fastest_hz > spacing_s:
        raise ParameterError(
            f"reads {si(spacing_s, 's')} apart with keep = {keep} need "
            f"{si(keep / spacing_s, 'S/s')} per input; this board reaches "
            f"{si(fastest_hz, 'S/s')} with {inputs} inputs. Reachable: "
            f"{si(keep / fastest_hz, 's')} or more, or a smaller keep"
        )
    if keep == 1:
        return Timing(1.0 / spacing_s, 0, 1)
    per_step = max(keep, round(spacing_s * fastest_hz))
    return Timing(fastest_hz / per_step, per_step - keep, keep)


def one_board(junctions: Sequence[SingleJunction]) -> str:
    """The name of the board that reads all `junctions`.

    Raises:
        BenchError: a junction nobody reads, or several boards: their clocks would not agree.
    """
    unread = [str(j.cell) for j in junctions if j.read is None]
    if unread:
        raise BenchError(f"junctions {', '.join(unread)} have no `read` input in the bench file")
    boards = {j.read.instrument for j in junctions if j.read is not None}
    if len(boards) != 1:
        raise BenchError(
            f"node_noise reads all nodes in one block, but the junctions are spread over "
            f"{', '.join(sorted(boards)) or 'no board'}; wire them to one board"
        )
    return boards.pop()


def channels(junctions: Sequence[SingleJunction]) -> list[str]:
    """Input channels of `junctions`, in their order."""
    return [j.read.channel for j in junctions if j.read is not None]


def record(
    daq: Daq, junctions: Sequence[SingleJunction], rows: int, when: Timing
) -> tuple[NDArray[np.float64], Block]:
    """One block of `rows` reads of every junction: means over `keep`, (rows, junctions), V."""
    block = daq.play_and_record(
        None,
        ao=(),
        ai=channels(junctions),
        step_rate_hz=when.step_rate_hz,
        settle=when.settle,
        keep=when.keep,
        rest_v=(),
        steps=rows,
    )
    return block.samples_v.mean(axis=1), block


class NodeNoise(HostSum):
    """The fabric, for nodes whose junctions are at their operating point already.

    Attributes:
        transactions: hardware-timed blocks taken so far, parts counted.
        t0_s: bench time of the last block's first sample.
        moments: of all reads so far.
    """

    def __init__(
        self,
        daq: Daq,
        junctions: Sequence[SingleJunction],
        *,
        widths: Sequence[int],
        mean_v: NDArray[np.float64],
        unit_v: float,
        when: Timing,
        source_v: float,
    ) -> None:
        """Fix junctions and timing.

        Args:
            daq: the board that reads all of them.
            junctions: one per node; node j of layer l has number sum(widths[:l]) + j.
            widths: nodes of each layer.
            mean_v: (nodes,), V0 of each junction at its bias, V.
            unit_v: volts per unit of activity.
            when: sampling of one read.
            source_v: level of the common bias, V; for the power in the junctions.

        Raises:
            BenchError: not as many junctions and means as nodes.
        """
        if not len(junctions) == len(mean_v) == sum(widths):
            raise BenchError(
                f"{sum(widths)} nodes need as many junctions; got {len(junctions)} and "
                f"{len(mean_v)} means"
            )
        super().__init__(widths, self._read)
        self.transactions = 0
        self.t0_s = 0.0
        self.moments = Moments.empty(len(junctions))
        self._daq = daq
        self._junctions = tuple(junctions)
        self._mean_v = mean_v
        self._unit_v = unit_v
        self._when = when
        self._source_v = source_v * np.array([j.divider for j in junctions])
        self._series_ohm = np.array([j.series_ohm for j in junctions])

    def _read(self, rows: int) -> Array:
        """Every junction `rows` times in one block; deviations from the mean in units."""
        volts, block = record(self._daq, self._junctions, rows, self._when)
        self.transactions += block.parts
        self.t0_s = block.t0_s
        deviation_v = volts - self._mean_v
        power_w = volts * (self._source_v - volts) / self._series_ohm
        self.moments.add(deviation_v, float(power_w.sum(axis=1).mean()))
        return (deviation_v / self._unit_v).astype(np.float32)


@dataclass
class Moments:
    """Running sums over reads, for correlation and energy; cheap enough for every step.

    Attributes:
        reads: rows seen.
        total_v: (n,) sum of deviations, V.
        product_v2: (n, n) sum of their products, V^2.
        power_w: sum over blocks of mean power in all junctions, W.
        blocks: how many blocks.
    """

    reads: int
    total_v: NDArray[np.float64]
    product_v2: NDArray[np.float64]
    power_w: float
    blocks: int

    @classmethod
    def empty(cls, n: int) -> "Moments":
        """Nothing seen yet."""
        return cls(0, np.zeros(n), np.zeros((n, n)), 0.0, 0)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Moments":
        """From `vars()` of another."""
        return cls(
            int(saved["reads"]),
            np.array(saved["total_v"], dtype=np.float64),
            np.array(saved["product_v2"], dtype=np.float64),
            float(saved["power_w"]),
            int(saved["blocks"]),
        )

    def add(self, deviation_v: NDArray[np.float64], power_w: float) -> None:
        """Take in one block, (rows, n)."""
        self.reads += len(deviation_v)
        self.total_v += deviation_v.sum(axis=0)
        self.product_v2 += deviation_v.T @ deviation_v
        self.power_w += power_w
        self.blocks += 1

    def largest_correlation(self) -> Correlation:
        """Of any two nodes; with no value, and the reason, where fewer than two vary."""
        mean = self.total_v / max(1, self.reads)
        covariance = self.product_v2 / max(1, self.reads) - np.outer(mean, mean)
        return correlation_of(covariance, self.reads, floor=ROUNDING_V**2)

    def mean_power_w(self) -> float:
        """Mean power in all junctions while they were read, W."""
        return self.power_w / self.blocks if self.blocks else 0.0
