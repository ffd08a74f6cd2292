"""Dwell times of a chip: typical ones at V50, slopes of each state, and how junctions differ.

The twin's law, tau_P at the voltage of P and tau_AP at that of AP,

    ln tau_s = ln tau_s(v_ref) + shift_j + slope_s (V_s - v50_j - v_ref) + ...

has a shift of ln tau and one of the voltage axis for each junction. Both follow from the levels of
its two states; the chip's means and scatter follow from these.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.fitting.look import Look, log_error
from mtjlab.fitting.mapped import mapped
from mtjlab.fitting.scatter import scatter
from mtjlab.fitting.slopes import Points, Slopes, fit_slopes, with_slopes
from sim_backend.physics.junction import JunctionParameters

_ROUNDS = 4
_FEWEST_FOR_CURVATURE = 4
# A curvature that chance gives once in a hundred times.
_CURVED = 2.576
# Levels of ln tau that are known no better than this tell nothing: a factor of 50.
_WORST_ERROR = 2.0
ASSUMED = "one bias only: nothing tells how the dwell times follow the voltage"


@dataclass(frozen=True)
class Dwells:
    """Of a chip; arrays have one entry for each junction, nan where it is not known.

    Attributes:
        v_ref_v: voltage at which the dwell times are given, V: V50, rounded.
        v50_v: where both states of the typical junction are equally likely, V.
        tau_p_s, tau_ap_s: at `v_ref_v`, s.
        slopes_p, slopes_ap: of ln tau: 1/V, and 1/V^2 where the data ask for it.
        assumed: the slopes are not from the data, and all else holds if they are right.
        tau_sigma, v50_sigma_v: from junction to junction: of ln tau, and of V50, V.
        ln_tau_shift, v50_shift_v: of each junction from the typical one.
        shift_error, v50_error_v: standard deviations of these.
    """

    v_ref_v: float
    v50_v: Estimate
    tau_p_s: Estimate
    tau_ap_s: Estimate
    slopes_p: tuple[Estimate, ...]
    slopes_ap: tuple[Estimate, ...]
    assumed: bool
    tau_sigma: Estimate
    v50_sigma_v: Estimate
    ln_tau_shift: NDArray[np.float64]
    v50_shift_v: NDArray[np.float64]
    shift_error: NDArray[np.float64]
    v50_error_v: NDArray[np.float64]


def fit_dwells(looks: Sequence[Look], cells: Sequence[tuple[int, int]]) -> Dwells | None:
    """From looks at healthy junctions; None where no junction has both dwell times.

    Args:
        looks: with dwell times; others are left out.
        cells: the junctions, in the order of the arrays that come back.
    """
    at = {cell: index for index, cell in enumerate(cells)}
    points_p, points_ap = _points(looks, at, ap=False), _points(looks, at, ap=True)
    both = np.intersect1d(points_p.device, points_ap.device)
    if not len(both):
        return None
    several = _several_biases(looks, at)
    pair = _Pair(points_p, points_ap, both, len(cells), measured=several >= 2)
    pair.centre()
    if several >= _FEWEST_FOR_CURVATURE and pair.curved():
        pair.degree = 2
        for _ in range(_ROUNDS):
            pair.centre()
    pair.v_ref_v = float(f"{pair.v_ref_v:.4g}")
    p, ap = pair.lines()
    return _chip(p, ap, assumed=not pair.measured)


class _Pair:
    """The points of both states, about one reference voltage.

    Attributes:
        v_ref_v: the reference.
        degree: of the curves.
        measured: the slopes are those of the data, and not the default ones.
    """

    def __init__(
        self, p: Points, ap: Points, both: NDArray[np.intp], devices: int, *, measured: bool
    ) -> None:
        self._points = (p, ap)
        self._both, self._devices = both, devices
        # With a curvature the slopes of a junction depend on where its own V50 lies.
        self._shift_v = np.zeros(devices)
        self.v_ref_v = float(np.concatenate([p.volts, ap.volts]).mean())
        self.degree = 1
        self.measured = measured and None not in self._fits(1)

    def centre(self) -> None:
        """Move the reference to where the typical junction is in both states alike."""
        for _ in range(_ROUNDS):
            crossing, _ = _crossing(*self.lines())
            mean = float(np.nanmean(crossing[self._both]))
            if not math.isfinite(mean):
                return
            self.v_ref_v += mean
            if self.degree > 1:
                self._shift_v = np.nan_to_num(crossing - mean)

    def curved(self) -> bool:
        """Whether a straight line is not enough for one of the states."""
        return any(
            fit is not None and abs(fit.slopes[1]) > _CURVED * math.sqrt(fit.covariance[1, 1])
            for fit in self._fits(2)
        )

    def lines(self) -> tuple[Slopes, Slopes]:
        """Both curves; levels are those on an axis that is not moved."""
        defaults = (JunctionParameters.slope_p_per_v, JunctionParameters.slope_ap_per_v)
        fits = self._fits(self.degree)
        found = []
        for fit, points, default in zip(fits, self._points, defaults, strict=True):
            if fit is None or not self.measured:
                fit = with_slopes(
                    points, self._devices, self.v_ref_v, np.array([default]), np.zeros((1, 1))
                )
            else:
                first = np.zeros_like(fit.mean_x)
                first[:, 0] = self._shift_v
                level = fit.level - fit.slopes[0] * self._shift_v
                fit = replace(fit, level=level, mean_x=fit.mean_x + first)
            found.append(fit)
        return found[0], found[1]

    def _fits(self, degree: int) -> list[Slopes | None]:
        return [
            fit_slopes(
                replace(points, volts=points.volts - self._shift_v[points.device]),
                self._devices,
                self.v_ref_v,
                degree,
            )
            for points in self._points
        ]


def _crossing(p: Slopes, ap: Slopes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Voltage from v_ref on at which each junction is in both states alike, with its error."""
    change = ap.slopes[0] - p.slopes[0]
    if change == 0.0:
        nothing = np.full(len(p.level), np.nan)
        return nothing, nothing
    return (p.level - ap.level) / change, np.hypot(p.error, ap.error) / abs(change)


