"""A field coil on a source-meter: what it is, and what protocols do with it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Coil:
    """A coil between a source terminal and ground; no junction is behind that terminal.

    Attributes:
        source: terminal of the source-meter that drives it.
        tesla_per_a: field at the junctions over current, T/A, not 0; its sign is the direction.
        ohm: resistance of the coil and its leads, ohm, > 0.
        max_a: largest |current|, A, > 0.
        max_t_per_s: largest rate of change of the field, T/s, > 0.
        compliance_v: the source never gives more, V, > 0.
    """

    source: str
    tesla_per_a: float
    ohm: float
    max_a: float
    max_t_per_s: float
    compliance_v: float

    @property
    def max_t(self) -> float:
        """Largest |field|, T."""
        return abs(self.tesla_per_a) * self.max_a

    def ramp_s(self, amperes: float) -> float:
        """Shortest time in which the current may change by so much, s."""
        return abs(amperes * self.tesla_per_a) / self.max_t_per_s


@runtime_checkable
class FieldSource(Protocol):
    """A field that can be set, in `rig.fields`."""

    def set_field_t(self, field_t: float) -> None:
        """Ramp there at the coil's own rate; the first time, switch it on at 0.

        Raises:
            LimitError: more than the coil may have; nothing was sent.
            InstrumentError: the compliance does not let the current through, or somebody else has
                switched it; Aborted: `abort()` was called. The coil stays where it has come to,
                until `off` or the safe state.
        """
        ...

    def field_t(self) -> float:
        """From the current that is measured now, T; 0 while it is off."""
        ...

    def off(self) -> None:
        """Ramp to 0 and switch off."""
        ...

    def abort(self) -> None:
        """Release whoever waits; from any thread."""
        ...
