"""Parameters of `telegraph`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity


class TelegraphParameters(Parameters):
    """See the field descriptions."""

    cells: Cells = Field(None, description="[row, column] of each junction; None: all single ones")
    bias_v: Annotated[float, Quantity("V"), Ge(0), Le(10)] | None = Field(
        None,
        description="open-circuit volts behind each divider; None: as the bench file says, else "
        "0.1 V",
    )
    duration_s: Annotated[float, Quantity("s"), Gt(0), Le(1e7)] = Field(
        1.0, description="of the trace"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] | None = Field(
        None, description="of each input; None: 200 kS/s, less where the board is slower"
    )
    summary_s: Annotated[float, Quantity("s"), Gt(0), Le(60)] = Field(
        0.1, description="least, largest and mean value and both levels are kept for each of these"
    )
    analyse_s: Annotated[float, Quantity("s"), Gt(0), Le(10)] = Field(
        1.0, description="so much from the beginning is looked at in detail; counts are of all"
    )
