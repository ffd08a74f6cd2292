"""Parameters of `operating_point`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Lt, Parameters, Quantity

Bias = Annotated[float, Quantity("V"), Ge(-10), Le(10)]


class OperatingPointParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(
        None, description="[row, column] of each single junction; None: all that an input reads"
    )
    duty: Annotated[float, Gt(0.01), Lt(0.99)] = Field(
        0.5, description="share of time in AP that is looked for"
    )
    tolerance: Annotated[float, Gt(0), Le(0.2)] = Field(
        0.02, description="of the duty cycle; it is also measured to within this (95 %)"
    )
    min_bias_v: Bias | None = Field(
        None, description="window of the search; None: 0.3 of the bench file's bias, else of 0.1 V"
    )
    max_bias_v: Bias | None = Field(
        None,
        description="None: 2 times the bench file's bias, or what the limits of the junctions "
        "allow, whichever is less",
    )
    max_tau_c_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        1e-3, description="junctions that are slower at the duty cycle are named and not counted"
    )
    min_tau_c_s: Annotated[float, Quantity("s"), Ge(0), Le(100)] = Field(
        0.0, description="and those that are faster"
    )
    coarse: Annotated[int, Ge(3), Le(100)] = Field(
        7, description="biases over the window that are measured first, to know where to look"
    )
    rounds: Annotated[int, Ge(1), Le(50)] = Field(
        6, description="most measurements after that, each at the best bias known by then"
    )
    block_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        0.02, description="of each coarse block"
    )
    max_block_s: Annotated[float, Quantity("s"), Gt(0), Le(1000)] = Field(
        0.5, description="of the longest block"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited after each change of bias"
    )
