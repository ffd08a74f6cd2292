"""One run at a glance, beside the catalogue: picture, status, differences, notes and tags."""

import html
import sys

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.store.compare import word
from mtjlab.store.glance import Glance

PICTURE_PX = 250
_MOST_RESULTS = 12
_WIDE_PX = 460
# Of the width, for the picture.
_PART = 0.45


class Details(QtWidgets.QWidget):
    """Shows a `Glance`.

    Attributes:
        noted: a new note for the run that is shown.
        tagged: a word, and whether it is given or taken.
        drawn: a picture has been made.
        said: words about a picture that could not be made.
    """

    noted = QtCore.pyqtSignal(str)
    tagged = QtCore.pyqtSignal(str, bool)
    drawn = QtCore.pyqtSignal()
    said = QtCore.pyqtSignal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Nothing is selected."""
        super().__init__(parent)
        self.glance: Glance | None = None
        self._drawing: QtCore.QProcess | None = None
        self.picture = QtWidgets.QLabel()
        self.picture.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        # Less than what it shows, or the dock could grow and never shrink again.
        self.picture.setMinimumSize(140, 60)
        self.draw = QtWidgets.QPushButton("&Draw its picture")
        self.draw.setToolTip("mtjlab plot, in a process of its own")
        self.draw.clicked.connect(lambda _checked: self.draw_picture())
        self.text = QtWidgets.QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setAccessibleName("The selected run")
        self.note = QtWidgets.QLineEdit()
        self.note.setPlaceholderText("A note for this run; Return keeps it")
        self.note.returnPressed.connect(self._note)
        self.tag = QtWidgets.QLineEdit()
        self.tag.setPlaceholderText("tag, or -tag to take it away")
        self.tag.returnPressed.connect(self._tag)
        self.tag.setMaximumWidth(200)
        left = QtWidgets.QVBoxLayout()
        left.addWidget(self.picture, 1)
        left.addWidget(self.draw)
        said = QtWidgets.QHBoxLayout()
        said.addWidget(self.note, 1)
        said.addWidget(self.tag)
        right = QtWidgets.QVBoxLayout()
        right.addWidget(self.text, 1)
        right.addLayout(said)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(left)
        layout.addLayout(right, 1)
        self.show_glance(None)

    def show_glance(self, glance: Glance | None) -> None:
        """This run; None for none."""
        same = glance is not None and self.glance is not None and glance.path == self.glance.path
        self.glance = glance
        for part in (self.note, self.tag, self.draw):
            part.setEnabled(glance is not None)
        if not same:
            self.note.clear()
            self.tag.clear()
        self.text.setHtml("<i>Select a run</i>" if glance is None else _html(glance))
        self._show_picture()

    def _show_picture(self) -> None:
        path = None if self.glance is None else self.glance.picture
        found = QtGui.QPixmap() if path is None else QtGui.QPixmap(str(path))
        self.draw.setVisible(self.glance is not None and found.isNull())
        self.draw.setEnabled(self._drawing is None)
        if found.isNull():
            self.picture.setPixmap(QtGui.QPixmap())
            self.picture.setText("" if self.glance is None else "no picture yet")
            return
        ratio = self.devicePixelRatioF()
        scaled = found.scaled(
            round(max(PICTURE_PX, _PART * self.width()) * ratio),
            round(max(80, self.height() - 8) * ratio),
            QtCore.Qt.AspectRatioMode.KeepAspectRatio,
            QtCore.Qt.TransformationMode.SmoothTransformation,
        )
        scaled.setDevicePixelRatio(ratio)
        self.picture.setPixmap(scaled)
        self.picture.setToolTip(str(path))

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """The picture takes the room there is; where there is little the words come first."""
        super().resizeEvent(event)
        self.picture.setVisible(self.width() >= _WIDE_PX)
        self._show_picture()

    def draw_picture(self) -> None:
        """Matplotlib takes a second to load: it does so elsewhere."""
        if self.glance is None or self._drawing is not None:
            return
        process = QtCore.QProcess(self)
        process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        process.finished.connect(lambda code, _status: self._drew(code))
        self._drawing = process
        self.draw.setEnabled(False)
        process.start(sys.executable, ["-m", "mtjlab", "plot", str(self.glance.path)])

    def _drew(self, code: int) -> None:
        process, self._drawing = self._drawing, None
        assert process is not None
        if code != 0:
            self.said.emit(bytes(process.readAll()).decode(errors="replace").strip())
        process.deleteLater()
        self.draw.setEnabled(True)
        self.drawn.emit()

    def _note(self) -> None:
        if text := str(self.note.text()).strip():
            self.note.clear()
            self.noted.emit(text)

    def _tag(self) -> None:
        if text := str(self.tag.text()).strip().lstrip("#"):
            self.tag.clear()
            self.tagged.emit(text.lstrip("-"), not text.startswith("-"))


def _html(glance: Glance) -> str:
    e = html.escape
    entry = glance.entry
    named = glance.path.name
    if entry is not None and entry.protocol:
        named = f"{entry.protocol} on {entry.bench}, seed {entry.seed}"
    parts = [f"<b>{e(named)}</b><br>{e(glance.status)}"]
    # Of a run that ended early the status has the reason; of a file that cannot be read it has not.
    if glance.error and glance.error not in glance.status:
        parts.append(f"<br>▲ {e(glance.error)}")
    if glance.trouble:
        parts.append(f"<br>▲ {e(glance.trouble)}")
    tags = " ".join(f"#{tag}" for tag in glance.said.tags)
    if tags:
        parts.append(f"<br><b>{e(tags)}</b>")
    for when, text in glance.said.notes:
        parts.append(f"<br>{when:%Y-%m-%d %H:%M} <i>{e(text)}</i>")
    if glance.before is not None:
        changed = ", ".join(f"{d.name} {word(d.one)} → {word(d.two)}" for d in glance.changed)
        parts.append(f"<br>other than the run before: {e(changed or 'no parameter')}")
    if glance.results:
        shown = [(k, v) for k, v in glance.results.items() if _is_short(v)][:_MOST_RESULTS]
        rows = "".join(f"<tr><td>{e(k)}&nbsp;</td><td>{e(word(v))}</td></tr>" for k, v in shown)
        parts.append(f"<table cellspacing=0>{rows}</table>")
    parts.append(f"<br><span>{e(str(glance.path))}</span>")
    return "".join(parts)


def _is_short(value: object) -> bool:
    return isinstance(value, int | float | str | bool) and len(str(value)) < 60
