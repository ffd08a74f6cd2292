"""Parameters of `infer`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Le, Parameters


class InferParameters(Parameters):
    """What is not said here is as in the learning run."""

    run: str = Field(
        "latest", description="the noise_learning run: path, id, or the latest that has finished"
    )
    part: Literal["test", "validation", "train", "all"] = Field(
        "test", description="of the data, as they were divided for learning"
    )
    rounds: Annotated[int, Ge(1), Le(10_000)] = Field(
        9, description="noisy reads of each sample; all of them vote"
    )
    batch: Annotated[int, Ge(1), Le(100_000)] | None = Field(
        None, description="samples presented at a time; None: as in learning"
    )
    fabric: str | list[str] | None = Field(
        None, description="what computes the layers; None: what it learnt on"
    )
    cells: Cells = Field(
        None,
        description="[row, column] of the junctions that nodes may use; None: neurons and "
        "crossbars use those they learnt on, if the chip is the same",
    )
    junctions: Literal["on", "off", "stuck", "mean"] = Field(
        "on", description="controls, as in noise_learning"
    )

    @field_validator("junctions", mode="before")
    @classmethod
    def _switch(cls, value: object) -> object:
        """`--set junctions=off` arrives as text, TOML's own booleans as true and false."""
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
