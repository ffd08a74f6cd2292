"""Field coils: what a source sees of them, and the field of them all."""

from collections.abc import Mapping

from mtjlab.core.coil import Coil


class Coils:
    """Coils by the terminal that drives them; each is its resistance."""

    def __init__(self, coils: Mapping[str, Coil]) -> None:
        self._coils = dict(coils)

    def __contains__(self, terminal: object) -> bool:
        return terminal in self._coils

    def conductance_s(self, terminal: str) -> float:
        """What the terminal sees, S; 0 where there is no coil."""
        coil = self._coils.get(terminal)
        return 0.0 if coil is None else 1.0 / coil.ohm

    def field_t(self, held_v: Mapping[str, float | None]) -> float:
        """Sum of their fields with these voltages at the terminals, T."""
        return sum(
            coil.tesla_per_a * (held_v.get(terminal) or 0.0) / coil.ohm
            for terminal, coil in self._coils.items()
        )
