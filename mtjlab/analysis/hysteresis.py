"""Switching fields of a resistance-field loop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.levels import levels


@dataclass(frozen=True)
class Loop:
    """Of one or more sweeps of the field up and down.

    Attributes:
        up_t, down_t: field at which the resistance switches while the field rises and falls, T.
        coercive_t: half of their distance, T.
        centre_t: half-way between them, T: the stray field that the loop is shifted by.
        low_ohm, high_ohm: mean resistance in the two states.
    """

    up_t: Estimate
    down_t: Estimate
    coercive_t: Estimate
    centre_t: Estimate
    low_ohm: Estimate
    high_ohm: Estimate


def switching_fields(
    field_t: ArrayLike, resistance_ohm: ArrayLike, *, threshold_ohm: float | None = None
) -> Loop:
    """Where the resistance crosses half-way between its two levels.

    A crossing is known to within the step of the field in which it happened, and so are several
    that happen in one and the same step; others give a mean, with Student's interval, never
    narrower than a step over the root of their number.

    Args:
        field_t: (n,), T, in the order of measurement.
        resistance_ohm: (n,), ohm; any signal that rises with it serves.
        threshold_ohm: between the levels; None: it is looked for, and where the resistance moves
            smoothly from one level to the other none may be found.
    """
    field = np.asarray(field_t, dtype=np.float64)
    resistance = np.asarray(resistance_ohm, dtype=np.float64)
    if field.ndim != 1 or field.shape != resistance.shape or len(field) < 2:
        raise ValueError(f"shapes {field.shape} and {resistance.shape}: expected (n,) each, n >= 2")
    if not (np.isfinite(field).all() and np.isfinite(resistance).all()):
        raise ValueError("fields and resistances must be finite")
    if threshold_ohm is None:
        found = levels(resistance)
        if not found.separated:
            nothing = Estimate.none("the resistance has one level only: no loop")
            return Loop(nothing, nothing, nothing, nothing, nothing, nothing)
        threshold_ohm = found.threshold_v
    high = resistance > threshold_ohm
    rising = np.diff(field) > 0.0
    falling = np.diff(field) < 0.0
    changed = high[1:] != high[:-1]
    up, down = (
        _crossing(field, resistance, changed & way, threshold_ohm, name)
        for way, name in ((rising, "rises"), (falling, "falls"))
    )
    low_ohm, high_ohm = (_level(resistance[high == level]) for level in (False, True))
    coercive, centre = _half(up, down, -1.0), _half(up, down, 1.0)
    return Loop(up, down, coercive, centre, low_ohm, high_ohm)


def _crossing(
    field: NDArray[np.float64],
    resistance: NDArray[np.float64],
    where: NDArray[np.bool_],
    threshold_ohm: float,
    name: str,
) -> Estimate:
    steps = np.flatnonzero(where)
    if len(steps) == 0:
        return Estimate.none(f"no switching while the field {name}")
    ends = np.sort(np.stack([field[steps], field[steps + 1]]), axis=0)
    before, after = resistance[steps], resistance[steps + 1]
    share = (threshold_ohm - before) / (after - before)
    at = field[steps] + share * (field[steps + 1] - field[steps])
    if np.ptp(ends[0]) == 0.0:
        # However often it is the same step, the field within it stays unknown.
        return Estimate(float(at.mean()), float(ends[0, 0]), float(ends[1, 0]))
    width = float((ends[1] - ends[0]).mean())
    spread = float(at.std(ddof=1)) / len(steps) ** 0.5
    scattered = Estimate.normal(float(at.mean()), spread, dof=len(steps) - 1.0)
    half = max(scattered.value - scattered.low, 0.5 * width / len(steps) ** 0.5)
    reason = f"mean of {len(steps)} crossings while the field {name}"
    return Estimate(scattered.value, scattered.value - half, scattered.value + half, reason)


def _level(values: NDArray[np.float64]) -> Estimate:
    if len(values) < 2:
        return Estimate.none(f"{len(values)} points at this level")
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    return Estimate.normal(float(values.mean()), error, dof=len(values) - 1.0)


def _half(up: Estimate, down: Estimate, sign: float) -> Estimate:
    """(up + sign x down) / 2; what is unknown within a step may be the same for both."""
    for one in (up, down):
        if not one.known:
            return Estimate.none(str(one.reason))
    value = 0.5 * (up.value + sign * down.value)
    widths = up.high - up.low, down.high - down.low
    half = 0.25 * (sum(widths) if up.reason is None and down.reason is None else np.hypot(*widths))
    return Estimate(value, float(value - half), float(value + half))
