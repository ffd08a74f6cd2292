"""What the catalogue has, offered while a condition is typed."""

from collections.abc import Iterable

from PyQt5 import QtCore, QtWidgets

from mtjlab.store import Entry
from mtjlab.store.query import STATUSES

_FEW = 12


class Completion(QtWidgets.QCompleter):
    """Completes the last word of a line: `tele` offers `protocol:telegraph`."""

    def __init__(self, line: QtWidgets.QLineEdit) -> None:
        """For this line, until it is gone."""
        super().__init__(line)
        self._line = line
        self._known = {f"status:{status}" for status in STATUSES}
        self._words = QtCore.QStringListModel(sorted(self._known), self)
        self.setModel(self._words)
        self.setCaseSensitivity(QtCore.Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(QtCore.Qt.MatchFlag.MatchContains)
        self.setMaxVisibleItems(_FEW)
        line.setCompleter(self)

    def learn(self, entries: Iterable[Entry]) -> None:
        """Offer the names of these runs, too."""
        found = set(self._known)
        for entry in entries:
            for name in ("protocol", "bench", "chip"):
                if value := getattr(entry, name):
                    found.add(f'{name}:"{value}"' if " " in value else f"{name}:{value}")
            found.update(f"tag:{tag}" for tag in entry.tags)
        if found != self._known:
            self._known = found
            self._words.setStringList(sorted(found))

    def splitPath(self, path: str | None) -> list[str]:
        """The word that is being typed."""
        return [(path or "").rpartition(" ")[2]]

    def pathFromIndex(self, index: QtCore.QModelIndex) -> str:
        """The line with that word completed."""
        before, blank, _ = str(self._line.text()).rpartition(" ")
        return f"{before}{blank}{super().pathFromIndex(index)} "
