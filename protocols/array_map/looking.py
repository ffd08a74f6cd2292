"""One look: a group of junctions at one level, in volts that rise with the signal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Rig
from mtjlab.fabric.terminals import Terminals
from protocols.array_map.groups import SINGLE_BIAS_V, Group, Seen
from protocols.array_map.parameters import ArrayMapParameters

# Readings of a meter at each level, each averaged over a power-line cycle.
METER_READINGS = 8


@dataclass(frozen=True)
class Look:
    """What was read.

    Attributes:
        bias_v: (k,), of each junction, behind its divider, V.
        traces_v: (n, k), V at the inputs; of a meter (n, k) A.
        interval_s: between samples, s.
        others_v: (m,), means of the other amplifiers of the row, V.
        row_a: current of the whole row by its meter, A; nan without one.
    """

    bias_v: NDArray[np.float64]
    traces_v: NDArray[np.float64]
    interval_s: float
    others_v: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    row_a: float = math.nan


def bias_of(seen: Seen, level_v: float | None) -> float:
    """At this level, V behind the divider."""
    if level_v is not None:
        return level_v
    return SINGLE_BIAS_V if seen.bias_v is None else seen.bias_v


def levels_of(rig: Rig, group: Group, level_v: float | None) -> dict[str, float]:
    """Terminal -> V at the source.

    Raises:
        BenchError: junctions with different biases share a terminal.
    """
    if level_v is not None:
        return {terminal: level_v / divider for terminal, divider in group.dividers.items()}
    found: dict[str, float] = {}
    for seen in group.seen:
        terminal = rig.wiring.single(seen.cell).source
        volts = bias_of(seen, None) / group.dividers[terminal]
        if not np.isclose(found.setdefault(terminal, volts), volts):
            raise BenchError(
                f"junctions on {terminal} have different `bias` in the bench file and share it; "
                "give bias_v"
            )
    return found


def largest_levels(rig: Rig, groups: Sequence[Group]) -> dict[str, float]:
    """Of every terminal over all looks, V at the source.

    Raises:
        BenchError: see `levels_of`.
    """
    found: dict[str, float] = {}
    for group in groups:
        for level_v in group.levels_v:
            for terminal, volts in levels_of(rig, group, level_v).items():
                found[terminal] = max(found.get(terminal, 0.0), abs(volts))
    return {terminal: volts for terminal, volts in found.items() if volts > 0}


def rate_of(rig: Rig, params: ArrayMapParameters, group: Group) -> float:
    """Samples per second and input."""
    limit_hz = rig.daqs[group.board].abilities.rate_limit_hz(len(_channels(group)))
    return min(params.sample_rate_hz, limit_hz)


def look(
    rig: Rig,
    params: ArrayMapParameters,
    terminals: Terminals,
    group: Group,
    level_v: float | None,
    duration_s: float,
) -> Look:
    """Connect, drive, record, and back to 0 V; `level_v` 0 shows the instrument alone."""
    if group.selector is not None:
        rig.selectors[group.selector].connect([group.seen[0].cell], params.unselected)
    driven = level_v != 0.0
    levels_v = levels_of(rig, group, level_v) if driven else {}
    terminals.set(levels_v)
    try:
        rig.clock.sleep(params.settle_s)
        return _read(rig, params, group, level_v, duration_s)
    finally:
        terminals.set(dict.fromkeys(levels_v, 0.0))


def _read(
    rig: Rig, params: ArrayMapParameters, group: Group, level_v: float | None, duration_s: float
) -> Look:
    bias_v = np.array([bias_of(seen, level_v) for seen in group.seen])
    if group.kind == "meter":
        source = rig.sources[group.board]
        readings: list[Reading] = [source.measure() for _ in range(METER_READINGS)]
        currents = np.array([reading.current_a for reading in readings])
        return Look(bias_v, np.repeat(currents[:, np.newaxis], len(group.seen), axis=1), 1.0)
    channels = _channels(group)
    rate_hz = rate_of(rig, params, group)
    block = rig.daqs[group.board].play_and_record(
        None,
        ao=(),
        ai=channels,
        step_rate_hz=rate_hz,
        settle=0,
        keep=1,
        rest_v=(),
        steps=max(100, round(duration_s * rate_hz)),
    )
    at: Mapping[str, int] = {channel: index for index, channel in enumerate(channels)}
    columns = [at[seen.read.channel] for seen in group.seen if seen.read is not None]
    others = [at[read.channel] for read in group.others]
    return Look(
        bias_v,
        block.samples_v[:, 0, columns],
        1.0 / block.step_rate_hz,
        block.samples_v[:, 0, others].mean(axis=0),
        _metered_a(rig, group) if group.meter and level_v != 0.0 else math.nan,
    )


def _metered_a(rig: Rig, group: Group) -> float:
    source = rig.sources[group.meter]
    return float(np.mean([source.measure().current_a for _ in range(METER_READINGS)]))


def _channels(group: Group) -> list[str]:
    """Each input once."""
    wires = [*(seen.read for seen in group.seen), *group.others]
    return list(dict.fromkeys(wire.channel for wire in wires if wire is not None))
