"""What every table of a bench file has in common, and the kinds of values that keys have."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mtjlab.bench import channels
from mtjlab.core.parameters import Quantity

Columns = Annotated[tuple[int, ...], BeforeValidator(channels.indices)]
Terminals = Annotated[tuple[str, ...], BeforeValidator(channels.terminals)]
# tmr_half_v = inf is how a junction without bias dependence is written.
InfiniteVolt = Annotated[float, Field(allow_inf_nan=True), Quantity("V")]
Farad = Annotated[float, Quantity("F")]
Hertz = Annotated[float, Quantity("Hz")]
# bandwidth_hz = inf is how an amplifier without delay is written.
InfiniteHertz = Annotated[float, Field(allow_inf_nan=True), Quantity("Hz")]
Kelvin = Annotated[float, Quantity("K")]
Ohm = Annotated[float, Quantity("ohm")]
Second = Annotated[float, Quantity("s")]
Tesla = Annotated[float, Quantity("T")]
Volt = Annotated[float, Quantity("V")]


class Table(BaseModel):
    """Frozen; unknown keys, NaN and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
