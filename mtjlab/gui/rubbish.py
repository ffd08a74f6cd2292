"""Frees what nothing refers to any more, in the window's thread only.

Widgets refer to each other in circles, which only Python's collector frees. Left to itself it runs
in whatever thread happens to allocate, such as one that analyses a trace; and a widget that is
destroyed in a thread other than its own takes the whole program with it.
"""

import gc

from PyQt5 import QtCore

LOOK_MS = 200


class Rubbish(QtCore.QObject):
    """Looks as often as is needed; as generously as Python would by itself."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Make it in the window's thread, once; from then on no other thread collects."""
        super().__init__(parent)
        gc.disable()
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)

    def look(self) -> None:
        """Collect the oldest generation that is due."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                return


def keep() -> None:
    """All there is now stays, so that collecting takes no notice of modules and of the window."""
    gc.freeze()
