"""`[twin.serve.NAME]`: how `mtjlab serve` offers one instrument."""

from typing import Annotated, Literal

from mtjlab.bench.table import Table
from mtjlab.core.parameters import Ge, Le


class ServeTable(Table):
    """How one message-based instrument is served; a board goes over gRPC in any case.

    Attributes:
        way: raw TCP socket, HiSLIP or a serial line; None: what its resource says.
        port: of TCP; 0: any free one.
        clients: any number at once, or one while others are sent away or wait.
    """

    way: Literal["tcp", "hislip", "serial"] | None = None
    port: Annotated[int, Ge(0), Le(65535)] = 0
    clients: Literal["many", "refuse", "queue"] = "many"

    def way_of(self, resource: str) -> Literal["tcp", "hislip", "serial"]:
        """As asked for, else as close to the VISA resource as a simulated one can be."""
        if self.way is not None:
            return self.way
        kind = resource.upper()
        if kind.startswith(("ASRL", "/DEV/", "COM")):
            return "serial"
        return "hislip" if kind.startswith("TCPIP") and kind.endswith("INSTR") else "tcp"
