"""Parameters of the fabric `neuron`: `--set 'options={neuron={readout="state"}}'`."""

from typing import Annotated, Literal

from pydantic import Field

from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

# Averaging: the raw voltage carries the signal itself, the state only in its mean.
BEST_KEEP = {"volt": 4, "state": 100}


class NeuronOptions(Parameters):
    """Voltages are open-circuit ones behind the divider; see the field descriptions."""

    readout: Literal["volt", "state"] = Field(
        "volt", description="activation: the averaged voltage, or the occupancy from its levels"
    )
    gain_v: Annotated[float, Quantity("V"), Gt(0), Le(1)] = Field(
        0.048, description="bias per unit of pre-activation; 4.8 w makes the state a tanh"
    )
    bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None, description="bias at pre-activation 0; None: the bench's, or duty cycle one half"
    )
    lowest_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.03, description="lower end of the bias window: smaller pre-activations saturate"
    )
    highest_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.2, description="upper end of the bias window: larger pre-activations saturate"
    )
    logit_scale: Annotated[float, Gt(0), Le(1000)] = Field(
        4.0, description="logits per unit of activity where the last layer is neurons"
    )
    reuse: bool = Field(
        True, description="a junction may serve several nodes of a layer, one after another"
    )
    most_junctions: Annotated[int, Ge(1), Le(100_000)] | None = Field(
        None, description="leave junctions beyond that many to the other fabrics; None: take all"
    )
