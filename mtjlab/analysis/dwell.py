"""Dwell times of a sampled telegraph signal, for any sampling interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mtjlab.analysis.levels import Levels

_NAN = float("nan")


@dataclass(frozen=True)
class Rates:
    """Mean dwell times and their standard errors, s; nan only where `reason` says why.

    Attributes:
        tau_low_s, tau_high_s: mean time spent at the level before leaving it.
        tau_c_s: correlation time, 1 / (1/tau_low + 1/tau_high).
        tau_low_error_s, tau_high_error_s, tau_c_error_s: one standard deviation.
        transitions: number of changes of level between successive samples, less those expected
            from single samples read as the wrong level.
        reason: why there are no numbers; None if there are.
    """

    tau_low_s: float
    tau_high_s: float
    tau_c_s: float
    tau_low_error_s: float
    tau_high_error_s: float
    tau_c_error_s: float
    transitions: int
    reason: str | None


def rates(trace: NDArray[np.floating], dt_s: float, levels: Levels) -> Rates:
    """Dwell times from the transition probabilities of one sampling step.

    With p01 and p10 the probabilities of being at the other level one sample later,

        1/tau_c = -ln(1 - p01 - p10) / dt,   1/tau_low = p01 / ((p01 + p10) tau_c)

    which is exact for a two-state chain however long dt is, while dt / p counts an even number of
    flips as none. Samples on the wrong side of the threshold are allowed for: with a probability
    e = Phi(-distance / 2 sigma) of misreading, the observed pairs are E^T J E of the true ones.
    Errors are first order in those of p01 and p10.

    Args:
        trace: (n,), V.
        dt_s: sampling interval, s, > 0.
        levels: of this trace.
    """
    if not dt_s > 0.0:
        raise ValueError(f"dt_s = {dt_s!r} s must be positive")
    if not levels.separated:
        return _none(0, "one level only: nothing to measure a dwell time of")
    pairs, misread = _pairs(trace, levels)
    undo = np.linalg.inv([[1.0 - misread, misread], [misread, 1.0 - misread]])
    true = np.maximum(undo.T @ pairs @ undo, 0.0)
    seen = round(float(pairs[0, 1] + pairs[1, 0]))
    transitions = round(float(true[0, 1] + true[1, 0]))
    mostly_misread = seen > 2 * transitions
    span = f"{dt_s * len(trace):.3g} s"
    too_few = f"{transitions} transitions in {span}: measure for longer"
    if mostly_misread:
        too_few = (
            f"most of {seen} changes of level in {span} are single samples misread, with only "
            f"{(levels.high_v - levels.low_v) / levels.sigma_v:.1f} sigma between the levels: "
            "measure for longer, or average more per sample"
        )
    if min(true[0, 1], true[1, 0]) < 0.5:
        return _none(transitions, too_few)
    probability = np.array([true[0, 1], true[1, 0]]) / true.sum(axis=1)
    spread = _spread(pairs, misread)
    if mostly_misread and (probability < 2.0 * np.sqrt(np.diag(spread))).any():
        return _none(transitions, too_few)
    both = float(probability.sum())
    both_error = float(np.sqrt(spread.sum()))
    if both + 2.0 * both_error >= 1.0:
        return _none(
            transitions,
            f"successive samples are independent: the correlation time is below {dt_s:.3g} s; "
            "sample faster",
        )
    total = -float(np.log1p(-both)) / dt_s
    total_error = both_error / ((1.0 - both) * dt_s)
    up, down = probability
    tau_low, low_error = _dwell(up, down, dt_s, spread)
    tau_high, high_error = _dwell(down, up, dt_s, spread[::-1, ::-1])
    return Rates(
        tau_low,
        tau_high,
        1.0 / total,
        low_error,
        high_error,
        total_error / total**2,
        transitions,
        None,
    )


def _pairs(trace: NDArray[np.floating], levels: Levels) -> tuple[NDArray[np.float64], float]:
    """How often level i is followed by level j, (2, 2), and the probability of misreading one."""
    high = np.asarray(trace) > levels.threshold_v
    pairs = np.bincount(2 * high[:-1] + high[1:], minlength=4).reshape(2, 2).astype(np.float64)
    if levels.sigma_v == 0.0:
        return pairs, 0.0
    return pairs, float(ndtr(-0.5 * (levels.high_v - levels.low_v) / levels.sigma_v))


def _spread(pairs: NDArray[np.float64], misread: float) -> NDArray[np.float64]:
    """Covariance (2, 2) of the probabilities of going up and down, from observed pairs.

    One misread sample within a run shows a change up and a change down; undoing misreadings
    stretches all errors.
    """
    n = pairs.sum(axis=1)
    p = np.array([pairs[0, 1], pairs[1, 0]]) / n
    covariance = np.diag(p * (1.0 - p) / n)
    covariance[0, 1] = covariance[1, 0] = misread * n.sum() / (n[0] * n[1])
    stretched: NDArray[np.float64] = covariance / (1.0 - 2.0 * misread) ** 4
    return stretched


def _dwell(
    leave: float, come_back: float, dt_s: float, spread: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean dwell time and its error, s; `spread` is the covariance of leave and come_back."""
    both = leave + come_back
    total = -np.log1p(-both) / dt_s
    rate = total * leave / both
    steeper = leave / both / ((1.0 - both) * dt_s)
    slope = np.array([steeper + total * come_back / both**2, steeper - total * leave / both**2])
    return float(1.0 / rate), float(np.sqrt(slope @ spread @ slope) / rate**2)


def _none(transitions: int, reason: str) -> Rates:
    return Rates(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, transitions, reason)
