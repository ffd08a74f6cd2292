"""A run in a process of its own, for whoever must not slow it and must not be slowed by it.

    RunApart(order, listeners)  <- frames of events -  python -m mtjlab.runner.apart
                                 -  lines: commands ->

Beside a window a run in a thread would lose a third of its pace to Python's lock and hold up every
frame (docs/decisions/0008). If the owner dies, the end of its pipe ends the run in order; if the
run's own process dies, its supervisor makes the bench safe.
"""

from mtjlab.runner.apart.order import Order
from mtjlab.runner.apart.owner import RunApart, Spare

__all__ = ["Order", "RunApart", "Spare"]
