"""When a run saves what it needs to go on, and that the safe state does not wait for the disk."""

import time
from typing import Any

import numpy as np

from mtjlab.bench.open import OpenBench
from mtjlab.core.protocol import Progress
from mtjlab.runner.channels import Channels
from mtjlab.runner.continued import PROTOCOL, snapshot
from mtjlab.store import RunWriter

EVERY_S = 1.0
# A death costs the chip's account no more than this.
BOOK_EVERY_S = 60.0


class Checkpoints:
    """Of one run, in its thread; without a file, or before the first step, none is made."""

    def __init__(
        self, writer: RunWriter | None, bench: OpenBench, channels: Channels, run_id: str
    ) -> None:
        self._writer, self._bench, self._channels, self._run_id = writer, bench, channels, run_id
        self._written_s = 0.0
        self._booked_s = time.monotonic()
        self._held: dict[str, Any] = {}

    @property
    def due(self) -> bool:
        """The last one is a second old, or there is none."""
        return time.monotonic() - self._written_s >= EVERY_S

    def write(self, progress: Progress | None) -> None:
        """Save all that is needed to go on from this committed step; now and then book, too.

        Raises:
            StoreError: see `RunWriter.checkpoint`.
        """
        if self._writer is None or progress is None:
            return
        self._written_s = time.monotonic()
        if self._written_s - self._booked_s >= BOOK_EVERY_S:
            self._booked_s = self._written_s
            self._bench.book(self._run_id)
        self._writer.checkpoint(snapshot(progress, self._bench, self._channels))

    def hold(self, progress: Progress | None) -> None:
        """The same in memory until `write_held`: the safe state does not wait for the disk."""
        if self._writer is None or progress is None:
            return
        taken = snapshot(progress, self._bench, self._channels)
        # Making it safe goes on with the same world, and with nothing of the protocol.
        self._held = {
            key: value.copy()
            if isinstance(value, np.ndarray) and not key.startswith(PROTOCOL)
            else value
            for key, value in taken.items()
        }

    def write_held(self) -> None:
        """Save what is held, if anything is.

        Raises:
            StoreError: see `RunWriter.checkpoint`.
        """
        held, self._held = self._held, {}
        if self._writer is not None and held:
            self._writer.checkpoint(held)
