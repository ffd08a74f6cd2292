"""What belongs to a run beside its parameters, as a parameter model like any other."""

from typing import Annotated

from pydantic import Field

from mtjlab.bench.file import shipped
from mtjlab.core.parameters import Ge, Parameters
from mtjlab.runner.pace import PaceName
from mtjlab.runner.queue_item import OnFailure


class RunOptions(Parameters):
    """Seed, name and bench of one run."""

    seed: Annotated[int, Ge(0)] | None = Field(
        None,
        description="of the run: the same seed gives the same noise on a twin. None: drawn, and "
        "recorded in the run file",
    )
    name: str | None = Field(
        None, description="of the item in the queue, for other items to use. None: the protocol"
    )
    bench: str | None = Field(
        None,
        description="bench file or shipped name. None: the bench of the window",
        examples=[*shipped()],
    )
    on_failure: OnFailure = Field(
        "continue", description="what a failure of this run does to the rest of the queue"
    )
    pace: PaceName = Field(
        "virtual",
        description="of a twin in this program; realtime: as long as the real bench would take, "
        "for whoever wants to watch. What is measured is the same",
    )
