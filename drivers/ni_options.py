"""`[instruments.NAME.options]` of an NI board, and the way to it that they choose."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mtjlab.core.driver import Opening
from mtjlab.core.errors import BenchError
from mtjlab.core.parameters import Ge, Gt, Quantity

_ADDRESS = r"^(\[[0-9A-Fa-f:]+\]|[^\s:/\[\]]+):\d{1,5}$"


class NiDaqOptions(BaseModel):
    """What the bench file may say.

    Attributes:
        product: what the board must call itself, such as `PCIe-6363`; None: anything.
        timeout_s: how much later than due samples and answers may come, s.
        block_samples: longest output block per channel; None: what the board's memory holds.
        read_back: output -> input that is wired to it, for a board that cannot read its outputs
            back itself: `{ ao0 = "Dev1/ai31" }`, an input of any NI board of the same computer.
        mux_f, mux_ohm: capacitance behind a multiplexer, F, and resistance of its switches, ohm.
        grpc: `HOST:PORT` of the server that has the board; None: it is in this computer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: str | None = None
    timeout_s: Annotated[float, Quantity("s"), Gt(0)] = 2.0
    block_samples: Annotated[int, Ge(2)] | None = None
    read_back: dict[str, str] = {}
    # Those of NI's X series, by the settling of its data sheets.
    mux_f: Annotated[float, Quantity("F"), Ge(0)] = 100e-12
    mux_ohm: Annotated[float, Quantity("ohm"), Ge(0)] = 1e3
    grpc: Annotated[str, Field(pattern=_ADDRESS)] | None = None


def located(opening: Opening, options: NiDaqOptions) -> tuple[Opening, Any]:
    """The opening with the server's boards as its NI port, and that port; None: boards here.

    On a simulated bench the boards are in this process, whatever the options say.

    Raises:
        BenchError: the extra `remote` is not installed.
        NotFound: nothing answers at the address.
    """
    if options.grpc is None or opening.ports.ni is not None:
        return opening, None
    where = f"{opening.name} ({opening.resource} at {options.grpc})"
    try:
        from drivers.ni_remote import RemoteNi
    except ImportError as error:
        raise BenchError(
            f"{where}: NI boards over the wire need packages that are not installed ({error}). "
            "Install them with: pip install 'mtjlab[remote]'"
        ) from error
    remote = RemoteNi(options.grpc, where, options.timeout_s)
    return replace(opening, ports=replace(opening.ports, ni=remote)), remote
