"""Optimisers by name."""

from typing import Any, Literal, get_args

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.learning.optimisers.adam import Adam
from mtjlab.learning.optimisers.clipped import clipped
from mtjlab.learning.optimisers.optimiser import Optimiser
from mtjlab.learning.optimisers.schedule import ScheduleName
from mtjlab.learning.optimisers.sgd import Sgd

OptimiserName = Literal["adam", "sgd", "momentum", "nesterov"]
OPTIMISER_NAMES: tuple[str, ...] = get_args(OptimiserName)


def make_optimiser(
    name: str,
    learning_rate: float,
    *,
    weight_decay: float = 0.0,
    schedule: ScheduleName = "constant",
    total_updates: int | None = None,
    warm_up: int = 0,
    momentum: float = 0.9,
    weight_clip: float | None = None,
) -> Optimiser:
    """An optimiser; each takes the settings that concern it, and leaves the rest alone.

    Args:
        name: one of `OPTIMISER_NAMES`.
        learning_rate: of the schedule, > 0.
        weight_decay: decoupled, of weights and not of biases; 0 is none.
        schedule: see `Schedule`, as for the next two.
        total_updates: of the whole run.
        warm_up: updates until the rate is that of the schedule.
        momentum: of "momentum" and "nesterov".
        weight_clip: weights and biases never leave -weight_clip .. weight_clip; None: they may.

    Raises:
        ParameterError: no such optimiser, or a setting out of its range.
    """
    if name not in OPTIMISER_NAMES:
        raise ParameterError(f"no optimiser {name!r}: {nearest(name, OPTIMISER_NAMES)}")
    common: dict[str, Any] = {
        "weight_decay": weight_decay,
        "schedule": schedule,
        "total_updates": total_updates,
        "warm_up": warm_up,
    }
    try:
        optimiser: Optimiser
        if name == "adam":
            optimiser = Adam(learning_rate, **common)
        elif name == "sgd":
            optimiser = Sgd(learning_rate, **common)
        else:
            optimiser = Sgd(learning_rate, momentum=momentum, nesterov=name == "nesterov", **common)
    except ValueError as error:
        raise ParameterError(f"optimiser = {name!r}: {error}") from error
    return clipped(optimiser, weight_clip)
