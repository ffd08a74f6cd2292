"""Numbers and texts of a Keithley 2450's errors.

Those marked below are printed in its reference manual (2450-901-01); for the others the number of
the SCPI standard is taken, and which one a real 2450 gives is not verified.
"""

from sim_backend.scpi import EXECUTION_ERROR, ScpiError
from sim_backend.twins.source_model import Reason

_REFUSED: dict[Reason, int] = {
    "out of range": -222,
    "settings conflict": -221,
    "too small": -222,
    "above compliance": -221,
    "power": -222,
    "follows source": -221,
}


def refused(reason: Reason) -> ScpiError:
    """For a setting that the source model does not take."""
    return ScpiError(_REFUSED[reason])


def name_taken() -> ScpiError:
    """A reading buffer of that name exists (manual of the 2461, page 6-165)."""
    text = "Parameter error: TRACe:MAKE cannot take an existing reading buffer name"
    return ScpiError(1115, text, event=EXECUTION_ERROR)


def not_an_element(position: int) -> ScpiError:
    """An element that there is not, or not in the present data format (page 6-4)."""
    text = f"Parameter {position}, Syntax error, expected valid name parameters"
    return ScpiError(1133, text, event=EXECUTION_ERROR)


def buffer_full() -> ScpiError:
    """A buffer that is filled once has been (from memory; not verified)."""
    text = "Attempting to store past the capacity of reading buffer"
    return ScpiError(4915, text, event=EXECUTION_ERROR)
