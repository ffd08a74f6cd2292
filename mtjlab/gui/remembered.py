"""What the window remembers between two starts: its layout, colours and benches; no more."""

from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.theme import Name

# Another layout of docks has another number: an older one is not restored.
LAYOUT = 1
_MOST_BENCHES = 8


class Remembered:
    """An INI file of the user. Nothing that was measured, no parameters, no secrets."""

    def __init__(self, path: Path | None = None) -> None:
        """`path` None: where the system keeps settings of applications."""
        self._settings = (
            QtCore.QSettings(
                QtCore.QSettings.Format.IniFormat,
                QtCore.QSettings.Scope.UserScope,
                "mtjlab",
                "mtjlab",
            )
            if path is None
            else QtCore.QSettings(str(path), QtCore.QSettings.Format.IniFormat)
        )

    def keep_layout(self, window: QtWidgets.QMainWindow) -> None:
        """Size and docks."""
        self._settings.setValue("geometry", window.saveGeometry())
        self._settings.setValue("docks", window.saveState(LAYOUT))
        self._settings.sync()

    def restore_layout(self, window: QtWidgets.QMainWindow) -> bool:
        """As it was; False where nothing, or nothing that fits, was kept."""
        geometry, docks = self._settings.value("geometry"), self._settings.value("docks")
        if not isinstance(geometry, QtCore.QByteArray) or not isinstance(docks, QtCore.QByteArray):
            return False
        window.restoreGeometry(geometry)
        return window.restoreState(docks, LAYOUT)

    @property
    def theme(self) -> Name:
        """Light unless dark was chosen."""
        return "dark" if self._settings.value("theme") == "dark" else "light"

    @theme.setter
    def theme(self, name: Name) -> None:
        self._settings.setValue("theme", name)

    @property
    def benches(self) -> list[str]:
        """Opened before, the latest first."""
        found = self._settings.value("benches") or []
        return [str(bench) for bench in (found if isinstance(found, list) else [found])]

    def add_bench(self, bench: str) -> None:
        """The latest."""
        others = [known for known in self.benches if known != bench]
        self._settings.setValue("benches", [bench, *others][:_MOST_BENCHES])
