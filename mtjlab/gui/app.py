"""`mtjlab gui`: the parts made and put together, and an orderly end whatever ends it."""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from mtjlab.gui.bench.panel import BenchPanel
from mtjlab.gui.first_paint import AfterFirstPaint
from mtjlab.gui.leaving import Leaving
from mtjlab.gui.log_panel import LogPanel
from mtjlab.gui.menus import Menus
from mtjlab.gui.parameters import ParameterPanel
from mtjlab.gui.post import Post
from mtjlab.gui.queue.panel import QueuePanel
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.routes import Collectors, Routes
from mtjlab.gui.rubbish import keep
from mtjlab.gui.runs.panel import RunsPanel
from mtjlab.gui.screen import application
from mtjlab.gui.stop import StopKeys
from mtjlab.gui.theme import THEMES, apply
from mtjlab.gui.views.deck import Deck
from mtjlab.gui.window import Panels, Window
from mtjlab.runner.desk import Desk

ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Session:
    """One window and all behind it."""

    window: Window
    desk: Desk
    routes: Routes
    menus: Menus
    leaving: Leaving
    post: Post
    bench: BenchPanel
    protocol: ParameterPanel
    queue: QueuePanel
    runs: RunsPanel
    log: LogPanel


def compose(*, bench: str, runs_dir: Path, remembered: Remembered) -> Session:
    """Make the window; nothing is opened, and nothing is shown yet.

    Args:
        bench: bench file or shipped name to begin with.
        runs_dir: where run files go.
        remembered: from an earlier window.
    """
    app = application()
    theme = THEMES[remembered.theme]
    apply(app, theme)
    post = Post()
    collectors = Collectors(post)
    desk = Desk(runs_dir, post.put, collectors.listener)
    bench_panel = BenchPanel(desk.bench, theme, bench=bench, recent=remembered.benches)
    protocol = ParameterPanel(theme, bench=bench, runs_dir=runs_dir)
    queue = QueuePanel(desk.queue, theme, usual_bench=lambda: bench_panel.bench)
    runs = RunsPanel(runs_dir, theme)
    log = LogPanel(theme)
    window = Window(
        Panels(bench_panel, protocol, queue, runs, log), Deck(theme), desk.stop, remembered
    )
    post.setParent(window)
    StopKeys(app, desk.stop, parent=window)
    routes = Routes(
        window,
        bench=bench_panel,
        protocol=protocol,
        queue=queue,
        runs=runs,
        log=log,
        post=post,
        collectors=collectors,
        remembered=remembered,
    )
    leaving = Leaving(window, desk, [runs.close_down, protocol.close_down, queue.close_down])
    menus = Menus(
        window,
        routes,
        bench_panel,
        queue,
        runs,
        remembered,
        [
            window.deck.set_theme,
            bench_panel.set_theme,
            queue.set_theme,
            runs.set_theme,
            log.set_theme,
        ],
    )
    return Session(
        window, desk, routes, menus, leaving, post, bench_panel, protocol, queue, runs, log
    )


def open_window(
    *,
    bench: str,
    runs_dir: Path,
    session: Path | None = None,
    session_bench: str | None = None,
    start: bool = False,
    leave: bool = False,
    settings: Path | None = None,
) -> int:
    """Show the window until it is closed; returns the exit code.

    SIGINT, SIGTERM and SIGHUP close it in order: the run ends at once and the bench is safe.

    Args:
        bench: bench file or shipped name; connected as soon as the window is seen.
        runs_dir: where run files go.
        session: file that the queue begins with.
        session_bench: in place of the one that the file names.
        start: start the queue.
        leave: close when the queue has ended.
        settings: file to remember the layout in; None: the user's.
    """
    app = application()
    made = compose(bench=bench, runs_dir=runs_dir, remembered=Remembered(settings))
    for number in ENDED_BY:
        signal.signal(number, lambda _number, _frame: made.leaving.leave())
    made.leaving.gone.connect(app.quit)

    def begin() -> None:
        if made.leaving.begun:
            return
        made.desk.bench.connect(bench)
        if session is not None:
            made.queue.load(session, start=start, bench=session_bench)
        if leave:
            made.leaving.when_the_queue_has_ended(made.post)
        print("window open; run files go to", runs_dir, flush=True)

    # Instruments take a second of imports, which somebody who looks at a window does not notice.
    AfterFirstPaint(made.window, begin)
    made.window.show()
    keep()
    app.exec_()
    for line in made.desk.unsafe:
        print(f"error: {line}", file=sys.stderr)
    return made.leaving.exit_code
