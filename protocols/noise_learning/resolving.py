"""What the user left unsaid, and what cannot be had together; pure."""

from collections.abc import Collection

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.learning.optimisers import OPTIMISER_NAMES
from mtjlab.learning.recipes import Size, recipe
from mtjlab.learning.rules.choice import RULE_NAMES
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task, usual_test_count
from protocols.noise_learning.fabrics import by_layer, kind_of, settled_options, without_use
from protocols.noise_learning.parameters import NoiseLearningParameters

# Beyond three standard deviations of the first weights there is little to be held.
DEFAULT_LIMIT = 3.0


def resolved(params: NoiseLearningParameters) -> NoiseLearningParameters:
    """Unsaid parameters filled in with the best known values for task, rule and fabric.

    Raises:
        ParameterError: an unknown name, or a combination that makes no sense.
        DataError: the task cannot be learnt from.
    """
    check_name("rule", params.rule, RULE_NAMES)
    check_name("optimiser", params.optimiser, OPTIMISER_NAMES)
    task = load_task(params.task)
    given = [params.fabric] if isinstance(params.fabric, str) else params.fabric
    known = recipe(params.task, given, rule=params.rule, size=size_of(task)) | {
        "scaling": "columns",
    }
    # Data that come with a test part are tested on that.
    if known["test_count"] is None or task.given_test:
        known["test_count"] = usual_test_count(task)
    hidden = known["hidden"] if params.hidden is None else params.hidden
    layers = len(hidden) + 1
    if params.rule == "backprop":
        known["measured"] = any(kind_of(name).physical for name in by_layer(params.fabric, layers))
    idle = without_use(params, layers)
    said = [name for name in idle if getattr(params, name) is not None]
    if said:
        raise ParameterError(
            f"{said[0]} = {getattr(params, said[0])!r}: nothing in fabric {', '.join(given)} has "
            "a use for it; leave it out"
        )
    unsaid = {
        name: value
        for name, value in known.items()
        if getattr(params, name) is None and name not in idle
    }
    filled = params.model_copy(update=unsaid)
    if filled.weight_limit is None and filled.weight_levels is not None:
        limit = DEFAULT_LIMIT if filled.weight_clip is None else filled.weight_clip
        filled = filled.model_copy(update={"weight_limit": limit})
    return filled.model_copy(update={"options": settled_options(filled, layers)})


def check_name(what: str, name: str, known: Collection[str]) -> None:
    """Refuse a name that is none.

    Raises:
        ParameterError: with the nearest.
    """
    if name not in known:
        raise ParameterError(f"no {what} {name!r}: {nearest(name, known)}")


def size_of(task: Task) -> Size:
    """Of a task, for the recipe."""
    samples, features = task.x.shape
    return Size(samples, features, len(task.class_names))