def _chip(p: Slopes, ap: Slopes, *, assumed: bool) -> Dwells:
    reason = "with the default slopes" if assumed else None
    used = (
        np.isfinite(p.level)
        & np.isfinite(ap.level)
        & (np.maximum(p.error, ap.error) < _WORST_ERROR)
    )
    crossing, crossing_error = _crossing(p, ap)
    change = ap.slopes[0] - p.slopes[0]
    weight_p, weight_ap = ap.slopes[0] / change, -p.slopes[0] / change
    shift = weight_p * p.level + weight_ap * ap.level
    shift_error = np.hypot(weight_p * p.error, weight_ap * ap.error)
    mean_w = float(np.mean(crossing[used]))
    # What the common slopes move: levels by -mean_x, the crossing by that and by its own size.
    first = np.zeros(len(p.slopes))
    first[0] = mean_w
    by_p = (-p.mean_x[used].mean(axis=0) + first) / change
    by_ap = -(-ap.mean_x[used].mean(axis=0) + first[: len(ap.slopes)]) / change
    common_w = math.sqrt(max(by_p @ p.covariance @ by_p + by_ap @ ap.covariance @ by_ap, 0.0))
    where = scatter(crossing[used], crossing_error[used], common=common_w)
    time = scatter(shift[used], shift_error[used])
    tau_p_s, tau_ap_s = (_tau(line, used, reason) for line in (p, ap))
    return Dwells(
        p.v_ref_v,
        mapped(where.mean, lambda shift_v: p.v_ref_v + shift_v, reason),
        tau_p_s,
        tau_ap_s,
        _slopes(p, assumed, where.mean.error),
        _slopes(ap, assumed, where.mean.error),
        assumed,
        time.sigma,
        where.sigma,
        np.where(used, shift - (time.mean.value if used.any() else 0.0), np.nan),
        np.where(used, crossing - mean_w, np.nan),
        np.where(used, shift_error, np.nan),
        np.where(used, crossing_error, np.nan),
    )


def _tau(line: Slopes, used: NDArray[np.bool_], reason: str | None) -> Estimate:
    at = line.mean_x[used].mean(axis=0)
    common = math.sqrt(max(float(at @ line.covariance @ at), 0.0))
    ln = scatter(line.level[used], line.error[used], common=common).mean
    return mapped(ln, math.exp, reason)


def _slopes(line: Slopes, assumed: bool, v50_error_v: float) -> tuple[Estimate, ...]:
    """They hold at the V50 of the typical junction, which these junctions show with an error."""
    if assumed:
        return (Estimate.none(ASSUMED),)
    errors = np.sqrt(np.diag(line.covariance))
    if len(line.slopes) > 1:
        errors[0] = math.hypot(errors[0], 2.0 * line.slopes[1] * v50_error_v)
    return tuple(
        Estimate.normal(float(value), float(error))
        for value, error in zip(line.slopes, errors, strict=True)
    )


def _points(looks: Sequence[Look], at: dict[tuple[int, int], int], *, ap: bool) -> Points:
    rows = []
    for one in looks:
        tau, volts = (one.tau_ap_s, one.v_ap_v) if ap else (one.tau_p_s, one.v_p_v)
        error = log_error(tau)
        if one.cell in at and one.verdict == "telegraph" and error < _WORST_ERROR:
            rows.append((at[one.cell], volts, math.log(tau.value), max(error, 1e-6)))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    return Points(table[:, 0].astype(np.intp), table[:, 1], table[:, 2], table[:, 3])


def _several_biases(looks: Sequence[Look], at: dict[tuple[int, int], int]) -> int:
    """Most biases at which any one junction told both dwell times."""
    seen: dict[tuple[int, int], set[float]] = {}
    for one in looks:
        told = max(log_error(one.tau_p_s), log_error(one.tau_ap_s)) < _WORST_ERROR
        if one.cell in at and one.verdict == "telegraph" and told:
            seen.setdefault(one.cell, set()).add(float(f"{one.bias_v:.3g}"))
    return max((len(biases) for biases in seen.values()), default=0)
