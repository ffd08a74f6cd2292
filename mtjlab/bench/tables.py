"""The tables of a bench file as models: types, units and ranges of single keys.

What several tables must agree on (counts, names, uses, fences) is checked beside them, in
`wiring_checks`, `instrument_checks` and `twin_checks`; only files that pass `file.load` are used.
"""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mtjlab.bench.scenario_tables import IncidentTable
from mtjlab.bench.serve_tables import ServeTable
from mtjlab.bench.surroundings_tables import (
    AmplifierTable,
    CableTable,
    FieldTable,
    PickupTable,
    SourcesTable,
)
from mtjlab.bench.table import InfiniteVolt, Kelvin, Ohm, Second, Table, Volt
from mtjlab.bench.wiring_tables import WiringTables
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.parameters import Ge, Gt, Quantity
from mtjlab.core.wiring import Cell, Wiring
from sim_backend.physics.junction import Fault, FaultKind, JunctionParameters, Own, Spread
from sim_backend.world.surroundings import SolverName, SourceFlaws, Surroundings

PerTesla = Annotated[float, Quantity("/T")]
PerSquareTesla = Annotated[float, Quantity("/T^2")]


class BenchTable(Table):
    """`[bench]`: what this bench is called, and whether it may be used around the guard."""

    name: Annotated[str, Field(min_length=1, description="a short name of the bench")]
    description: str = ""
    allow_raw: bool = False


