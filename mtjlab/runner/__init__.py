"""From a request to an ended run: settled by `plan`, executed by `Run`, told in an `Outcome`."""

from mtjlab.runner.again import replayed, resumed
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.plan import Link, OnError, Plan, plan
from mtjlab.runner.run import Run

__all__ = ["Link", "OnError", "Outcome", "Plan", "Run", "plan", "replayed", "resumed"]
