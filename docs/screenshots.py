"""`make screenshots`: real sessions on the twin in the real window, kept in docs/images."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_FONT_DPI", "96")

from PyQt5 import QtWidgets

from mtjlab.gui.app import Session, compose
from mtjlab.gui.first_use.first_use import FirstUse
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.runs.compare_view import CompareView
from mtjlab.gui.screen import application
from mtjlab.gui.theme import DARK, LIGHT

IMAGES = Path(__file__).parent / "images"
SIZE = 1400, 860
WAIT_S = 120.0


class Photographer:
    """Runs a window, and keeps pictures of it."""

    def __init__(self, folder: Path) -> None:
        self.app = application()
        self.session: Session = compose(
            bench="twin", runs_dir=folder / "runs", remembered=Remembered(folder / "settings.ini")
        )
        window = self.session.window
        window.resize(*SIZE)
        window.show()
        window.lay_out()

    def wait(self, until: Callable[[], bool], *, then_s: float = 0.6) -> None:
        """Let the window live until something has happened, and a little longer."""
        end_s = time.monotonic() + WAIT_S
        while not until():
            if time.monotonic() > end_s:
                raise TimeoutError(f"nothing to photograph within {WAIT_S:g} s")
            self.app.processEvents()
            time.sleep(0.005)
        end_s = time.monotonic() + then_s
        while time.monotonic() < end_s:
            self.app.processEvents()
            time.sleep(0.005)

    def run(self, protocol: str, bench: str = "twin", **parameters: object) -> Path:
        """One run to its end; returns its file."""
        queue = self.session.desk.queue
        self.session.bench.choose(bench)
        self.session.protocol.choose(protocol)
        key = queue.add(protocol, bench, parameters=parameters, seed=1)
        queue.start()
        self.wait(lambda: next(i for i in queue.items() if i.key == key).ended)
        item = next(i for i in queue.items() if i.key == key)
        if item.run_file is None:
            raise RuntimeError(f"{protocol} left no file: {item.error}")
        return item.run_file

    def view(self, title: str) -> None:
        """Bring a view to the front."""
        tabs = self.session.window.deck.findChild(QtWidgets.QTabWidget)
        titles = [tabs.tabText(index) for index in range(tabs.count())]
        tabs.setCurrentIndex(titles.index(title))

    def keep(self, name: str, widget: QtWidgets.QWidget | None = None) -> None:
        """One picture."""
        (widget or self.session.window).grab().save(str(IMAGES / f"{name}.png"))
        print(f"written: {IMAGES / name}.png", flush=True)

    def close(self) -> None:
        """In order."""
        self.session.leaving.leave()
        self.wait(lambda: self.session.leaving.closed, then_s=0.0)


def main() -> int:
    """Everything that the pages show."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MTJLAB_RUNS"] = f"{folder}/runs"
        camera = Photographer(Path(folder))
        session = camera.session
        session.bench.buttons["connect"].click()
        camera.wait(lambda: session.bench.state.connected)
        session.desk.queue.add("noise_learning", "twin", parameters={"epochs": 3000}, seed=7)
        session.desk.queue.add("iv_sweep", "twin", seed=7)
        session.desk.queue.start()
        live = lambda: session.routes.shown.live  # noqa: E731
        camera.wait(lambda: live().done > 120, then_s=3.0)
        camera.keep("gui_learning")
        session.menus.turn_colours()
        camera.wait(lambda: True, then_s=3.0)
        camera.keep("gui_dark")
        session.menus.turn_colours()
        session.desk.queue.stop_item()
        camera.wait(lambda: all(item.ended for item in session.desk.queue.items()))
        camera.run("array_map", "array")
        camera.wait(lambda: True, then_s=1.0)
        session.window.deck.view.show_junction(7, 5)
        camera.wait(lambda: True, then_s=1.0)
        camera.keep("gui_map")
        camera.run("telegraph", duration_s=20)
        camera.view("Scope")
        spans = session.window.deck.view.findChild(QtWidgets.QComboBox)
        spans.setCurrentText("10 ms")
        spans.activated.emit(spans.currentIndex())
        camera.wait(lambda: True, then_s=4.0)
        camera.keep("gui_scope")
        one = camera.run("noise_learning", task="iris")
        two = camera.run("noise_learning", task="iris", junctions="off")
        session.runs.refresh()
        session.desk.queue.clear_done()
        camera.wait(lambda: len(session.runs.model.entries) >= 6)
        session.routes.front("runs")
        session.runs.table.selectRow(0)
        camera.wait(lambda: session.runs.details.glance is not None)
        session.runs.details.draw_picture()
        camera.wait(lambda: session.runs.details.glance.picture is not None)
        camera.keep("gui_runs")
        compared = CompareView(one, two, LIGHT)
        compared.show()
        camera.wait(lambda: compared.table.rowCount() > 0)
        camera.keep("gui_compare", compared)
        compared.close()
        pages = FirstUse(DARK if session.window.deck.theme is DARK else LIGHT, Path(folder))
        pages.show()
        camera.wait(lambda: True)
        camera.keep("gui_first_use", pages)
        pages.close()
        camera.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
