"""What the user left unsaid, and what cannot be had together; pure."""

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.learning.recipes import Size, recipe
from mtjlab.learning.rules.choice import RULE_NAMES
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task
from protocols.noise_learning.fabrics import settled_options, without_use
from protocols.noise_learning.parameters import NoiseLearningParameters


def resolved(params: NoiseLearningParameters) -> NoiseLearningParameters:
    """Unsaid parameters filled in with the best known values for task, rule and fabric.

    Raises:
        ParameterError: an unknown name, or a combination that makes no sense.
        DataError: the task cannot be learnt from.
    """
    if params.rule not in RULE_NAMES:
        raise ParameterError(f"no rule {params.rule!r}: {nearest(params.rule, RULE_NAMES)}")
    task = load_task(params.task)
    given = [params.fabric] if isinstance(params.fabric, str) else params.fabric
    known = recipe(params.task, given, rule=params.rule, size=size_of(task))
    hidden = known["hidden"] if params.hidden is None else params.hidden
    layers = len(hidden) + 1
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
    return filled.model_copy(update={"options": settled_options(filled, layers)})


def size_of(task: Task) -> Size:
    """Of a task, for the recipe."""
    samples, features = task.x.shape
    return Size(samples, features, len(task.class_names))
