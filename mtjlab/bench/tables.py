"""The tables of a bench file as models: types, units and ranges of single keys.

What several tables must agree on (counts, names, uses, fences) is checked beside them, in
`wiring_checks`, `instrument_checks` and `twin_checks`; only files that pass `file.load` are used.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mtjlab.bench import channels
from mtjlab.bench.scenario_tables import IncidentTable
from mtjlab.bench.serve_tables import ServeTable
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.parameters import Ge, Gt, Le, Quantity
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, TerminalMode, Wiring
from sim_backend.physics.junction import Fault, FaultKind, JunctionParameters, Spread

Columns = Annotated[tuple[int, ...], BeforeValidator(channels.indices)]
Terminals = Annotated[tuple[str, ...], BeforeValidator(channels.terminals)]
# tmr_half_v = inf is how a junction without bias dependence is written.
InfiniteVolt = Annotated[float, Field(allow_inf_nan=True), Quantity("V")]
Kelvin = Annotated[float, Quantity("K")]
Ohm = Annotated[float, Quantity("ohm")]
PerTesla = Annotated[float, Quantity("/T")]
PerSquareTesla = Annotated[float, Quantity("/T^2")]
Second = Annotated[float, Quantity("s")]
Volt = Annotated[float, Quantity("V")]


class Table(BaseModel):
    """Frozen; unknown keys, NaN and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class BenchTable(Table):
    """`[bench]`: what this bench is called."""

    name: Annotated[str, Field(min_length=1, description="a short name of the bench")]
    description: str = ""


class ChipTable(Table):
    """`[chip]`: which chip is on the bench; `seed` fixes spread and faults of its twin."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="text: name")]
    seed: Annotated[int, Ge(0)] = 0


class InstrumentTable(Table):
    """`[instruments.NAME]`: one instrument; terminals are spelt with NAME."""

    driver: Annotated[str, Field(description="text: name of a driver")]
    resource: Annotated[str, Field(min_length=1, description="text: VISA resource or NI device")]
    options: dict[str, Any] = Field(default_factory=dict)
    accept_unfenced: bool = False


class SinglesTable(Table):
    """One `[[wiring.singles]]`: junctions, each behind its own series resistor."""

    row: Annotated[int, Ge(0), Field(description="a whole number")]
    columns: Annotated[Columns, Field(description="a column or a range such as '0:31'")]
    source: Annotated[Terminals, Field(description="a terminal such as 'smu' or 'daq/ao0:7'")]
    series: Annotated[Ohm, Gt(0), Field(description="the series resistance,")]
    divider: Annotated[float, Gt(0), Le(1)] = 1.0
    read: Terminals | None = None
    range: Annotated[Volt, Gt(0)] | None = None
    terminal: TerminalMode = "differential"

    def resolve(self) -> tuple[SingleJunction, ...]:
        """One junction per column, in order. The counts must have been checked."""
        sources = self.source * len(self.columns) if len(self.source) == 1 else self.source
        reads = self.read or (None,) * len(self.columns)
        return tuple(
            SingleJunction(
                cell=Cell(self.row, column),
                source=source,
                series_ohm=self.series,
                divider=self.divider,
                read=None if read is None else self._input(read),
            )
            for column, source, read in zip(self.columns, sources, reads, strict=True)
        )

    def _input(self, terminal: str) -> InputWire:
        assert self.range is not None
        instrument, _, channel = terminal.partition("/")
        return InputWire(instrument, channel, self.range, self.terminal)


class WiringTables(Table):
    """`[wiring]`: everything that is connected."""

    singles: Annotated[tuple[SinglesTable, ...], Field(strict=False, min_length=1)]

    def resolve(self) -> Wiring:
        """The connections as values, in the order of the file."""
        return Wiring(tuple(junction for table in self.singles for junction in table.resolve()))


class LimitsTable(Table):
    """`[limits]`: what one junction survives, at the junction."""

    junction_v: Annotated[Volt, Gt(0), Field(description="largest voltage across a junction,")]
    junction_a: Annotated[
        float, Quantity("A"), Gt(0), Field(description="largest current through a junction,")
    ]
    soft_v: Annotated[Volt, Gt(0), Field(description="largest operating voltage of a junction,")]
    r_min: Annotated[Ohm, Ge(0)] = 0.0
    r_max: Annotated[float, Field(allow_inf_nan=True), Quantity("ohm"), Gt(0)] = math.inf

    def junction(self) -> JunctionLimits:
        """The limits as the guard uses them."""
        return JunctionLimits(self.junction_v, self.junction_a, self.soft_v, self.r_min, self.r_max)


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


class TwinTable(Table):
    """`[twin]`: the simulated world. A bench file without it is a real bench.

    Attributes:
        pace: `virtual`: bench time passes as fast as it is computed.
        instrument_noise: False: instruments add no noise of their own; quantisation stays.
        instruments: by name, the options of that instrument's twin.
        scenario: what goes wrong with the instruments.
        serve: by name, how `mtjlab serve` offers that instrument.
    """

    pace: Literal["virtual"] = "virtual"
    instrument_noise: bool = True
    junction: JunctionTable = JunctionTable()
    spread: SpreadTable = SpreadTable()
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
        """Faults by position in `wiring.singles`; every cell must be wired."""
        index_of = {junction.cell: index for index, junction in enumerate(wiring.singles)}
        return tuple(
            Fault(index_of[Cell(*fault.cell)], fault.kind, **fault.given()) for fault in self.faults
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
