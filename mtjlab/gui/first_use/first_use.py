"""From nothing to a checked bench file, a page at a time; never modal, never waiting."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.bench.answers import Answers
from mtjlab.bench.drafted import draft, mistakes_of
from mtjlab.bench.search import Search
from mtjlab.bench.worst import worst_cases
from mtjlab.gui.first_use.checking import Checking
from mtjlab.gui.first_use.instruments import Instruments
from mtjlab.gui.first_use.limits import Limits
from mtjlab.gui.first_use.page import Page
from mtjlab.gui.first_use.review import Review
from mtjlab.gui.first_use.welcome import Welcome
from mtjlab.gui.first_use.wiring import Wiring
from mtjlab.gui.theme import Theme

# Answers are judged when nobody has typed for so long.
_PAUSE_MS = 150
_RETURN = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
_SIZE = QtCore.QSize(1100, 660)


class FirstUse(QtWidgets.QDialog):
    """The pages and the way through them.

    Attributes:
        bench_made: path of a bench file that was written here and checked, or chosen.
        twin_chosen: the user wants the simulated bench.
        pages: in their order.
    """

    bench_made = QtCore.pyqtSignal(str)
    twin_chosen = QtCore.pyqtSignal()

    def __init__(
        self,
        theme: Theme,
        runs_dir: Path,
        parent: QtWidgets.QWidget | None = None,
        *,
        searches: Sequence[Search] = (),
        in_use: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Show the first page; look for nothing yet.

        Args:
            theme: colours.
            runs_dir: beside which the file is proposed to be written.
            parent: of the dialog.
            searches: where to look; this computer and the simulated bench `everything`.
            in_use: resources that an open bench talks to.
        """
        super().__init__(parent)
        self.setWindowTitle("mtjlab: describe a bench")
        self.setModal(False)
        self.setSizeGripEnabled(True)
        self.resize(_SIZE)
        self.welcome = Welcome()
        self.instruments = Instruments(searches or (Search(), Search("everything")), in_use)
        self.wiring, self.limits = Wiring(), Limits()
        self.review, self.checking = Review(theme), Checking(theme)
        self.review.path.setText(str(runs_dir.absolute().parent / "rack.toml"))
        self.pages: tuple[Page, ...] = (
            self.welcome,
            self.instruments,
            self.wiring,
            self.limits,
            self.review,
            self.checking,
        )
        self._pause = QtCore.QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._judge)
        self._lay_out()
        for page in self.pages:
            page.changed.connect(self._pause.start)
        self.welcome.describe_chosen.connect(lambda: self._show(1))
        self.welcome.twin_chosen.connect(self._take_twin)
        self.welcome.bench_chosen.connect(self._take_file)
        self._show(0)

    def set_theme(self, theme: Theme) -> None:
        """What the style sheet does not reach."""
        self.review.colours.set_theme(theme)
        self.checking.set_theme(theme)

    def answers(self) -> Answers:
        """As they are now."""
        return Answers(
            name=self.limits.text("name"),
            chip=self.limits.text("id"),
            instruments=self.instruments.answers(),
            singles=self.wiring.singles(),
            arrays=self.wiring.arrays(),
            limits=self.limits.limits(),
            twin=self.instruments.twin,
        )

    @property
    def page(self) -> Page:
        """The one that is shown."""
        return self.pages[self._stack.currentIndex()]

    def go_on(self) -> None:
        """To the next page, if this one is complete; from the last one out."""
        self._judge()
        if not self.page.try_to_leave():
            return
        if self.page is self.checking:
            self._take_file(str(self.review.file))
        else:
            self._show(self._stack.currentIndex() + 1)

    def go_back(self) -> None:
        """To the page before; what was answered stays."""
        self.checking.work.stop()
        self._show(max(0, self._stack.currentIndex() - 1))

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Escape belongs to the window (twice: STOP) and must not lose what was answered."""
        assert event is not None
        if event.key() == QtCore.Qt.Key.Key_Escape:
            event.ignore()
            return
        fields = (self.welcome.path, self.instruments.by_hand)
        if event.key() in _RETURN and self.focusWidget() in fields:
            # They have taken it, and it must not press a button, too.
            event.accept()
            return
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Stop looking before it closes."""
        self.instruments.work.stop()
        self.checking.work.stop()
        super().done(result)

    def _take_twin(self) -> None:
        self.twin_chosen.emit()
        self.accept()

    def _take_file(self, path: str) -> None:
        self.bench_made.emit(path)
        self.accept()

    def _judge(self) -> None:
        self._pause.stop()
        self._sim.setVisible(self.instruments.twin and self.page is not self.welcome)
        if self.page is self.review:
            self.review.look()
            return
        looking = self.instruments.work.on and not self.instruments.table.found
        if self.page is self.welcome or looking:
            # The first judgement imports every driver, which the search does in its thread.
            return
        answers = self.answers()
        wrong = mistakes_of(answers)
        self.wiring.show_instruments(answers.instruments)
        self.limits.show_worst(worst_cases(draft(answers)))
        for page in self.pages:
            page.judge(wrong)

    def _show(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        page = self.pages[index]
        if page is self.instruments and not self.instruments.table.found:
            self.instruments.search()
        if page is self.review:
            self.review.show_draft(draft(self.answers()))
        if page is self.checking:
            self.checking.check(self.review.file)
        self._steps.setText(
            "   ".join(
                f"{'●' if number == index else '○'} {number} {step.title}"
                for number, step in enumerate(self.pages)
                if number
            )
        )
        self._steps.setVisible(index > 0)
        self.back.setVisible(index > 0)
        self.next.setVisible(index > 0)
        texts = {4: "&Write and check", 5: "&Use this bench"}
        self.next.setText(texts.get(index, "&Next"))
        self._judge()
        self._focus_first(page)

    def _focus_first(self, page: Page) -> None:
        first: dict[Page, QtWidgets.QWidget] = {
            self.welcome: self.welcome.describe,
            self.instruments: self.instruments.table,
            self.wiring: self.wiring.tables["singles"],
            self.limits: self.limits.fields["name"],
            self.review: self.review.path,
            self.checking: self.next,
        }
        first[page].setFocus()

    def _lay_out(self) -> None:
        self._steps = QtWidgets.QLabel()
        self._steps.setAccessibleName("Steps")
        self._sim = QtWidgets.QLabel("SIM: simulated instruments")
        self._sim.setProperty("role", "warn")
        self._stack = QtWidgets.QStackedWidget()
        for page in self.pages:
            self._stack.addWidget(page)
        self.back = QtWidgets.QPushButton("Bac&k")
        self.back.clicked.connect(lambda _checked: self.go_back())
        self.next = QtWidgets.QPushButton("&Next")
        self.next.clicked.connect(lambda _checked: self.go_on())
        self.cancel = QtWidgets.QPushButton("Cancel")
        self.cancel.clicked.connect(self.reject)
        self.next.setDefault(True)
        top, bottom = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        top.addWidget(self._steps, 1)
        top.addWidget(self._sim)
        bottom.addWidget(self.cancel)
        bottom.addStretch(1)
        for button in (self.back, self.next):
            bottom.addWidget(button)
        for button in (self.back, self.cancel):
            button.setAutoDefault(False)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addLayout(bottom)
