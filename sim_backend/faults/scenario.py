"""All that goes wrong on a bench: seeded, on its clock, and part of its state."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mtjlab.core.clock import Clock
from mtjlab.core.generators import Generators
from sim_backend.faults.armed import InstrumentFaults
from sim_backend.faults.incident import Incident

_STREAM = "faults"


class Scenario:
    """The incidents of one world.

    What is due at a time takes effect at the first message or task call on the bench at or after
    it, to whatever instrument.

    Attributes:
        clock: bench time.
        lock: re-entrant; that of the world, so that nobody waits for the other in a circle.
    """

    def __init__(
        self,
        incidents: Iterable[Incident],
        instruments: Iterable[str],
        *,
        clock: Clock,
        generators: Generators,
        lock: "threading.RLock | None" = None,
    ) -> None:
        """Nothing has happened yet.

        Args:
            incidents: in the order of the file; where two meet one reply, the first one strikes.
            instruments: every name on the bench.
            clock: bench time.
            generators: of the run; `faults` decides.
            lock: of the world.
        """
        self.clock = clock
        self.lock = lock or threading.RLock()
        self._generators = generators
        listed = tuple(incidents)
        self.of = {
            name: InstrumentFaults(self, name, [i for i in listed if i.instrument == name])
            for name in instruments
        }
        self._catching_up = False

    @property
    def generator(self) -> np.random.Generator:
        """The random numbers of faults."""
        return self._generators[_STREAM]

    def catch_up(self) -> None:
        """Let everything happen that was due until now."""
        if self._catching_up:
            return
        self._catching_up = True
        try:
            for faults in self.of.values():
                faults.catch_up()
        finally:
            self._catching_up = False

    def state(self) -> dict[str, Any]:
        """By instrument, and the stream of random numbers."""
        state: dict[str, Any] = {name: faults.state() for name, faults in self.of.items()}
        return state | {"generator": self._generators.state()[_STREAM]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state()` was taken, with the same incidents."""
        for name, faults in self.of.items():
            faults.restore(str(state[name]))
        self._generators.restore({_STREAM: str(state["generator"])})