def _chip_id(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is None:
        raise ValueError(
            "expected letters, digits, '.', '_' and '-', a letter or a digit first: it names a file"
        )
    return text


class ChipTable(Table):
    """`[chip]`: which chip is on the bench; `seed` fixes spread and faults of its twin."""

    id: Annotated[str, AfterValidator(_chip_id), Field(description="the name of the chip")]
    seed: Annotated[int, Ge(0)] = 0


class InstrumentTable(Table):
    """`[instruments.NAME]`: one instrument; terminals are spelt with NAME.

    It has a driver, or a class of PyMeasure and properties to read.
    """

    driver: str = ""
    pymeasure: str = ""
    read: Annotated[tuple[str, ...], Field(strict=False)] = ()
    resource: Annotated[str, Field(min_length=1, description="text: VISA resource or NI device")]
    options: dict[str, Any] = Field(default_factory=dict)
    accept_unfenced: bool = False

    @property
    def recorded(self) -> bool:
        """Whether it is only read and recorded, and never set."""
        return not self.driver and bool(self.pymeasure)

    @property
    def plugin(self) -> str:
        """The entry point that opens it."""
        return "pymeasure" if self.recorded else self.driver

    @property
    def plugin_options(self) -> dict[str, Any]:
        """What that is given."""
        if not self.recorded:
            return self.options
        return {"pymeasure": self.pymeasure, "read": self.read, "options": self.options}


class LimitsTable(Table):
    """`[limits]`: what one junction survives, at the junction."""

    junction_v: Annotated[Volt, Gt(0), Field(description="largest voltage across a junction,")]
    junction_a: Annotated[
        float, Quantity("A"), Gt(0), Field(description="largest current through a junction,")
    ]
    soft_v: Annotated[Volt, Gt(0), Field(description="largest operating voltage of a junction,")]
    r_min: Annotated[Ohm, Ge(0)] = 0.0
    r_max: Annotated[float, Field(allow_inf_nan=True), Quantity("ohm"), Gt(0)] = math.inf

    above_soft: Annotated[float, Field(allow_inf_nan=True), Quantity("s"), Ge(0)] = math.inf

    def junction(self) -> JunctionLimits:
        """The limits as the guard uses them."""
        return JunctionLimits(
            self.junction_v, self.junction_a, self.soft_v, self.r_min, self.r_max, self.above_soft
        )


class JunctionTable(Table):
    """`[twin.junction]`: fields of `JunctionParameters`, whose own checks apply."""

    r_p_ohm: Ohm = JunctionParameters.r_p_ohm
    tmr: float = JunctionParameters.tmr
    tmr_half_v: InfiniteVolt = JunctionParameters.tmr_half_v
    v_ref_v: Volt = JunctionParameters.v_ref_v
    tau_p_s: Second = JunctionParameters.tau_p_s
    tau_ap_s: Second = JunctionParameters.tau_ap_s
    slope_p_per_v: Annotated[float, Quantity("/V")] = JunctionParameters.slope_p_per_v
    slope_ap_per_v: Annotated[float, Quantity("/V")] = JunctionParameters.slope_ap_per_v
    curvature_p_per_v2: Annotated[float, Quantity("/V^2")] = JunctionParameters.curvature_p_per_v2
    curvature_ap_per_v2: Annotated[float, Quantity("/V^2")] = JunctionParameters.curvature_ap_per_v2
    field_ref_t: Annotated[float, Quantity("T")] = JunctionParameters.field_ref_t
    field_slope_p_per_t: PerTesla = JunctionParameters.field_slope_p_per_t
    field_slope_ap_per_t: PerTesla = JunctionParameters.field_slope_ap_per_t
    field_curvature_p_per_t2: PerSquareTesla = JunctionParameters.field_curvature_p_per_t2
    field_curvature_ap_per_t2: PerSquareTesla = JunctionParameters.field_curvature_ap_per_t2
    temperature_ref_k: Kelvin = JunctionParameters.temperature_ref_k
    activation_p_k: Kelvin = JunctionParameters.activation_p_k
    activation_ap_k: Kelvin = JunctionParameters.activation_ap_k
    heating_k_per_w: Annotated[float, Quantity("K/W")] = JunctionParameters.heating_k_per_w
    trap_depth: float = JunctionParameters.trap_depth
    trap_empty_s: Second = JunctionParameters.trap_empty_s
    trap_filled_s: Second = JunctionParameters.trap_filled_s
    flicker: float = JunctionParameters.flicker
    flicker_lowest_hz: Annotated[float, Quantity("Hz")] = JunctionParameters.flicker_lowest_hz
    flicker_highest_hz: Annotated[float, Quantity("Hz")] = JunctionParameters.flicker_highest_hz


class SpreadTable(Table):
    """`[twin.spread]`: fields of `Spread`, whose own checks apply."""

    r_sigma: float = 0.0
    tmr_sigma: float = 0.0
    tau_sigma: float = 0.0
    v50_v: Volt = 0.0
    r_tau_correlation: float = 0.0
    field_t: Annotated[float, Quantity("T")] = 0.0


class FaultTable(Table):
    """One `[[twin.faults]]`: what is wrong with the junction at `cell`.

    Fields of `Fault`, whose own checks apply; None is its default.
    """

    cell: Annotated[tuple[int, int], Field(strict=False, description="[row, column]")]
    kind: FaultKind
    factor: float | None = None
    level: float | None = None
    dwell_s: Second | None = None
    v50_v_per_s: Annotated[float, Quantity("V/s")] | None = None
    ln_tau_per_s: Annotated[float, Quantity("/s")] | None = None

    def given(self) -> dict[str, float]:
        """What is said of it beside its kind."""
        return self.model_dump(exclude={"cell", "kind"}, exclude_none=True)


class DeviceTable(Table):
    """One `[[twin.devices]]`: what is known of the junction at `cell` itself.

    Fields of `Own`, whose own checks apply; None is drawn from `[twin.spread]`.
    """

    cell: Annotated[tuple[int, int], Field(strict=False, description="[row, column]")]
    r_p_ohm: Ohm | None = None
    tmr: float | None = None
    ln_tau_shift: float | None = None
    v50_shift_v: Volt | None = None

    def given(self) -> dict[str, float]:
        """What is said of it."""
        return self.model_dump(exclude={"cell"}, exclude_none=True)


class TwinTable(Table):
    """`[twin]`: the simulated world. A bench file without it is a real bench.

    Attributes:
        pace: `virtual`: bench time passes as fast as it is computed; `served`: in a process of
            its own, in real time, reached over real wires.
        instrument_noise: False: instruments add no noise of their own; quantisation stays.
        solver: of the arrays.
        ambient_k: temperature of the chip; None is that of `junction`.
        fields, cables, pickup, sources, amplifiers: what surrounds the junctions.
        instruments: by name, the options of that instrument's twin.
        scenario: what goes wrong with the instruments.
        serve: by name, how `mtjlab serve` offers that instrument.
    """

    pace: Literal["virtual", "served"] = "virtual"
    instrument_noise: bool = True
    solver: SolverName = "linearised"
    ambient_k: Annotated[Kelvin, Gt(0)] | None = None
    fields: Annotated[tuple[FieldTable, ...], Field(strict=False)] = ()
    cables: Annotated[tuple[CableTable, ...], Field(strict=False)] = ()
    pickup: Annotated[tuple[PickupTable, ...], Field(strict=False)] = ()
    sources: Annotated[tuple[SourcesTable, ...], Field(strict=False)] = ()
    amplifiers: AmplifierTable = AmplifierTable()
    junction: JunctionTable = JunctionTable()
    spread: SpreadTable = SpreadTable()
    devices: Annotated[tuple[DeviceTable, ...], Field(strict=False)] = ()
    faults: Annotated[tuple[FaultTable, ...], Field(strict=False)] = ()
    instruments: dict[str, dict[str, Any]] = Field(default_factory=dict)
    serve: dict[str, ServeTable] = Field(default_factory=dict)
    scenario: Annotated[tuple[IncidentTable, ...], Field(strict=False)] = ()

    def junction_parameters(self) -> JunctionParameters:
        """The typical junction of the chip.

        Raises:
            ValueError: physically impossible.
        """
        return JunctionParameters(**self.junction.model_dump())

    def junction_spread(self) -> Spread:
        """Device-to-device spread.

        Raises:
            ValueError: a negative one.
        """
        return Spread(**self.spread.model_dump())

    def junction_faults(self, wiring: Wiring) -> tuple[Fault, ...]:
        """Faults by position in `wiring.cells`; every cell must be wired."""
        index_of = {cell: index for index, cell in enumerate(wiring.cells)}
        return tuple(
            Fault(index_of[Cell(*fault.cell)], fault.kind, **fault.given()) for fault in self.faults
        )

    def junction_devices(self, wiring: Wiring) -> tuple[Own, ...]:
        """What is known of single junctions; every cell must be wired."""
        index_of = {cell: index for index, cell in enumerate(wiring.cells)}
        return tuple(Own(index_of[Cell(*one.cell)], **one.given()) for one in self.devices)

    def surroundings(self) -> Surroundings:
        """Everything around the junctions, as the world takes it."""
        return Surroundings(
            solver=self.solver,
            ambient_k=self.ambient_k,
            field_t={
                Cell(row, column): table.field_t
                for table in self.fields
                for row in table.rows
                for column in table.columns
            },
            capacitance_f={
                address: table.capacitance_f for table in self.cables for address in table.inputs
            },
            pickup={
                address: tuple(t.value() for t in self.pickup if address in t.inputs)
                for table in self.pickup
                for address in table.inputs
            },
            sources={
                terminal: SourceFlaws(table.noise_v, table.settling_s)
                for table in self.sources
                for terminal in table.sources
            },
            amplifier=self.amplifiers.value(),
        )


class BenchFile(Table):
    """A whole bench file.

    Attributes:
        twin: None for a real bench.
    """

    bench: BenchTable
    chip: ChipTable
    instruments: Annotated[dict[str, InstrumentTable], Field(min_length=1)]
    wiring: WiringTables
    limits: LimitsTable
    twin: TwinTable | None = None

    @property
    def name(self) -> str:
        """Of the bench."""
        return self.bench.name

    @property
    def description(self) -> str:
        """One line for people."""
        return self.bench.description
