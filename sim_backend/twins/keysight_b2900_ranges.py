"""Ranges of a Keysight B2900A, from its data sheet, and the numbers of its errors.

The ranges of 1.5 A, 3 A and 10 A are not simulated.
"""

from collections.abc import Mapping

from sim_backend.scpi import ScpiError
from sim_backend.twins.source_model import Ladder, Reason

# Model -> how many channels.
CHANNELS: Mapping[str, int] = {"B2901A": 1, "B2902A": 2, "B2911A": 1, "B2912A": 2}

# Up to 21 V with 1 A, or 210 V with 105 mA.
CORNERS = ((21.0, 1.05), (210.0, 0.105))

# Smallest limits: 1 % of the 100 nA range, and 20 mV.
SMALLEST_LIMIT_A, SMALLEST_LIMIT_V = 1e-9, 0.02

# At an overflow, and for what was not measured (command reference, page 1-12).
OVERFLOW, NOT_MEASURED = 9.9e37, 9.91e37

# An open interlock keeps every output below so much, V (from memory; not verified).
INTERLOCKED_V = 42.0

_VOLTS = (0.2, 2.0, 20.0, 200.0)
_AMPERES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def ladders(model: str) -> tuple[Ladder, Ladder]:
    """Voltage and current of a model; only the B291xA have 6 1/2 digits and 10 nA."""
    fine = model.startswith("B291")
    step = 1.0 if fine else 10.0
    return (
        # Its least limits do not depend on the measuring range.
        Ladder(_VOLTS, 1.05, 2.0, 5e-7 * step, 5e-7, least_limit=0.0),
        Ladder(_AMPERES if fine else _AMPERES[1:], 1.05, 1e-4, 1e-6 * step, 1e-6, least_limit=0.0),
    )


_REFUSED: dict[Reason, int] = {
    "out of range": -222,
    "settings conflict": -221,
    "too small": -222,
    "above compliance": -221,
    "power": -221,
    "follows source": -221,
}


def refused(reason: Reason) -> ScpiError:
    """For a setting that the source model does not take (which number is not verified)."""
    return ScpiError(_REFUSED[reason])
