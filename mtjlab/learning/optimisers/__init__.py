"""From gradients to changed parameters, in place; one optimiser a file."""

from mtjlab.learning.optimisers.adam import Adam
from mtjlab.learning.optimisers.optimiser import Optimiser
from mtjlab.learning.optimisers.schedule import ScheduleName

__all__ = ["Adam", "Optimiser", "ScheduleName"]
