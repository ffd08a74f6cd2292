"""What a neuron answers on the mean: a junction in a divider whose bias is its input.

Behind the divider stands V, at the junction V k_P or V k_AP. Rates that follow the voltage in each
state make the occupancy of AP exactly a sigmoid of the mean k_mid V of the two,

    P = 1 / (1 + exp(-(k_mid V - V50) / w)),        mean reading = V (k_P + (k_AP - k_P) P)

and the correlation time falls about as 1 / cosh((k_mid V - V50) / 2w).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Values = NDArray[np.float64]

_ITERATIONS = 30
# A fit to occupancies of 0 and 1 alone has no width: it ends here, as a step.
_NARROWEST = 1e-3


@dataclass(frozen=True)
class Response:
    """Of n junctions, each array (n,); levels have shape (..., n).

    Attributes:
        k_p, k_ap: voltage at the junction over that behind the divider, in P and in AP.
        v50_v, width_v: k_mid V where both states are equally likely, and w, V.
        bias_v: operating point behind the divider, V.
        tau_c_s: correlation time there, s.
    """

    k_p: Values
    k_ap: Values
    v50_v: Values
    width_v: Values
    bias_v: Values
    tau_c_s: Values

    @property
    def k_mid(self) -> Values:
        """Half-way between k_P and k_AP."""
        return 0.5 * (self.k_p + self.k_ap)

    def take(self, index: NDArray[np.intp]) -> "Response":
        """Some of them, or one several times."""
        return Response(*(array[index] for array in vars(self).values()))

    def occupancy(self, level_v: Values) -> Values:
        """Stationary probability of AP at levels behind the divider, V."""
        found: Values = expit((self.k_mid * level_v - self.v50_v) / self.width_v)
        return found

    def mean_v(self, level_v: Values) -> Values:
        """Mean reading, V."""
        return level_v * (self.k_p + (self.k_ap - self.k_p) * self.occupancy(level_v))

    def slope(self, level_v: Values) -> Values:
        """Derivative of `mean_v` by the level; positive everywhere."""
        occupancy = self.occupancy(level_v)
        apart = self.k_ap - self.k_p
        moves = occupancy * (1.0 - occupancy) * self.k_mid / self.width_v
        return self.k_p + apart * (occupancy + level_v * moves)

    def sd_v(self, level_v: Values, keep: int, interval_s: float) -> Values:
        """Telegraph noise of the mean over `keep` samples `interval_s` apart, V."""
        occupancy = self.occupancy(level_v)
        at_bias = (self.k_mid * self.bias_v - self.v50_v) / (2.0 * self.width_v)
        here = (self.k_mid * level_v - self.v50_v) / (2.0 * self.width_v)
        # More than e^50 times faster is independent from sample to sample, and may not be a double.
        faster = np.exp(np.minimum(_ln_cosh(here) - _ln_cosh(at_bias), 50.0))
        variance = (level_v * (self.k_ap - self.k_p)) ** 2 * occupancy * (1.0 - occupancy)
        return np.sqrt(variance * averaged(keep, interval_s * faster / self.tau_c_s))


def _ln_cosh(x: Values) -> Values:
    found: Values = np.logaddexp(x, -x) - np.log(2.0)
    return found


def averaged(keep: int, interval: Values | float) -> Values:
    """Variance of the mean of `keep` samples of a telegraph over that of one sample.

    With rho = exp(-interval), the interval in correlation times,

        (1 + rho) / (1 - rho) / keep - 2 rho (1 - rho^keep) / (keep (1 - rho))^2

    which for many close samples becomes 2/x (1 - (1 - exp(-x)) / x), x = keep interval.
    """
    interval = np.asarray(interval, dtype=np.float64)
    rho, away = np.exp(-interval), -np.expm1(-interval)
    many = -np.expm1(-keep * interval)
    found: Values = (1.0 + rho) / away / keep - 2.0 * rho * many / (keep * away) ** 2
    return found


def fit_sigmoid(mid_v: Values, occupancy: Values) -> tuple[float, float]:
    """V50 and w (V) of the sigmoid through measured occupancies; (nan, nan) if there is none.

    Fractional logistic regression: Newton's method on the likelihood, each bias with one weight.

    Args:
        mid_v: k_mid V of each bias, (n,), at least two different ones.
        occupancy: measured there, (n,); what lies outside 0 .. 1 by noise is taken for the end.
    """
    target = np.clip(occupancy, 0.0, 1.0)
    centre, scale = float(mid_v.mean()), float(mid_v.std())
    design = np.column_stack([np.ones_like(mid_v), (mid_v - centre) / scale])
    found = np.zeros(2)
    for _ in range(_ITERATIONS):
        fitted = expit(design @ found)
        weight = np.maximum(fitted * (1.0 - fitted), 1e-6)
        step = np.linalg.solve(
            design.T @ (design * weight[:, np.newaxis]), design.T @ (target - fitted)
        )
        # The likelihood is concave, but a full step may jump over its top.
        step /= max(1.0, float(np.abs(step).max()) / 2.0)
        found = found + step
        found[1] = min(found[1], 1.0 / _NARROWEST)
        if np.abs(step).max() < 1e-9:
            break
    if not found[1] > _NARROWEST:
        return float("nan"), float("nan")
    width_v = scale / float(found[1])
    return centre - float(found[0]) * width_v, width_v
