"""Who tells whom: panels ask the desk, its events reach the panels. Nothing is decided here."""

from pathlib import Path
from typing import Any, Literal

from PyQt5 import QtCore

from mtjlab.core.events import BenchSeen, Event, Notice, RunEnded, RunStarted
from mtjlab.gui.bench.panel import BenchPanel
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live_run import LiveRun
from mtjlab.gui.log_panel import LogPanel
from mtjlab.gui.parameters import ParameterPanel
from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.post import Post
from mtjlab.gui.queue.panel import QueuePanel
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.runs.compare_view import CompareView
from mtjlab.gui.runs.panel import RunsPanel
from mtjlab.gui.window import Window
from mtjlab.runner.bench_state import BenchChecked, BenchState
from mtjlab.runner.queue_item import QueueChanged, QueueItem
from mtjlab.runner.unproved import Unproved

# How far the run is, and what its outputs are: looked at so often.
LOOK_MS = 100


class Collectors:
    """A `Collected` for each run of the queue, made in the thread of the queue.

    Attributes:
        runs: by run id, of this window.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._made: list[Collected] = []

    def listener(self, item: QueueItem) -> Any:
        """For the run of an item."""
        made = Collected(earlier=item.source if item.kind == "resume" else None)
        # Earlier runs are in their files; a window that is open for weeks must not grow.
        self._made = [*self._made[-1:], made]
        return self._post.collector(made)

    def of(self, run_id: str) -> Collected | None:
        """One of the latest two."""
        return next((run for run in self._made if run.run_id == run_id), None)


class Routes(QtCore.QObject):
    """Connects the window's parts. Lives as long as the window."""

    def __init__(
        self,
        window: Window,
        *,
        bench: BenchPanel,
        protocol: ParameterPanel,
        queue: QueuePanel,
        runs: RunsPanel,
        log: LogPanel,
        post: Post,
        collectors: Collectors,
        remembered: Remembered,
    ) -> None:
        """Everything is connected at once."""
        super().__init__(window)
        self._window, self._collectors = window, collectors
        self._bench, self._protocol = bench, protocol
        self._queue, self._runs, self._log = queue, runs, log
        self._remembered = remembered
        self._unproved = Unproved()
        self.shown = LiveRun(window)
        self.shown.failed.connect(self.tell)
        post.came.connect(self.came)
        window.deck.said.connect(lambda words: log.say("info", words))
        bench.bench_chosen.connect(protocol.set_bench)
        bench.bench_chosen.connect(remembered.add_bench)
        protocol.add_asked.connect(lambda draft: self._add(draft, now=False))
        protocol.run_asked.connect(lambda draft: self._add(draft, now=True))
        protocol.edited.connect(queue.replace)
        queue.edit_asked.connect(self._edit)
        queue.told.connect(self.tell)
        queue.run_opened.connect(lambda path: self.shown.open(Path(path)))
        runs.open_asked.connect(lambda path: self.shown.open(Path(path)))
        runs.resume_asked.connect(lambda path: self._again(path, "resume"))
        runs.replay_asked.connect(lambda path: self._again(path, "replay"))
        runs.parameters_asked.connect(self._take_parameters)
        runs.compare_asked.connect(self._compare)
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    # -- what is asked ------------------------------------------------------------------------

    def _add(self, draft: Draft, *, now: bool) -> None:
        self._queue.add(draft, first=now, start=now)
        self.front("queue")

    def _edit(self, item: QueueItem) -> None:
        self._protocol.edit(item)
        self.front("protocol")

    def _again(self, path: Any, kind: Literal["resume", "replay"]) -> None:
        self._queue.add_again(Path(path), kind)
        self.front("queue")

    def _take_parameters(self, path: Any) -> None:
        self._protocol.load_run(Path(path))
        self.front("protocol")

    def _compare(self, one: Any, two: Any) -> None:
        theme = self._window.deck.theme
        CompareView(Path(one), Path(two), theme, self._window).show()

    def front(self, name: str) -> None:
        """Bring a dock in sight."""
        dock = self._window.docks[name]
        dock.show()
        dock.raise_()

    def tell(self, words: str) -> None:
        """What a person should read now."""
        self._window.strip.say(words)
        self._log.say("error", words)

    # -- what is told -------------------------------------------------------------------------

    def came(self, event: Event | QueueChanged | BenchState | BenchChecked) -> None:
        """One event, in the window's thread."""
        match event:
            case Notice():
                self._log.say(event.level, event.text)
            case QueueChanged():
                self._queue.show_queue(event)
                self._unproved.queue(event.items)
                self._show_outputs()
                for item in event.items:
                    if item.status != "waiting":
                        self._protocol.leave(item.key)
            case BenchState():
                # The dock may be out of sight, and says it again with every state.
                if event.wrong and event.words not in ("", self._bench.state.words):
                    said = f"{event.bench}: {event.words}" if event.bench else event.words
                    self.tell("\n".join([said, *self._unproved.words.values()]))
                self._bench.show_state(event)
                self._unproved.bench(event)
                self._show_outputs()
                if event.bench and not self.busy:
                    self._window.twin.show_bench(event.bench, event.twin)
            case BenchChecked():
                self._bench.show_checked(event)
            case BenchSeen():
                self._show_outputs()
            case RunStarted():
                self._began(event)
            case RunEnded():
                self._ended(event)
            case _:
                self.shown.say()

    @property
    def busy(self) -> bool:
        """Whether a run is on."""
        return self.shown.live.status == "running"

    def _began(self, event: RunStarted) -> None:
        run = self._collectors.of(event.run_id)
        if run is not None:
            self.shown.began(run)
        self._window.twin.show_bench(event.bench, event.twin)
        self._log.say("info", f"{event.protocol} began on {event.bench}, seed {event.seed}")
        self._runs.refresh()

    def _ended(self, event: RunEnded) -> None:
        run = self.shown.live
        said = f"{run.protocol} {event.status}" + (f": {event.error}" if event.error else "")
        if event.status == "failed":
            self.tell(said)
        else:
            self._log.say("info", said)
        self.shown.say()
        self._show_outputs()
        self._runs.refresh()

    def _look(self) -> None:
        if self.busy:
            self.shown.say()

    def _show_outputs(self) -> None:
        live, state = self.shown.live, self._bench.state
        on = live.energised or state.energised
        levels = dict(live.setpoints) if live.energised else {}
        for one in state.instruments:
            if one.output_on and one.level is not None:
                levels[one.name] = one.level
        unproved = self._unproved.words
        self._window.outputs.show_outputs(
            on, levels, live.currents, unproved=unproved, silent=state.silent
        )
        self._window.border.show_on(on or bool(unproved))
