"""Values in the SI prefix that people would choose, for the numbers along an axis."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.units import PREFIXES


def prefixed(values: NDArray[np.floating], unit: str) -> tuple[float, str]:
    """Factor and unit text for an axis: multiply values in `unit` by the factor.

    `prefixed([0.036, 0.048], "V") == (1000.0, "mV")`; a pure number is left as it is.
    """
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    if not unit or largest == 0:
        return 1.0, unit
    exponent = min(9, max(-15, 3 * math.floor(math.log10(largest) / 3 + 1e-12)))
    prefix = next(text for text, power in PREFIXES.items() if power == exponent)
    return 10.0**-exponent, f"{prefix.replace('u', 'µ')}{unit}"
