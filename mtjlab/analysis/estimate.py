"""A number from a measurement, what it may be, and why there is none where there is none."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import ndtri, stdtrit

Z_95 = float(ndtri(0.975))


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval.

    Attributes:
        value: best guess; nan only where `reason` says why.
        low, high: the interval; infinite where nothing bounds it on that side. Without a value it
            still says what can be concluded: a dwell time that is only known to exceed 1 s has
            low = 1, high = inf.
        reason: why there is no value, or what the interval takes for granted; None if nothing.
    """

    value: float
    low: float
    high: float
    reason: str | None = None

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"interval {self.low!r} .. {self.high!r}")
        if not math.isfinite(self.value) and self.reason is None:
            raise ValueError(f"value {self.value!r} without a reason")

    @classmethod
    def normal(cls, value: float, error: float, *, dof: float = math.inf) -> Self:
        """From one standard deviation, known with `dof` degrees of freedom."""
        if not (math.isfinite(value) and math.isfinite(error)):
            return cls.none("the data do not determine it")
        half = _quantile(dof) * abs(error)
        return cls(float(value), float(value - half), float(value + half))

    @classmethod
    def positive(cls, value: float, relative: float, *, dof: float = math.inf) -> Self:
        """Of a positive quantity whose logarithm has the standard deviation `relative`."""
        if not (math.isfinite(value) and value > 0.0 and math.isfinite(relative)):
            return cls.none("the data do not determine it", low=0.0)
        factor = float(np.exp(min(_quantile(dof) * abs(relative), 700.0)))
        return cls(float(value), float(value / factor), float(value * factor))

    @classmethod
    def none(cls, reason: str, *, low: float = -math.inf, high: float = math.inf) -> Self:
        """No value, for a reason; what bounds it all the same."""
        return cls(math.nan, float(low), float(high), reason)

    @property
    def known(self) -> bool:
        """There is a value."""
        return math.isfinite(self.value)

    @property
    def error(self) -> float:
        """Standard deviation of a normal law with this interval; inf where a side is open."""
        return (self.high - self.low) / (2.0 * Z_95)

    def covers(self, truth: float) -> bool:
        """Whether the interval holds `truth`."""
        return self.low <= truth <= self.high

    def times(self, factor: float) -> "Estimate":
        """In another unit; `factor` > 0."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.reason)

    def reciprocal(self) -> "Estimate":
        """Of 1 / x, for x >= 0."""
        high = 1.0 / self.low if self.low > 0.0 else math.inf
        value = 1.0 / self.value if self.value != 0.0 else math.nan
        reason = self.reason if self.value != 0.0 else self.reason or "the other one is zero"
        return Estimate(value, 1.0 / self.high if self.high > 0.0 else 0.0, high, reason)

    def as_json(self) -> dict[str, Any]:
        """None for what is not finite: JSON has no nan and no infinity."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        finite = {k: v if math.isfinite(v) else None for k, v in numbers.items()}
        return finite | {"reason": self.reason}


def _quantile(dof: float) -> float:
    """97.5 % point of Student's law."""
    if dof <= 0.0:
        return math.inf
    return Z_95 if math.isinf(dof) else float(stdtrit(dof, 0.975))
