"""Small pictures of the runs in sight, read in a thread of their own."""

import threading
from collections import OrderedDict, deque
from pathlib import Path

from PyQt5 import QtCore, QtGui

SIZE = QtCore.QSize(128, 88)
# Pictures kept, and asked for: whoever scrolls past ten thousand runs waits for the last ones only.
MOST_KEPT, MOST_ASKED = 400, 40


class Thumbnails(QtCore.QObject):
    """Pictures beside run files.

    Attributes:
        came: name of a run, as in `Entry.path`, whose picture can be asked for again.
    """

    came = QtCore.pyqtSignal(str)
    _read = QtCore.pyqtSignal(str, QtGui.QImage)

    def __init__(self, runs_dir: Path, parent: QtCore.QObject | None = None) -> None:
        """The thread begins with the first question and ends with `close`."""
        super().__init__(parent)
        self._runs_dir = runs_dir
        self._kept: OrderedDict[str, QtGui.QPixmap | None] = OrderedDict()
        self._asked: deque[str] = deque(maxlen=MOST_ASKED)
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._read.connect(self._keep)

    def of(self, name: str) -> QtGui.QPixmap | None:
        """The picture of a run; None if there is none, or not yet."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        with self._changed:
            if name not in self._asked:
                self._asked.append(name)
                self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="mtjlab pictures", daemon=True)
            self._thread.start()
        return None

    def forget(self) -> None:
        """Pictures have been drawn, or drawn again."""
        self._kept.clear()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._closed)
                if self._closed:
                    return
                # Asked for last, in sight now.
                name = self._asked.pop()
            reader = QtGui.QImageReader(str((self._runs_dir / name).with_suffix(".png")))
            size = reader.size()
            if size.isValid():
                reader.setScaledSize(size.scaled(SIZE, QtCore.Qt.AspectRatioMode.KeepAspectRatio))
            self._read.emit(name, reader.read() if size.isValid() else QtGui.QImage())

    def _keep(self, name: str, image: QtGui.QImage) -> None:
        self._kept[name] = None if image.isNull() else QtGui.QPixmap.fromImage(image)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        self.came.emit(name)
