"""From a request to an ended run: settled by `plan`, executed by `Run`, told in an `Outcome`."""

from mtjlab.runner.plan import Plan, plan
from mtjlab.runner.run import Outcome, Run

__all__ = ["Outcome", "Plan", "Run", "plan"]
