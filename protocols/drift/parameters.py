"""Parameters of `drift`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Lt, Parameters, Quantity


class DriftParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(None, description="[row, column] of each junction; None: all single ones")
    bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None, description="at the start; None: as the bench file says, else 0.1 V"
    )
    duration_s: Annotated[float, Quantity("s"), Gt(0), Le(1e7)] = Field(
        60.0, description="of the whole run"
    )
    interval_s: Annotated[float, Quantity("s"), Gt(0), Le(1e5)] = Field(
        10.0, description="from the beginning of one look to that of the next"
    )
    record_s: Annotated[float, Quantity("s"), Gt(0), Le(10)] = Field(
        0.1, description="length of each look"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    duty_cycle: Annotated[float, Gt(0), Lt(1)] | None = Field(
        None,
        description="share of time in AP that the bias is moved towards after each look; None: "
        "the bias stays",
    )
    window_v: Annotated[float, Quantity("V"), Ge(0), Le(10)] = Field(
        0.02, description="how far the bias may go from where it began, either way"
    )
    max_step_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.005, description="how far it moves at once"
    )
    width_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.024,
        description="bias that changes ln(p / (1 - p)) of the duty cycle p by one; how fast the "
        "bias follows, not where to",
    )
