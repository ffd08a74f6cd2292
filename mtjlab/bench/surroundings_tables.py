"""Below `[twin]`: what surrounds the junctions and only the simulator knows.

Fields, cables, amplifiers, mains and the noise of sources. All of it is optional; left out, an
input sees the bare circuit at the instant of its sample.
"""

from typing import Annotated

from pydantic import Field

from mtjlab.bench.table import (
    Columns,
    Farad,
    Hertz,
    InfiniteHertz,
    Second,
    Table,
    Terminals,
    Tesla,
    Volt,
)
from mtjlab.core.parameters import Ge, Gt
from sim_backend.physics.electronics.pickup import Pickup
from sim_backend.world.surroundings import Amplifier


class FieldTable(Table):
    """One `[[twin.fields]]`: a static field at the junctions in these rows and columns."""

    rows: Annotated[Columns, Field(description="rows such as '0:13'")]
    columns: Annotated[Columns, Field(description="columns such as '0:7'")]
    field_t: Annotated[Tesla, Field(description="the field,")]


class CableTable(Table):
    """One `[[twin.cables]]`: the capacitance at these inputs, cable and all."""

    inputs: Annotated[Terminals, Field(description="inputs such as 'daq/ai0:7'")]
    capacitance_f: Annotated[Farad, Ge(0), Field(description="a capacitance,")]


class PickupTable(Table):
    """One `[[twin.pickup]]`: mains hum at these inputs."""

    inputs: Annotated[Terminals, Field(description="inputs such as 'daq/ai0:7'")]
    amplitude_v: Annotated[Volt, Ge(0), Field(description="peak of the hum,")]
    line_hz: Annotated[Hertz, Gt(0)] = 50.0
    phase_rad: float = 0.0

    def value(self) -> Pickup:
        """As the world uses it."""
        return Pickup(self.amplitude_v, self.line_hz, self.phase_rad)


class SourcesTable(Table):
    """One `[[twin.sources]]`: how these outputs differ from ideal ones."""

    sources: Annotated[Terminals, Field(description="outputs such as 'daq/ao0:3'")]
    noise_v: Annotated[Volt, Ge(0)] = 0.0
    settling_s: Annotated[Second, Ge(0)] = 0.0


class AmplifierTable(Table):
    """`[twin.amplifiers]`: the transimpedance amplifiers of all arrays."""

    bandwidth_hz: Annotated[InfiniteHertz, Gt(0)] = Amplifier.bandwidth_hz
    offset_v: Volt = Amplifier.offset_v
    johnson_noise: bool = Amplifier.johnson_noise

    def value(self) -> Amplifier:
        """As the world uses it.

        Raises:
            ValueError: noise without a bandwidth.
        """
        return Amplifier(self.bandwidth_hz, self.offset_v, self.johnson_noise)
