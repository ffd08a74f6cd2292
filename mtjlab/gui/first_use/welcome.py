"""The first page: try the twin, describe a bench, or open the file of one."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets

from mtjlab.bench.drafted import Wrong
from mtjlab.bench.file import load
from mtjlab.core.errors import MtjlabError
from mtjlab.gui.first_use.page import Page


class Welcome(Page):
    """Three ways on.

    Attributes:
        twin_chosen, describe_chosen: that was chosen.
        bench_chosen: the path of a bench file without a mistake.
    """

    title = "Which bench?"
    twin_chosen = QtCore.pyqtSignal()
    describe_chosen = QtCore.pyqtSignal()
    bench_chosen = QtCore.pyqtSignal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Nothing is chosen."""
        super().__init__(
            "A bench file says which instruments you have, how they are wired to the junctions, "
            "and what a junction survives. Without one you work on a simulated bench.",
            parent,
        )
        self.twin = _choice(
            "&Try it on the simulated bench",
            "32 junctions under one source-meter, in memory. Needs no equipment.",
        )
        self.describe = _choice(
            "&Describe my bench",
            "Look for instruments, say how they are wired and what a junction survives. "
            "Writes a bench file and checks it; energises nothing.",
        )
        self.twin.clicked.connect(self.twin_chosen)
        self.describe.clicked.connect(self.describe_chosen)
        self.path = QtWidgets.QLineEdit()
        self.path.setPlaceholderText("rack.toml")
        self.path.setAccessibleName("Path of a bench file")
        self.path.returnPressed.connect(self._open)
        label = QtWidgets.QLabel("Or open a bench &file:")
        label.setBuddy(self.path)
        self.browse = QtWidgets.QPushButton("&Browse...")
        self.browse.clicked.connect(self._browse)
        self.open = QtWidgets.QPushButton("&Open")
        self.open.clicked.connect(self._open)
        for button in (self.browse, self.open):
            button.setAutoDefault(False)
        row = QtWidgets.QHBoxLayout()
        for widget, stretch in ((label, 0), (self.path, 1), (self.browse, 0), (self.open, 0)):
            row.addWidget(widget, stretch)
        self.column.addSpacing(8)
        self.column.addWidget(self.describe)
        self.column.addWidget(self.twin)
        self.column.addSpacing(8)
        self.column.addLayout(row)
        self.column.addWidget(self.told)
        self.column.addStretch(1)

    def judge(self, wrong: Sequence[Wrong]) -> None:
        """Answers of other pages are none of its business."""

    def _open(self) -> None:
        given = self.path.text().strip()
        try:
            if not given:
                raise MtjlabError("type the path of a bench file, or browse for one")
            loaded = load(given)
        except MtjlabError as error:
            self.told.setText(f"✖ {error}")
            self.told.show()
            return
        self.told.hide()
        self.bench_chosen.emit(loaded.source)

    def _browse(self) -> None:
        # Not modal: a run may be on in the window behind it.
        dialog = QtWidgets.QFileDialog(self, "Open a bench file", "", "Bench files (*.toml)")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(False)
        dialog.fileSelected.connect(self.path.setText)
        dialog.show()


def _choice(text: str, description: str) -> QtWidgets.QCommandLinkButton:
    button = QtWidgets.QCommandLinkButton(text, description)
    button.setAccessibleDescription(description)
    button.setAutoDefault(True)
    return button
