"""The window as a victim: it holds an output on a served bench until it is closed or killed.

`python -m benchmarks.safety.window BENCH RUNS` prints `on` once the output is on; the line `close`
on its input closes the window as a person would, who answers that the run may end.
"""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5 import QtCore

from mtjlab.gui.app import Session, compose
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.screen import application

# The run's own process finds the protocol by this name.
PROTOCOL = "hold_until_killed"
_ENTRY = f"[mtjlab.protocols]\n{PROTOCOL} = benchmarks.safety.victim:HoldForEver\n"
LOOK_MS = 5


def environment(folder: Path) -> dict[str, str]:
    """The environment in which `PROTOCOL` is a protocol; `folder` is for its entry point."""
    about = folder / "hold-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hold\nVersion: 1\n")
    (about / "entry_points.txt").write_text(_ENTRY)
    paths = [str(folder), os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "QT_QPA_PLATFORM": "offscreen"}


def begun(bench: Path, runs: str) -> "subprocess.Popen[str]":
    """Such a window in a process of its own."""
    folder = Path(tempfile.mkdtemp(dir=runs))
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.safety.window", str(bench), runs],
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


class Watch(QtCore.QObject):
    """Says `on`, and closes when told to."""

    closing = QtCore.pyqtSignal()

    def __init__(self, session: Session) -> None:
        """Looks at the live run of the window."""
        super().__init__(session.window)
        self._session = session
        self._said = False
        self.closing.connect(self._close)
        timer = QtCore.QTimer(self)
        timer.timeout.connect(self._look)
        timer.start(LOOK_MS)
        threading.Thread(target=self._read, daemon=True).start()

    def _look(self) -> None:
        # The second step: the first has measured with the output on.
        if not self._said and self._session.routes.shown.live.done >= 2:
            self._said = True
            print("on", flush=True)

    def _read(self) -> None:
        for line in sys.stdin:
            if line.strip() == "close":
                self.closing.emit()

    def _close(self) -> None:
        self._session.window.close()
        self._session.leaving.leave()


def main() -> int:
    """Open the window on a bench and run the protocol."""
    bench, runs = sys.argv[1], Path(sys.argv[2])
    app = application()
    session = compose(bench=bench, runs_dir=runs, remembered=Remembered(runs / "settings.ini"))
    Watch(session)
    session.window.show()
    session.desk.queue.add(PROTOCOL, bench, seed=1)
    session.desk.queue.start()
    return int(app.exec_())


if __name__ == "__main__":
    sys.exit(main())
