"""Parameters of `crosstalk`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity


class CrosstalkParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(
        None,
        description="[row, column] of each junction, of an array whole rows count; None: all",
    )
    bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None, description="of single junctions; None: as the bench file says, else 0.1 V"
    )
    array_bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.01, description="of the row of an array that is driven"
    )
    duration_s: Annotated[float, Quantity("s"), Gt(0), Le(60)] = Field(
        0.5, description="of each record, with the bias and again at 0 V"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited after each change of level or connection"
    )
    accuracy: Annotated[float, Ge(0), Le(0.1)] = Field(
        0.002,
        description="relative error of sources, inputs and resistors together, in every "
        "conductance on top of its scatter (95 %)",
    )
