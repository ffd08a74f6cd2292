"""From a request to an ended run: settled by `plan`, executed by `Run`, told in an `Outcome`."""

from mtjlab.runner.again import on_bench, replayed, resumed
from mtjlab.runner.earlier import Earlier
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.pace import PaceName
from mtjlab.runner.plan import Link, OnError, Plan, plan
from mtjlab.runner.run import Run
from mtjlab.runner.session import SessionRun, StepOutcome
from mtjlab.runner.session_check import check_session
from mtjlab.runner.session_file import Session, read_session

__all__ = [
    "Earlier",
    "Link",
    "OnError",
    "Outcome",
    "PaceName",
    "Plan",
    "Run",
    "Session",
    "SessionRun",
    "StepOutcome",
    "check_session",
    "on_bench",
    "plan",
    "read_session",
    "replayed",
    "resumed",
]
