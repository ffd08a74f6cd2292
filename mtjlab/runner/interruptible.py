"""A rig whose computations can be ended: `busy` is where a protocol lets itself be interrupted."""

import threading
from dataclasses import replace

from mtjlab.core.errors import Aborted
from mtjlab.core.protocol import Rig


def interruptible(rig: Rig, abort: threading.Event) -> Rig:
    """The same rig; its `busy` raises once `abort` is set.

    Waits for an instrument are released by `abort` itself. A computation with an output on must
    not hold it up either: what takes longer than a tenth of a second says `busy` piece by piece.
    """

    def busy(seconds: float) -> None:
        if abort.is_set():
            raise Aborted("ended by the user in the middle of a computation; its step is lost")
        rig.busy(seconds)

    return replace(rig, busy=busy)
