"""The faults of one instrument while the world goes on: which have struck, which last."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim_backend.faults.incident import LASTING, Incident, Kind, matches

if TYPE_CHECKING:
    from sim_backend.faults.scenario import Scenario


class LinkDown(ConnectionError):
    """The instrument cannot be reached; ports and servers say so in their own way."""


class Armed:
    """One incident, how often it has struck, and until when it lasts.

    Attributes:
        until_s: bench time at which the present one is over; None if none is.
    """

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.fired = 0
        self.until_s: float | None = None

    @property
    def timed(self) -> bool:
        """Whether it comes and goes by the clock, whoever speaks or not."""
        return self.incident.at_s is not None and self.incident.kind in LASTING

    @property
    def left(self) -> bool:
        """Whether it may strike again."""
        return self.incident.times is None or self.fired < self.incident.times


class InstrumentFaults:
    """What a conversation or a board asks before it does anything.

    Attributes:
        count: messages so far.
        epoch: grows with every loss of the link; connections and tasks from before are dead.
    """

    def __init__(self, scenario: "Scenario", name: str, incidents: Sequence[Incident]) -> None:
        self.scenario = scenario
        self.count = 0
        self.epoch = 0
        self._name = name
        self._armed = [Armed(incident) for incident in incidents]
        self._twin: Any = None

    def attach(self, twin: Any) -> None:
        """The instrument itself: its `trip`, `power_cycle`, `report`, `cut_off` are called."""
        self._twin = twin

    def demand_link(self) -> None:
        """Let pass what was due until now.

        Raises:
            LinkDown: the link is down at this moment.
        """
        self.scenario.catch_up()
        back_s = self._back_s()
        if back_s is not None:
            raise LinkDown(f"{self._name} cannot be reached until bench time {back_s:g} s")

    def arrive(self, text: str) -> None:
        """A message has come in; what takes effect before it is carried out does so now.

        Raises:
            LinkDown: the link has dropped and the message is lost.
        """
        self.demand_link()
        self.count += 1
        for armed in self._armed:
            if armed.incident.kind in LASTING and not armed.timed and self._strikes(armed, text):
                self._begin(armed, self.scenario.clock.now_s())
        self.demand_link()

    def leave(self, text: str, kinds: Sequence[Kind]) -> Incident | None:
        """The fault, of one of these kinds, that this message meets; in the order of the file."""
        for armed in self._armed:
            if armed.incident.kind in kinds and self._strikes(armed, text):
                armed.fired += 1
                return armed.incident
        return None

    def report(self, text: str) -> None:
        """Put into the error queue what this message is to leave there."""
        incident = self.leave(text, ("error_entry",))
        if incident is not None:
            self._twin.report(incident.code, incident.text)

    def catch_up(self) -> None:
        """Begin and end what is due by the clock."""
        now_s = self.scenario.clock.now_s()
        for armed in self._armed:
            at_s = armed.incident.at_s
            if armed.timed and at_s is not None and not armed.fired and now_s >= at_s:
                self._begin(armed, at_s)
            if armed.until_s is not None and now_s >= armed.until_s:
                armed.until_s = None
                if armed.incident.kind == "compliance":
                    self._twin.trip(self._lasts("compliance"))

    def _begin(self, armed: Armed, start_s: float) -> None:
        armed.fired += 1
        armed.until_s = start_s + armed.incident.duration_s
        if armed.incident.kind == "compliance":
            self._twin.trip(True)
            return
        self.epoch += 1
        if armed.incident.kind == "power_cycle":
            self._twin.power_cycle()
        elif hasattr(self._twin, "cut_off"):
            self._twin.cut_off()

    def _strikes(self, armed: Armed, text: str) -> bool:
        incident = armed.incident
        if not armed.left or armed.until_s is not None:
            return False
        if incident.at_s is not None:
            return self.scenario.clock.now_s() >= incident.at_s
        if incident.message is not None:
            return self.count >= incident.message
        if incident.command is not None:
            return matches(incident.command, text)
        assert incident.probability is not None
        return bool(self.scenario.generator.random() < incident.probability)

    def _lasts(self, *kinds: Kind) -> bool:
        return any(a.until_s is not None and a.incident.kind in kinds for a in self._armed)

    def _back_s(self) -> float | None:
        ends = [
            armed.until_s
            for armed in self._armed
            if armed.until_s is not None and armed.incident.kind != "compliance"
        ]
        return max(ends, default=None)

    def state(self) -> str:
        """For `restore`, as text."""
        armed = [[a.fired, a.until_s] for a in self._armed]
        return json.dumps({"count": self.count, "epoch": self.epoch, "armed": armed})

    def restore(self, text: str) -> None:
        """Put back what `state()` gave; the twin restores itself."""
        saved = json.loads(text)
        self.count, self.epoch = saved["count"], saved["epoch"]
        for armed, (fired, until_s) in zip(self._armed, saved["armed"], strict=True):
            armed.fired, armed.until_s = fired, until_s
