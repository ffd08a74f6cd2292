"""A simulated bench for other programs: a world on the wall clock, instruments on loopback."""

import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from mtjlab.bench.file import LoadedBench
from mtjlab.bench.serve_tables import ServeTable
from mtjlab.bench.simulate import SimulatedBench, simulate
from mtjlab.bench.tables import TwinTable
from mtjlab.bench.toml_text import toml_text
from mtjlab.core.clock import ServedClock
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from sim_backend.wire.server import WireServer


class BenchServer:
    """The instruments of one bench, served until `stop`. A context manager.

    Attributes:
        resources: by instrument name, where a client finds it: a VISA resource, or
            `grpc://ADDRESS/DEVICE` for a board.
        simulated: the world behind them.
        clock: of the world.
    """

    def __init__(
        self, loaded: LoadedBench, *, generators: Generators, host: str = "127.0.0.1"
    ) -> None:
        """Serve every instrument.

        Args:
            loaded: the bench file; a real one is simulated with the default junction.
            generators: of this world.
            host: a loopback address.

        Raises:
            BenchError: an instrument has no twin, or cannot be served.
        """
        self._loaded = loaded
        self.clock = ServedClock()
        self.simulated: SimulatedBench = simulate(loaded, generators=generators, clock=self.clock)
        self.resources: dict[str, str] = {}
        self._boards: dict[str, str] = {}
        with ExitStack() as undo:
            wire = WireServer(self.simulated.world.lock, self.clock, host=host)
            undo.callback(wire.stop)
            ways = (loaded.file.twin or TwinTable()).serve
            for name, twin in self.simulated.twins.items():
                resource = loaded.file.instruments[name].resource
                way = ways.get(name, ServeTable())
                if twin.port != "nidaqmx":
                    self.resources[name] = wire.serve(
                        twin, way.way_of(resource), port=way.port, clients=way.clients
                    )
                else:
                    self._boards[name] = resource
            if self._boards:
                boards = _ni_server(self.simulated.ports.ni, host)
                undo.callback(boards.stop)
                for name, device in self._boards.items():
                    self.resources[name] = f"grpc://{boards.address}/{device}"
            self._undo = undo.pop_all()

    def bench_text(self) -> str:
        """A bench file whose instruments are the served ones: no [twin], no comments."""
        raw = tomllib.loads(self._loaded.text)
        raw.pop("twin", None)
        for name, resource in self.resources.items():
            table = raw["instruments"][name]
            if name in self._boards:
                address = resource.removeprefix("grpc://").partition("/")[0]
                table["options"] = table.get("options", {}) | {"grpc": address}
            else:
                table["resource"] = resource
        return toml_text(raw)

    def write_bench(self, path: Path) -> None:
        """Put `bench_text` into a file.

        Raises:
            BenchError: it cannot be written.
        """
        try:
            path.write_text(self.bench_text(), encoding="utf-8")
        except OSError as error:
            raise BenchError(
                f"the bench file {path} cannot be written: {error.strerror or error}; "
                "expected a path in a folder that exists"
            ) from error

    def stop(self) -> None:
        """End every connection; returns when no thread, socket or serial line is left."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _ni_server(boards: Any, host: str) -> Any:
    try:
        from sim_backend.wire.ni_grpc import NiServer
    except ImportError as error:
        raise BenchError(
            f"NI boards are served over gRPC, which is not installed ({error.name}); "
            "install it with: pip install 'mtjlab[remote]'"
        ) from error
    return NiServer(boards, host=host).start()
