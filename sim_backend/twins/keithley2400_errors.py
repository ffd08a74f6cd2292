"""The 2400's own error numbers (user's manual, table B-1) and when they are used."""

from sim_backend.scpi import EXECUTION_ERROR, ScpiError
from sim_backend.twins.source_model import Reason

_TEXTS = {
    800: "Illegal with storage active",
    802: "OUTPUT blocked by output enable",
    803: "Not permitted with OUTPUT off",
    822: "Too small for sense range",
    823: "Invalid with source read-back on",
    824: "Cannot exceed compliance range",
    826: "Attempt to exceed power limit",
    830: "Invalid with INF ARM:COUNT",
}
_REFUSED: dict[Reason, int] = {
    "out of range": -222,
    # Not verified: which number a source range below the present level gets.
    "settings conflict": -221,
    "too small": 822,
    "follows source": 823,
    "above compliance": 824,
    "power": 826,
}


def error(code: int) -> ScpiError:
    """A fresh error by its number; the vendor's own count as execution errors."""
    if code in _TEXTS:
        return ScpiError(code, _TEXTS[code], event=EXECUTION_ERROR)
    return ScpiError(code)


def refused(reason: Reason) -> ScpiError:
    """The error for a setting that the source model does not take."""
    return error(_REFUSED[reason])
