"""Parameters of `field_sweep`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity


class FieldSweepParameters(Parameters):
    """See the field descriptions."""

    cells: Cells = Field(
        None, description="[row, column] of each single junction; None: all that an input reads"
    )
    bias_v: Annotated[float, Quantity("V"), Ge(-10), Le(10)] | None = Field(
        None, description="behind the divider; None: that of the bench file, else 0.1 V"
    )
    max_field_t: Annotated[float, Quantity("T"), Gt(0), Le(10)] | None = Field(
        None, description="largest field either way; None: 0.9 of what the coil can make"
    )
    points: Annotated[int, Ge(5), Le(2000)] = Field(41, description="fields in each direction")
    loops: Annotated[int, Ge(1), Le(100)] = Field(
        2, description="up and down so often; the scatter of several makes the intervals"
    )
    read_s: Annotated[float, Quantity("s"), Gt(0), Le(10)] = Field(
        0.02, description="averaged at each field"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited at each field and bias"
    )
