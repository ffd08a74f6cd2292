"""PyMeasure's `Keithley2400` on our link, each property asked back after it is set."""

from typing import Any

from pymeasure.instruments.keithley import Keithley2400 as PyMeasure2400

from drivers.error_queue import demand_empty
from drivers.keithley2400_settings import Change
from drivers.link import Link
from mtjlab.core.errors import BadReply, InstrumentError


class Properties:
    """Settings through PyMeasure's own properties.

    PyMeasure's object sends `:FORMAT:ELEMENTS` when it is made, so it is made at the first
    setting and not at connecting.
    """

    def __init__(self, link: Link, where: str) -> None:
        self._link = link
        self._where = where
        self._pymeasure: Any = None

    def prepare(self) -> None:
        """Have readings in the form that PyMeasure expects: five elements."""
        if self._pymeasure is None:
            self._pymeasure = PyMeasure2400(self._link)
        else:
            self._pymeasure.reset_data_format()
        self._demand_no_errors(":FORMAT:ELEMENTS")

    def apply(self, change: Change) -> None:
        """Set, ask the error queue, read back, compare.

        Raises:
            Reported: the instrument refused.
            InstrumentError: it reads back something else; BadReply: or nothing sensible.
        """
        try:
            setattr(self._pymeasure, change.attribute, change.value)
            self._demand_no_errors(f"{change.attribute} = {change.value}")
            got = getattr(self._pymeasure, change.attribute)
        # What PyMeasure makes of a reply that is no value of the property.
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise BadReply(
                f"{self._where}: {change.attribute} was set to {change.value} and cannot be read "
                f"back: {error!r}. Switch the instrument off and on"
            ) from error
        if not change.agrees(got):
            raise InstrumentError(
                f"{self._where}: {change.attribute} was set to {change.value} and reads back "
                f"{got}. Check for a front-panel lock or an interlock"
            )

    def _demand_no_errors(self, after: str) -> None:
        demand_empty(self._link.ask, self._where, after)
