"""What is measured of a crossbar before it learns: conductance, zero, noise, time, response."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.autocorrelation import trace_autocorrelation
from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.units import si
from mtjlab.fabric.crossbar_drive import Curve, Drive
from mtjlab.fabric.crossbar_wiring import CrossbarWires
from mtjlab.fabric.part import Seen
from mtjlab.fabric.timing import Timing

Values = NDArray[np.float64]

# The curve: levels this far apart or a little closer, each read until so many samples are in.
LEVEL_V, LEVEL_SAMPLES, LEAST_READS = 5e-3, 400, 20
COARSE_LEVELS, COARSE_READS = 16, 12
# Variance of a column over that of its input before its noise is taken for that of junctions.
CLEAR = 9.0
# A column that conducts so much less than the median has a broken wire.
DEAD_SHARE = 0.2
# Standard errors by which a slope must be below zero before it is called negative.
SURE = 4.0


@dataclass(frozen=True)
class CrossbarCalibration:
    """All that learning needs of it; columns are those in use.

    Attributes:
        mid_s: (columns,), mean conductance of a junction, half-way between its states, S.
        zero_v: (layers, columns), input at weight x input = 0, V.
        instrument_v: (columns,), standard deviation of a read with every row at 0 V, V.
        tau_c_s: slowest correlation time of the columns, s.
        level_v, current_a, variance_a2: of `Curve`.
        notes: sentences for the results.
    """

    mid_s: Values
    zero_v: Values
    instrument_v: Values
    tau_c_s: float
    level_v: Values
    current_a: Values
    variance_a2: Values
    notes: tuple[str, ...]

    @property
    def curve(self) -> Curve:
        """Mean response of a junction."""
        return Curve(self.level_v, self.current_a, self.variance_a2)

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        return dict(vars(self)) | {"notes": json.dumps(self.notes)}

    @classmethod
    def from_state(cls, state: State) -> "CrossbarCalibration":
        """The one that `state()` was taken of."""
        fields: dict[str, Any] = {name: state[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"notes": tuple(json.loads(fields["notes"]))})


@dataclass(frozen=True)
class Sweep:
    """All rows at one level after another.

    Attributes:
        level_v: (L,), V.
        reads_v: (L, reads, columns), each averaged over `keep` samples, V.
        transactions: blocks it took.
    """

    level_v: Values
    reads_v: Values
    transactions: int


def sweep(wires: CrossbarWires, level_v: Values, reads: int, when: Timing) -> Sweep:
    """Read every column `reads` times at each level."""
    steps_v = np.repeat(level_v, reads)[:, np.newaxis].repeat(len(wires.outputs), axis=1)
    block = wires.play(steps_v, when)
    reads_v = block.samples_v.mean(axis=1).reshape(len(level_v), reads, -1)
    return Sweep(level_v, reads_v, block.parts)


def at_rest(wires: CrossbarWires, reads: int, when: Timing) -> tuple[Values, int]:
    """Reads (reads, columns) V of the columns with every row at 0 V, and blocks they took."""
    block = wires.reader.play_and_record(
        None,
        ao=(),
        ai=[read.channel for read in wires.reads],
        step_rate_hz=when.step_rate_hz,
        settle=when.settle,
        keep=when.keep,
        rest_v=(),
        steps=reads,
    )
    return block.samples_v.mean(axis=1), block.parts


def loudest_v(found: Sweep, instrument_v: Values) -> float:
    """The level (V) at which the conductances fluctuate most: there tau_c is longest.

    Raises:
        BenchError: no column has more noise than its input anywhere.
    """
    variance = found.reads_v.var(axis=1, ddof=1).mean(axis=1)
    own = float((instrument_v**2).mean())
    clear = (variance > CLEAR * own) & (found.level_v != 0.0)
    if not clear.any():
        raise BenchError(
            f"fabric crossbar: no column fluctuates more than its input "
            f"({si(float(np.sqrt(own)), 'V')}) with its rows anywhere within "
            f"{si(float(found.level_v[0]), 'V')} .. {si(float(found.level_v[-1]), 'V')}. The "
            "junctions are stuck, the field is another, or the rows are not connected"
        )
    relative = np.where(clear, variance - own, 0.0) / np.where(clear, found.level_v, 1.0) ** 2
    return float(found.level_v[int(relative.argmax())])


@dataclass(frozen=True)
class Traces:
    """Columns with all rows at one level.

    Attributes:
        level_v: V.
        columns_v: (samples, columns), V.
        interval_s: s.
        tau_c_s: (columns,), s; NaN where none was found.
        transactions: blocks it took.
    """

    level_v: float
    columns_v: Values
    interval_s: float
    tau_c_s: Values
    transactions: int


def traces(wires: CrossbarWires, level_v: float, duration_s: float, rate_hz: float) -> Traces:
    """Hold all rows at a level and listen; ends at 0 V."""
    source_v = level_v / wires.array.divider
    wires.player.write(dict.fromkeys(wires.outputs, source_v))
    columns_v, blocks = at_rest(wires, max(2, round(duration_s * rate_hz)), Timing(rate_hz, 0, 1))
    wires.ground()
    columns_v = columns_v[len(columns_v) // 20 :]
    found = [
        trace_autocorrelation(np.ascontiguousarray(column), 1.0 / rate_hz).tau_c_s.value
        for column in columns_v.T
    ]
    return Traces(level_v, columns_v, 1.0 / rate_hz, np.array(found), blocks)


def levels(window_v: float) -> Values:
    """Levels of the curve, from one end of the window to the other, 0 among them."""
    half = max(2, int(np.ceil(window_v / LEVEL_V - 1e-9)))
    return window_v * np.arange(-half, half + 1) / half


def conductances(wires: CrossbarWires, found: Sweep) -> Values:
    """Mean conductance (columns,) of a junction between the ends of the window, S.

    With V50 in between the junctions are in P at one end and in AP at the other.

    Raises:
        BenchError: a column conducts next to nothing.
    """
    mean_a = -found.reads_v.mean(axis=1) / wires.array.tia_ohm
    span_v = found.level_v[-1] - found.level_v[0]
    mid_s: Values = (mean_a[-1] - mean_a[0]) / (span_v * len(wires.outputs))
    dead = np.flatnonzero(mid_s < DEAD_SHARE * np.median(mid_s))
    if len(dead) or not np.median(mid_s) > 0:
        which = ", ".join(wires.reads[j].address for j in dead) or "every column"
        raise BenchError(
            f"fabric crossbar: {which} carries {si(float(mid_s.min()), 'S')} per junction, the "
            f"median column {si(float(np.median(mid_s)), 'S')}: a broken wire, an amplifier "
            "without power, or a wrong `tia`. Mend it, or wire another column in its place"
        )
    return mid_s


def curve(wires: CrossbarWires, found: Sweep, instrument_v: Values, zero_v: Values) -> Curve:
    """Mean response and noise of one junction, from all columns together."""
    rows, tia_ohm = len(wires.outputs), wires.array.tia_ohm
    mean_v = (found.reads_v.mean(axis=1) - zero_v).mean(axis=1)
    current_a = -mean_v / (tia_ohm * rows)
    middle = len(current_a) // 2
    noise_v2 = (found.reads_v.var(axis=1, ddof=1) - instrument_v**2).mean(axis=1)
    return Curve(
        found.level_v,
        current_a - current_a[middle],
        np.maximum(noise_v2, 0.0) / (tia_ohm**2 * rows),
    )


def negative_slope(wires: CrossbarWires, found: Sweep, mid_s: Values) -> str | None:
    """A warning where the current of a column falls with the voltage of its rows."""
    mean_a = -found.reads_v.mean(axis=1) / wires.array.tia_ohm
    reads = found.reads_v.shape[1]
    error_a = found.reads_v.std(axis=1, ddof=1) / np.sqrt(reads) / wires.array.tia_ohm
    # Over two levels: the sum of both errors.
    change_a = mean_a[2:] - mean_a[:-2]
    error_a = np.sqrt(error_a[2:] ** 2 + error_a[:-2] ** 2)
    together = change_a.sum(axis=1), np.sqrt((error_a**2).sum(axis=1))
    falls = np.flatnonzero(together[0] < -SURE * together[1])
    alone = np.argwhere(change_a < -SURE * error_a)
    if not len(falls) and not len(alone):
        return None
    at = falls if len(falls) else alone[:, 0]
    slopes = change_a.mean(axis=1) / (found.level_v[2:] - found.level_v[:-2]) / len(wires.outputs)
    low_v, high_v = found.level_v[at.min() + 1], found.level_v[at.max() + 1]
    columns = "columns" if len(falls) else wires.reads[int(alone[0, 1])].address
    return (
        f"negative differential conductance: the current of {columns} falls with the row voltage "
        f"between {si(float(low_v), 'V')} and {si(float(high_v), 'V')} (lowest mean slope "
        f"{float(slopes[at].min() / mid_s.mean()):.2f} of the mean conductance), where the sign of "
        "every weight is turned round. Keep V50 / w below 4 G_P / (G_P - G_AP) - 2: bring V50 "
        "nearer to 0 by the field, or use junctions with a softer transition"
    )


def typical(layer_inputs: int, nodes: int, samples: int) -> tuple[Values, Values]:
    """Inputs (samples, n) and weights (m, n) of a layer as it begins to learn; always the same."""
    rng = np.random.default_rng(0)
    w = rng.standard_normal((nodes, layer_inputs)) / np.sqrt(layer_inputs)
    x = np.clip(rng.standard_normal((samples, layer_inputs)), -3.0, 3.0)
    return x, w


def zeros(
    wires: CrossbarWires,
    drive: Drive,
    inputs: Sequence[int],
    reads: int,
    when: Timing,
    rest_v: Values,
) -> tuple[Values, int]:
    """Mean of each column (layers, columns) at weight x input = 0, V, and blocks it took."""
    if drive.offset_v == 0.0:
        return np.tile(rest_v, (len(inputs), 1)), 0
    found, blocks = [], 0
    for n in inputs:
        block = wires.play(np.full((reads, n + 1), drive.offset_v), when)
        found.append(block.samples_v.mean(axis=(0, 1)))
        blocks += block.parts
    return np.array(found), blocks


def seen(
    wires: CrossbarWires, widths: Sequence[int], heard: Traces, ratios: Values, transactions: int
) -> Seen:
    """For the run file: a row and a trace for each node's column, which has no two levels."""
    columns = np.concatenate([np.arange(nodes) for nodes in widths])
    rows = np.full((len(columns), 8), np.nan)
    rows[:, 1] = np.array(wires.array.columns)[columns]
    rows[:, 5] = heard.tau_c_s[columns]
    rows[:, 6], rows[:, 7] = ratios, np.arange(len(columns))
    return Seen(rows, heard.columns_v[:, columns].T, heard.interval_s, transactions)
