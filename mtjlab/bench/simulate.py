"""From a bench file to its simulated world, its twins and the ports that lead to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mtjlab.bench.file import LoadedBench, load
from mtjlab.bench.tables import TwinTable
from mtjlab.core import plugins
from mtjlab.core.clock import VirtualClock
from mtjlab.core.driver import Ports
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.places import bench_name
from mtjlab.core.wiring import Wiring
from sim_backend.faults import FaultyInstrument, InstrumentFaults, Scenario
from sim_backend.ports import nidaqmx, serial_line, visa
from sim_backend.twins.ni_faults import FaultyBoard
from sim_backend.world.surroundings import Surroundings
from sim_backend.world.world import World


@dataclass(frozen=True)
class SimulatedBench:
    """One world and every instrument that looks at it.

    Attributes:
        world: physics, clock and generators.
        twins: by instrument name of the bench file.
        ports: what drivers are given instead of vendor libraries.
        scenario: what goes wrong with the instruments; None: nothing does.
    """

    world: World
    twins: Mapping[str, Any]
    ports: Ports
    scenario: Scenario | None = None

    def state(self) -> dict[str, Any]:
        """Flat: `world/...`, `twin/NAME/...` and `scenario/...`."""
        flat = {f"world/{key}": value for key, value in self.world.state().items()}
        for name, twin in self.twins.items():
            flat |= {f"twin/{name}/{key}": value for key, value in twin.state().items()}
        if self.scenario is not None:
            flat |= {f"scenario/{key}": value for key, value in self.scenario.state().items()}
        return flat

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue bit-identically from `state()` of a bench built from the same file."""
        self.world.restore(_below("world/", state))
        for name, twin in self.twins.items():
            twin.restore(_below(f"twin/{name}/", state))
        if self.scenario is not None:
            self.scenario.restore(_below("scenario/", state))


def _below(prefix: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def simulate(
    loaded: LoadedBench, *, generators: Generators, clock: VirtualClock | None = None
) -> SimulatedBench:
    """Build the world of a bench file; a real bench is simulated with the default junction.

    Args:
        loaded: the bench file.
        generators: of the run.
        clock: bench time of the world; a virtual one that begins at 0 if none is given.

    Raises:
        BenchError: an instrument of the file has no twin.
    """
    file = loaded.file
    table = file.twin or TwinTable()
    wiring = file.wiring.resolve()
    world = World(
        wiring,
        junction=table.junction_parameters(),
        spread=table.junction_spread(),
        faults=table.junction_faults(wiring),
        chip_seed=file.chip.seed,
        generators=generators,
        clock=clock or VirtualClock(),
        instrument_noise=table.instrument_noise,
        surroundings=_surroundings(table, wiring),
        own=table.junction_devices(wiring),
    )
    scenario = _scenario(table, file.instruments, world)
    library = visa.make(world.clock)
    boards = nidaqmx.NiPort()
    lines = serial_line.SerialPorts(world.clock)
    twins: dict[str, Any] = {}
    for name, entry in file.instruments.items():
        if entry.recorded and not table.instruments.get(name):
            # It looks at no junction: without replies of its own there is nothing to simulate.
            continue
        kind = plugins.load("twins", entry.plugin, error=BenchError)
        twin = kind(
            name=name,
            resource=entry.resource,
            options=kind.options_model.model_validate(
                _cable(wiring, name)
                | _shared(kind, entry.plugin_options)
                | table.instruments.get(name, {})
            ),
            world=world,
            inputs=wiring.inputs(name),
            outputs=wiring.outputs(name),
        )
        if scenario is not None:
            twin = _under(scenario.of[name], twin)
        if kind.port == "nidaqmx":
            boards.attach(entry.resource, twin)
        elif kind.port == "serial":
            lines.attach(entry.resource, twin)
        if kind.port == "visa" or entry.resource.upper().startswith("ASRL"):
            library.attach(entry.resource, twin)
        twins[name] = twin
    ports = Ports(visa_library=library, ni=boards, serial=lines, virtual=True)
    return SimulatedBench(world, twins, ports, scenario)


def _surroundings(table: TwinTable, wiring: Wiring) -> Surroundings:
    """Capacitances that `[wiring]` declares hold for the twin, where `[twin]` has no other."""
    surroundings = table.surroundings()
    declared = {read.address: read.capacitance_f for read in wiring.reads if read.capacitance_f}
    return replace(surroundings, capacitance_f=declared | dict(surroundings.capacitance_f))


def _cable(wiring: Wiring, name: str) -> dict[str, Any]:
    """A clock that the wiring shares needs a cable on the twin, too."""
    joined = any(name in (clock.outputs, clock.inputs) for clock in wiring.clocks)
    return {"rtsi": "wiring.clocks"} if joined else {}


def _shared(kind: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the driver that say what is cabled to what, and so hold for its twin."""
    return {key: options[key] for key in getattr(kind, "shared_options", ()) if key in options}


def _scenario(table: TwinTable, instruments: Iterable[str], world: World) -> Scenario | None:
    if not table.scenario:
        return None
    return Scenario(
        [incident.incident() for incident in table.scenario],
        instruments,
        clock=world.clock,
        generators=world.generators,
        lock=world.lock,
    )


def _under(faults: InstrumentFaults, twin: Any) -> Any:
    """The twin as its port shall see it."""
    if twin.port != "nidaqmx":
        return FaultyInstrument(twin, faults)
    faults.attach(FaultyBoard(twin))
    twin.faults = faults
    return twin


def visa_twins(bench: str) -> tuple[VirtualClock, list[tuple[str, Any]]]:
    """The message-based instruments of a bench by name, for PyVISA's `BENCH@mtjsim`.

    An empty name is `$MTJLAB_BENCH` or the shipped `twin`. Seed 0: who comes by name has no run.
    """
    loaded = load(bench_name(bench))
    simulated = simulate(loaded, generators=Generators(0))
    found = [
        (loaded.file.instruments[name].resource, twin)
        for name, twin in simulated.twins.items()
        if twin.port == "visa" or loaded.file.instruments[name].resource.startswith("ASRL")
    ]
    return simulated.world.clock, found
