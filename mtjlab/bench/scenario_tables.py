"""`[[twin.scenario]]`: what goes wrong with the simulated instruments, and when."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from mtjlab.bench.table import Second, Table
from mtjlab.core.parameters import Ge, Gt, Le
from sim_backend.faults import Incident, Kind

TRIGGERS = ("at", "message", "command", "probability")


def _times(given: object) -> int | None:
    if given == "always":
        return None
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ValueError('expected a whole number >= 1, or "always"')
    return given


class IncidentTable(Table):
    """One `[[twin.scenario]]`: a fault of one instrument, and its trigger.

    Attributes:
        at, message, command, probability: the trigger; exactly one of them.
        times: how often; None, written `always`, has no end.
    """

    instrument: Annotated[str, Field(description="text: name of an instrument of this file")]
    kind: Kind
    at: Annotated[Second, Ge(0)] | None = None
    message: Annotated[int, Ge(1)] | None = None
    command: Annotated[str, Field(min_length=1)] | None = None
    probability: Annotated[float, Gt(0), Le(1)] | None = None
    times: Annotated[int | None, BeforeValidator(_times)] = 1
    delay: Annotated[Second, Gt(0)] = Incident.delay_s
    duration: Annotated[Second, Gt(0)] = Incident.duration_s
    code: int = Incident.code
    text: Annotated[str, Field(min_length=1)] = Incident.text

    def incident(self) -> Incident:
        """As the simulator takes it."""
        return Incident(
            instrument=self.instrument,
            kind=self.kind,
            at_s=self.at,
            message=self.message,
            command=self.command,
            probability=self.probability,
            times=self.times,
            delay_s=self.delay,
            duration_s=self.duration,
            code=self.code,
            text=self.text,
        )


class ScenarioTwin(Table):
    """The one table of a `--faults` file."""

    scenario: Annotated[tuple[IncidentTable, ...], Field(strict=False, min_length=1)]


class ScenarioFile(Table):
    """A `--faults` file: the same tables as in a bench file, and no others."""

    twin: ScenarioTwin
