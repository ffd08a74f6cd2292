"""What surrounds the junctions of a world, as plain values: only the simulator knows them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from mtjlab.core.wiring import Cell
from sim_backend.physics.electronics.pickup import Pickup

SolverName = Literal["exact", "iterative", "linearised"]


@dataclass(frozen=True)
class Amplifier:
    """The transimpedance amplifiers of all arrays.

    Attributes:
        bandwidth_hz: of their one pole; inf follows at once.
        offset_v: what stands at the virtual ground instead of 0, V; drives sneak currents.
        johnson_noise: add the noise of the feedback resistor.

    Raises:
        ValueError: physically impossible, with the reason.
    """

    bandwidth_hz: float = math.inf
    offset_v: float = 0.0
    johnson_noise: bool = False

    def __post_init__(self) -> None:
        if not self.bandwidth_hz > 0:
            raise ValueError(f"bandwidth_hz = {self.bandwidth_hz!r} must be above 0 Hz")
        if not math.isfinite(self.offset_v):
            raise ValueError(f"offset_v = {self.offset_v!r} must be finite")
        if self.johnson_noise and math.isinf(self.bandwidth_hz):
            raise ValueError(
                "johnson_noise needs a finite bandwidth_hz: 4 k T R_f over all frequencies is "
                "no voltage"
            )


@dataclass(frozen=True)
class SourceFlaws:
    """How an output differs from an ideal one.

    Attributes:
        noise_v: white noise at the instants of samples, the same for all it drives, V rms.
        settling_s: time constant of a step; 0 settles at once.
    """

    noise_v: float = 0.0
    settling_s: float = 0.0


@dataclass(frozen=True)
class Surroundings:
    """Everything around the junctions; the default is nothing at all.

    Attributes:
        solver: of the arrays.
        ambient_k: temperature of the chip, K; None is the reference of the junctions.
        field_t: static field by junction, T; 0 where none is given.
        capacitance_f: at inputs by address, F.
        pickup: mains hum at inputs by address.
        sources: flaws of source terminals.
        amplifier: of the arrays.
    """

    solver: SolverName = "linearised"
    ambient_k: float | None = None
    field_t: Mapping[Cell, float] = field(default_factory=dict)
    capacitance_f: Mapping[str, float] = field(default_factory=dict)
    pickup: Mapping[str, tuple[Pickup, ...]] = field(default_factory=dict)
    sources: Mapping[str, SourceFlaws] = field(default_factory=dict)
    amplifier: Amplifier = Amplifier()

    def with_noise(self, instruments: bool) -> Self:
        """The same; amplifiers and sources without noise of their own unless `instruments`."""
        if instruments:
            return self
        return replace(
            self,
            sources={name: replace(flaws, noise_v=0.0) for name, flaws in self.sources.items()},
            amplifier=replace(self.amplifier, johnson_noise=False),
        )
