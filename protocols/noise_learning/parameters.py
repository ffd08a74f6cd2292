"""Parameters of `noise_learning`. None means: the best known value for task and fabric."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from mtjlab.core import plugins
from mtjlab.core.cells import Cells
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Gt, Le, Lt, Parameters, Quantity
from mtjlab.learning.optimisers import OPTIMISER_NAMES
from mtjlab.learning.rules.choice import RULE_NAMES
from mtjlab.learning.tasks import task_names


class NoiseLearningParameters(Parameters):
    """See the field descriptions; spacings are in tau_c of the slowest junction in use."""

    shown_first: ClassVar[tuple[str, ...]] = (
        "task",
        "hidden",
        "rule",
        "fabric",
        "epochs",
        "batch",
        "learning_rate",
        "decorrelation_rate",
        "junctions",
        "target_accuracy",
        "stop_at_target",
        "bias_v",
    )

    task: str = Field(
        "iris",
        description="data set to learn, csv:PATH or idx:FOLDER",
        examples=[*task_names()],
    )
    hidden: list[Annotated[int, Ge(1), Le(100_000)]] | None = Field(
        None, description="widths of the hidden layers"
    )
    rule: str = Field("noise_based", description="learning rule", examples=[*RULE_NAMES])
    fabric: str | list[str] = Field(
        "node_noise",
        description="what computes the layers: one name, or one for each layer",
        examples=[*plugins.names("fabrics")],
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="by name of the fabric, its own parameters"
    )
    cells: Cells = Field(
        None, description="[row, column] of the junctions that nodes may use; None: all"
    )
    epochs: Annotated[int, Ge(1), Le(1_000_000)] | None = Field(
        None, description="passes through the training set"
    )
    batch: Annotated[int, Ge(1), Le(100_000)] | None = Field(
        None, description="samples per learning step"
    )
    reads_per_sample: Annotated[int, Ge(2), Le(1000)] = Field(
        2, description="noisy reads of each sample in a step, K, of the rule noise_based"
    )
    learning_rate: Annotated[float, Gt(0), Le(10)] | None = Field(
        None, description="step size of the optimiser"
    )
    decorrelation_rate: Annotated[float, Ge(0), Lt(1)] | None = Field(
        None, description="step size of the decorrelation; 0 is off"
    )
    weight_decay: Annotated[float, Ge(0), Lt(1)] | None = Field(
        None, description="decoupled weight decay"
    )
    schedule: Literal["constant", "cosine", "linear"] | None = Field(
        None, description="of the learning rate"
    )
    warm_up: Annotated[int, Ge(0), Le(1_000_000)] = Field(
        0, description="updates until the learning rate is that of the schedule"
    )
    optimiser: str = Field(
        "adam", description="adam, sgd, momentum or nesterov", examples=[*OPTIMISER_NAMES]
    )
    momentum: Annotated[float, Ge(0), Lt(1)] = Field(
        0.9, description="of the optimisers momentum and nesterov"
    )
    weight_clip: Annotated[float, Gt(0), Le(1e6)] | None = Field(
        None, description="weights and biases never leave -clip .. clip; None: free"
    )
    weight_levels: Annotated[int, Ge(1), Le(1_000_000)] | None = Field(
        None, description="a weight is held in one of so many levels on each side of 0; None: any"
    )
    weight_limit: Annotated[float, Gt(0), Le(1e6)] | None = Field(
        None, description="largest weight that can be held, the highest level; None: weight_clip"
    )
    programming_noise: Annotated[float, Ge(0), Le(1e6)] = Field(
        0.0, description="sd of what is held about what was asked, in units of the weights"
    )
    perturbation: Annotated[float, Gt(0), Le(1e3)] | None = Field(
        None, description="step of the weights in the rule spsa"
    )
    measured: bool | None = Field(
        None, description="rule backprop on measured activations; None: where there are some"
    )
    alignment: bool = Field(
        False, description="compare the summed update with the model's gradient, twin only"
    )
    pass_spacing: Annotated[float, Ge(0), Le(1e6)] = Field(
        3.0, description="least time between two reads of one sample on one junction, tau_c"
    )
    sample_spacing: Annotated[float, Gt(0), Le(1e6)] = Field(
        3.0, description="between successive reads of one junction, tau_c"
    )
    keep: Annotated[int, Ge(1), Le(100_000)] | None = Field(
        None, description="samples averaged per read; None: the best known of each fabric"
    )
    activation: Literal["tanh", "leaky_relu"] | None = Field(
        None, description="of hidden nodes whose sum the host computes"
    )
    junctions: Literal["on", "off", "stuck", "mean"] = Field(
        "on",
        description="controls: off is bias 0 V while learning; stuck (one state) and mean "
        "(mean response) are for the twin",
    )
    instrument_noise: Literal["on", "off"] = Field(
        "on", description="off: noiseless instruments, twin only"
    )
    target_accuracy: Annotated[float, Gt(0), Le(1)] = Field(
        0.95, description="fraction; reached by two consecutive noisy single-read evaluations"
    )
    evaluate_every: Annotated[int, Ge(1), Le(1_000_000)] | None = Field(
        None, description="updates between evaluations"
    )
    stop_at_target: bool = Field(False, description="end when the target is reached")
    test_count: Annotated[int, Ge(0), Le(1_000_000)] | None = Field(
        None, description="samples kept apart for the test"
    )
    validation_count: Annotated[int, Ge(0), Le(1_000_000)] = Field(
        0, description="samples kept apart to choose settings by"
    )
    scaling: Literal["columns", "common"] | None = Field(
        None, description="standard deviations of each column, or one for all as for images"
    )
    first_weights: Annotated[float, Gt(0), Le(10)] = Field(
        1.0, description="sd of the first weights times the square root of the number of inputs"
    )
    threads: Annotated[int, Ge(1), Le(2)] = Field(
        1, description="that share a step of a large network; each number has bytes of its own"
    )
    majority_reads: Annotated[int, Ge(1), Le(1001)] = Field(
        9, description="reads per sample in the majority vote at the end"
    )
    bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None,
        description="constant bias, open-circuit volts behind each divider; None: as the bench "
        "file says, else 0.1 V",
    )
    unit_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None, description="voltage that counts as one unit of activity; None: the fabric's own"
    )
    survey_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        0.1, description="length of the trace by which junctions are judged"
    )
    reference_reads: Annotated[int, Ge(100), Le(1_000_000)] = Field(
        1000, description="reads that fix each junction's mean and noise ratio"
    )
    max_tau_c_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        1e-3, description="slower junctions are masked"
    )

    @field_validator("junctions", "instrument_noise", mode="before")
    @classmethod
    def _switch(cls, value: object) -> object:
        """`--set junctions=off` arrives as text, TOML's own booleans as true and false."""
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value

    def known(self, name: str) -> Any:
        """A parameter that `resolve` has filled in.

        Raises:
            ParameterError: it has no value yet.
        """
        value = getattr(self, name)
        if value is None:
            raise ParameterError(f"{name} has no value; resolve the parameters first")
        return value
