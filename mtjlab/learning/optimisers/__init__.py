"""From gradients to changed parameters, in place; one optimiser a file."""

from mtjlab.learning.optimisers.adam import Adam
from mtjlab.learning.optimisers.choice import OPTIMISER_NAMES, make_optimiser
from mtjlab.learning.optimisers.clipped import Clipped
from mtjlab.learning.optimisers.optimiser import Optimiser
from mtjlab.learning.optimisers.schedule import Schedule, ScheduleName
from mtjlab.learning.optimisers.sgd import Sgd

__all__ = [
    "OPTIMISER_NAMES",
    "Adam",
    "Clipped",
    "Optimiser",
    "Schedule",
    "ScheduleName",
    "Sgd",
    "make_optimiser",
]
