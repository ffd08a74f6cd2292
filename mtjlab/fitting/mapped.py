"""An estimate seen through a function."""

from collections.abc import Callable

from mtjlab.analysis.estimate import Estimate


def mapped(
    estimate: Estimate, function: Callable[[float], float], reason: str | None = None
) -> Estimate:
    """Of function(x), which rises or falls everywhere; `reason` replaces that of `estimate`."""
    why = reason or estimate.reason
    ends = sorted((function(estimate.low), function(estimate.high)))
    if not estimate.known:
        return Estimate.none(why or "not known", low=ends[0], high=ends[1])
    return Estimate(function(estimate.value), ends[0], ends[1], why)
