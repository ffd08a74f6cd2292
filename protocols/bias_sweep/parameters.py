"""Parameters of `bias_sweep`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

Bias = Annotated[float, Quantity("V"), Ge(-10), Le(10)]
FieldT = Annotated[float, Quantity("T"), Ge(-10), Le(10)]


class BiasSweepParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(
        None, description="[row, column] of each single junction; None: all that an input reads"
    )
    start_v: Bias | None = Field(
        None, description="first bias; None: 0.4 of the bias of the bench file, else of 0.1 V"
    )
    stop_v: Bias | None = Field(
        None, description="last bias; None: 1.6 of the bias of the bench file, else of 0.1 V"
    )
    points: Annotated[int, Ge(2), Le(1000)] = Field(13, description="biases, evenly spaced")
    fields_t: Annotated[list[FieldT], Field(min_length=1)] | None = Field(
        None, description="fields of the coil at each of which all biases are measured; None: none"
    )
    relative_error: Annotated[float, Gt(0), Le(1)] = Field(
        0.1,
        description="of each dwell time at each bias: half of its 95 % interval over its value; "
        "0.1 takes some 800 flips",
    )
    block_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        0.02, description="of the first block at each bias; longer ones follow as they are needed"
    )
    max_block_s: Annotated[float, Quantity("s"), Gt(0), Le(1000)] = Field(
        0.5, description="of the longest block; slow and stuck junctions use it up at each bias"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited after each change of bias"
    )
    curvature: bool = Field(
        False, description="fit ln tau with a square of the bias, not with a straight line only"
    )
