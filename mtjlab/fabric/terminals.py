"""Source terminals that a protocol moves between 0 V and a few levels: meters and board outputs."""

from collections.abc import Mapping

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.limits import Limit
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import ArrayRow, Driven, largest_level_v


class Terminals:
    """Terminals by name, each with the largest |level| that it will be asked for.

    Attributes:
        largest_v: terminal -> V at the source, > 0.
    """

    def __init__(self, rig: Rig, largest_v: Mapping[str, float], *, nplc: float = 1.0) -> None:
        """Touch nothing; `nplc`: integration time of meters, in power-line cycles.

        Raises:
            BenchError: nothing drives a terminal.
            ParameterError: a level that the junctions behind it must not see, with the largest.
        """
        self._rig, self._nplc = rig, nplc
        self.largest_v = dict(largest_v)
        for terminal, level_v in self.largest_v.items():
            if terminal not in rig.sources and terminal.partition("/")[0] not in rig.daqs:
                raise BenchError(f"no instrument of this bench drives the terminal {terminal!r}")
            driven = rig.wiring.driven_by(terminal)
            reach_v = largest_level_v(driven, rig.limits)
            if level_v > reach_v:
                divider = driven[0].divider
                raise ParameterError(
                    f"{si(level_v * divider, 'V')} behind the divider of {terminal} could exceed "
                    f"{si(rig.limits.hard_v, 'V')} or {si(rig.limits.hard_a, 'A')} at "
                    f"{driven[0].label}; use at most {si(reach_v * divider, 'V')}"
                )

    def prepare(self) -> None:
        """Configure meters for their largest level, at 0 V, and switch on; board outputs to 0 V.

        Raises:
            LimitError: a level would be refused later; no output has been switched on.
        """
        for terminal, level_v in self.largest_v.items():
            reach_v = largest_level_v(self._rig.wiring.driven_by(terminal), self._rig.limits)
            Limit(0.0, reach_v, "V").check(level_v, f"level of {terminal}")
        for terminal, level_v in self.largest_v.items():
            source = self._rig.sources.get(terminal)
            if source is None:
                continue
            driven = self._rig.wiring.driven_by(terminal)
            # With every junction shorted, so that it never limits a healthy bench.
            shorted_a = sum(level_v * wire.divider / self._least_ohm(wire) for wire in driven)
            source.configure(
                SourceSettings(
                    "voltage",
                    range=level_v,
                    compliance=max(shorted_a, 1e-6),
                    off_state="normal",
                    nplc=self._nplc,
                )
            )
            source.output(True)
        self.zero()

    def set(self, levels_v: Mapping[str, float]) -> None:
        """Move these terminals; the others stay."""
        boards: dict[str, dict[str, float]] = {}
        for terminal, level_v in levels_v.items():
            if terminal in self._rig.sources:
                self._rig.sources[terminal].set_level(level_v)
            else:
                board, _, channel = terminal.partition("/")
                boards.setdefault(board, {})[channel] = level_v
        for board, values_v in boards.items():
            self._rig.daqs[board].write(values_v)

    def zero(self) -> None:
        """Every one of them to 0 V."""
        self.set(dict.fromkeys(self.largest_v, 0.0))

    def _least_ohm(self, wire: Driven) -> float:
        across = wire.junctions if isinstance(wire, ArrayRow) else 1
        return max(wire.series_ohm + self._rig.limits.r_min_ohm / across, 1.0)
