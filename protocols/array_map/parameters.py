"""Parameters of `array_map`."""

from typing import Annotated, Literal

from pydantic import Field

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

Bias = Annotated[float, Quantity("V"), Ge(-10), Le(10)]


class ArrayMapParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(None, description="[row, column] of each junction; None: all")
    bias_v: list[Bias] | None = Field(
        None,
        description="levels at which each junction is looked at; the most telling one counts. "
        "None: single junctions at the bias of the bench file (else 0.1 V), arrays at 10 mV, "
        "30 mV and 100 mV as far as they can be reached",
    )
    duration_s: Annotated[float, Quantity("s"), Gt(0), Le(60)] = Field(
        0.05, description="of the trace of each junction at each level"
    )
    confirm_s: Annotated[float, Quantity("s"), Ge(0), Le(600)] = Field(
        0.5, description="a junction that never flipped is watched for so long before it is stuck"
    )
    sample_rate_hz: Annotated[float, Quantity("Hz"), Gt(0), Le(100e6)] = Field(
        200e3, description="of each input; less where the board is slower"
    )
    settle_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = Field(
        1e-3, description="waited after each change of level or connection"
    )
    max_tau_c_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        1e-3, description="junctions with a longer correlation time are slow"
    )
    short_ohm: Annotated[float, Quantity("ohm"), Gt(0), Le(1e9)] = Field(
        500.0, description="below this a junction is a short"
    )
    open_ohm: Annotated[float, Quantity("ohm"), Gt(0), Le(1e12)] = Field(
        1e6, description="above this it is open"
    )
    accuracy: Annotated[float, Ge(0), Le(0.1)] = Field(
        0.002,
        description="relative error of sources, inputs and resistors together, in every "
        "resistance on top of its scatter (95 %)",
    )
    unselected: Literal["ground", "float", "bias_half"] = Field(
        "ground", description="lines of an array that a selector does not connect"
    )
