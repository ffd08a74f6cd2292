"""Parameters of `rv_tmr`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

Bias = Annotated[float, Quantity("V"), Ge(-10), Le(10)]


class RvTmrParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(
        None, description="[row, column] of each single junction; None: all that can be measured"
    )
    start_v: Bias | None = Field(
        None, description="first bias; None: 0.5 of the bias of the bench file, else of 0.1 V"
    )
    stop_v: Bias | None = Field(
        None, description="last bias; None: 1.8 of the bias of the bench file, else of 0.1 V"
    )
    points: Annotated[int, Ge(2), Le(200)] = Field(9, description="biases, evenly spaced")
    field_t: Annotated[float, Quantity("T"), Gt(0), Le(10)] | None = Field(
        None,
        description="hold each state by this field and its opposite, and sweep in the buffer of "
        "the source-meter; None: take both levels from the telegraph of the junction",
    )
    block_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        0.05, description="of the trace at each bias (telegraph)"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower (telegraph)"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited after each change of bias"
    )
    repeats: Annotated[int, Ge(3), Le(10)] = Field(
        5, description="readings at each bias, whose scatter makes the intervals (field)"
    )
    nplc: Annotated[float, Gt(0), Le(10)] = Field(
        1.0, description="integration time in power-line cycles (field)"
    )
