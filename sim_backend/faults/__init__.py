"""Faults of instruments as a scenario: what goes wrong, when, how often; seeded and saved.

A message instrument is wrapped (`FaultyInstrument`) between its conversations and the ports or
servers that lead to it, so that a fault is the same on every way in. An NI board asks its
`InstrumentFaults` at every task call.
"""

from sim_backend.faults.armed import InstrumentFaults, LinkDown
from sim_backend.faults.conversation import FaultyConversation
from sim_backend.faults.incident import (
    BOARD_CALLS,
    FIELDS,
    KINDS,
    LASTING,
    Incident,
    Kind,
    matches,
    possible,
)
from sim_backend.faults.instrument import FaultyInstrument
from sim_backend.faults.scenario import Scenario

__all__ = [
    "BOARD_CALLS",
    "FIELDS",
    "KINDS",
    "LASTING",
    "FaultyConversation",
    "FaultyInstrument",
    "Incident",
    "InstrumentFaults",
    "Kind",
    "LinkDown",
    "Scenario",
    "matches",
    "possible",
]
