"""Asking for a file without standing in the way: no dialog here blocks the window or STOP."""

from collections.abc import Callable
from pathlib import Path

from PyQt5 import QtCore, QtWidgets


def ask_to_open(
    parent: QtWidgets.QWidget, title: str, kinds: str, folder: Path, then: Callable[[Path], None]
) -> QtWidgets.QFileDialog:
    """Open a dialog; `then` gets the file, if one is chosen.

    Args:
        parent: above which it stands.
        title: of the dialog.
        kinds: such as `Run files (*.h5)`.
        folder: where it begins.
        then: called in the window's thread.
    """
    dialog = _dialog(parent, title, kinds, folder, then)
    dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
    dialog.show()
    return dialog


def ask_to_save(
    parent: QtWidgets.QWidget, title: str, kinds: str, suggested: Path, then: Callable[[Path], None]
) -> QtWidgets.QFileDialog:
    """Open a dialog for a file to write, which begins at `suggested`; else as `ask_to_open`."""
    dialog = _dialog(parent, title, kinds, suggested.parent, then)
    dialog.setAcceptMode(QtWidgets.QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suggested.suffix.removeprefix("."))
    dialog.selectFile(suggested.name)
    dialog.show()
    return dialog


def _dialog(
    parent: QtWidgets.QWidget, title: str, kinds: str, folder: Path, then: Callable[[Path], None]
) -> QtWidgets.QFileDialog:
    dialog = QtWidgets.QFileDialog(parent, title, str(folder), kinds)
    # The desktop's own dialog may be modal whatever it is told.
    dialog.setOption(QtWidgets.QFileDialog.Option.DontUseNativeDialog)
    dialog.setModal(False)
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    return dialog
