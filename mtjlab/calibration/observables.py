"""How far a twin is from a run, observable by observable, in units of the combined uncertainty."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.fitting.look import Look, log_error

_Value = tuple[float, float]
_NONE: _Value = (math.nan, math.nan)


@dataclass(frozen=True)
class Observable:
    """One quantity of every junction and bias that both have; all arrays (n,).

    Attributes:
        name, unit: of it.
        logarithmic: differences are those of logarithms.
        measured, measured_error: value and standard deviation; of a logarithmic one relative.
        twin, twin_error: the same of the twin.
        junction: number of the junction.
    """

    name: str
    unit: str
    logarithmic: bool
    measured: NDArray[np.float64]
    measured_error: NDArray[np.float64]
    twin: NDArray[np.float64]
    twin_error: NDArray[np.float64]
    junction: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.measured)

    @property
    def difference(self) -> NDArray[np.float64]:
        """Twin less measured; of logarithms where `logarithmic`."""
        if self.logarithmic:
            return np.log(self.twin / self.measured)
        return self.twin - self.measured

    @property
    def sigmas(self) -> NDArray[np.float64]:
        """Differences over their combined standard deviations."""
        return self.difference / np.hypot(self.measured_error, self.twin_error)

    @property
    def chip_sigmas(self) -> float:
        """Mean difference over its own uncertainty, with the scatter of the junctions; nan if few.

        The biases of one junction are no new junctions: its mean difference counts once.
        """
        means = _by_junction(self.difference, self.junction)
        if len(means) < 3:
            return math.nan
        error = float(means.std(ddof=1)) / math.sqrt(len(means))
        own = float(np.sqrt(np.mean(self.measured_error**2 + self.twin_error**2) / len(self)))
        return float(means.mean()) / math.hypot(error, own)

    @property
    def scatter(self) -> tuple[float, float]:
        """Standard deviation from junction to junction, measured and of the twin."""
        values = [np.log(v) if self.logarithmic else v for v in (self.measured, self.twin)]
        found = [_by_junction(v, self.junction) for v in values]
        one, two = (float(v.std(ddof=1)) if len(v) > 1 else math.nan for v in found)
        return one, two

    def as_json(self) -> dict[str, Any]:
        """In numbers."""
        sigmas = self.sigmas
        return {
            "name": self.name,
            "unit": self.unit,
            "compared": len(self),
            "mean_difference": float(self.difference.mean()),
            "relative": self.logarithmic,
            "rms_sigmas": float(np.sqrt(np.mean(sigmas**2))),
            "within_2": float((np.abs(sigmas) <= 2.0).mean()),
            "chip_sigmas": self.chip_sigmas,
            "scatter_measured": self.scatter[0],
            "scatter_twin": self.scatter[1],
        }


def observables(measured: Sequence[Look], twin: Sequence[Look]) -> list[Observable]:
    """Every observable that both tell, of junctions and biases that both have."""
    theirs = _keyed(twin)
    pairs = [(one, theirs[key]) for key, one in _keyed(measured).items() if key in theirs]
    cells = {cell: n for n, cell in enumerate(sorted({one.cell for one, _ in pairs}))}
    found = []
    for name, unit, logarithmic, value in _KINDS:
        rows = [
            (*value(one), *value(two), cells[one.cell])
            for one, two in pairs
            if all(map(math.isfinite, (*value(one), *value(two))))
        ]
        if rows:
            table = np.array(rows, dtype=np.float64)
            found.append(
                Observable(
                    name,
                    unit,
                    logarithmic,
                    measured=table[:, 0],
                    measured_error=table[:, 1],
                    twin=table[:, 2],
                    twin_error=table[:, 3],
                    junction=table[:, 4].astype(np.intp),
                )
            )
    return found


def result_differences(
    measured: Mapping[str, Any], twins: Sequence[Mapping[str, Any]]
) -> list[tuple[str, float, float, float]]:
    """(name, measured, mean of the twin's runs, sigmas) of every number among the results.

    The scatter of several runs of the twin is the uncertainty, of the measured number as well;
    with fewer than three runs there is none, and sigmas are nan.
    """
    found = []
    for name, value in measured.items():
        numbers = [twin.get(name) for twin in twins]
        if not _is_number(value) or not all(map(_is_number, numbers)):
            continue
        many = np.array(numbers, dtype=np.float64)
        spread = float(many.std(ddof=1)) if len(many) > 2 else math.nan
        apart = float(many.mean()) - float(value)
        scale = spread * math.sqrt(1.0 + 1.0 / len(many))
        # Means of equal numbers differ from them in their last digit.
        same = abs(apart) <= 1e-12 * abs(float(value))
        sigmas = (math.nan if math.isnan(spread) else 0.0) if same else _over(apart, scale)
        found.append((name, float(value), float(many.mean()), sigmas))
    return found


def _over(apart: float, scale: float) -> float:
    return apart / scale if scale != 0.0 else math.copysign(math.inf, apart)


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _keyed(looks: Sequence[Look]) -> dict[tuple[Any, ...], Look]:
    """By junction, bias, and which of several looks at these it is."""
    found: dict[tuple[Any, ...], Look] = {}
    for one in looks:
        number = 0
        while (key := (one.cell, float(f"{one.bias_v:.6g}"), number)) in found:
            number += 1
        found[key] = one
    return found


def _by_junction(values: NDArray[np.float64], junction: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.array([values[junction == one].mean() for one in np.unique(junction)])


def _level(volts: float, ohm: Estimate, look: Look) -> _Value:
    """Of a divider: an error of the resistance counts R_series / (R + R_series) times."""
    error = log_error(ohm)
    if not math.isfinite(error):
        return _NONE
    return volts, abs(volts) * error / max(look.per_volt, 1.0)


def _time(tau: Estimate) -> _Value:
    error = log_error(tau)
    return (tau.value, error) if math.isfinite(error) else _NONE


def _share(look: Look) -> _Value:
    occupancy = look.occupancy_ap
    if not occupancy.known or not 0.0 < occupancy.error < math.inf:
        return _NONE
    return occupancy.value, occupancy.error


_KINDS: tuple[tuple[str, str, bool, Callable[[Look], _Value]], ...] = (
    ("level of P", "V", False, lambda one: _level(one.v_p_v, one.r_p_ohm, one)),
    ("level of AP", "V", False, lambda one: _level(one.v_ap_v, one.r_ap_ohm, one)),
    ("occupancy of AP", "", False, _share),
    ("tau of P", "s", True, lambda one: _time(one.tau_p_s)),
    ("tau of AP", "s", True, lambda one: _time(one.tau_ap_s)),
    ("noise of a sample", "V", True, lambda one: _time(one.sigma_v)),
)
