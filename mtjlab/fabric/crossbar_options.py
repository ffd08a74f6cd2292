"""Parameters of the fabric `crossbar`: `--set 'options={crossbar={offset_v="50m"}}'`."""

from typing import Annotated

from pydantic import Field

from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity
from mtjlab.learning.activations import ActivationName

# Averaging: fewer samples leave more of the instrument's noise, more of them cost time.
BEST_KEEP = 20
# At a gain of 50 mV weights clipped at 3 just reach it for an input of 1.
DEFAULT_WINDOW_V = 0.15


class CrossbarOptions(Parameters):
    """Voltages are those of a row, open-circuit behind the divider; see the descriptions."""

    gain_v: Annotated[float, Quantity("V"), Gt(0), Le(1)] = Field(
        0.05, description="row voltage per unit of weight x input, with V50 brought to 0 by a field"
    )
    offset_v: Annotated[float, Quantity("V"), Ge(-1), Le(1)] = Field(
        0.0, description="row voltage of weight x input = 0; V50 where no field brings it to 0"
    )
    window_v: Annotated[float, Quantity("V"), Gt(0), Le(1)] | None = Field(
        None, description="largest |row voltage|, beyond it rows saturate; None: 150 mV or less"
    )
    activation: ActivationName = Field("tanh", description="of the hidden layers, on the host")
