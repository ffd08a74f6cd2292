"""The second page: what is there, who it is, and what of it is on the bench."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from PyQt5 import QtWidgets

from mtjlab.bench.answers import InstrumentAnswer
from mtjlab.bench.drafted import Wrong
from mtjlab.bench.search import Search, named
from mtjlab.core import plugins
from mtjlab.core.found import Findings, Found
from mtjlab.gui.first_use.found_table import FoundTable
from mtjlab.gui.first_use.page import Page, set_role, words
from mtjlab.gui.first_use.work import Work


class Instruments(Page):
    """Looks, and asks who is ticked, in a thread; nothing here waits.

    Attributes:
        table: what was found.
        work: the search.
    """

    title = "Instruments"
    keys = ("instruments",)

    def __init__(
        self,
        searches: Sequence[Search],
        in_use: Callable[[], Collection[str]] = tuple,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """Look nowhere yet.

        Args:
            searches: where one may look; the first at first.
            in_use: resources that an open bench talks to, which must not be asked.
            parent: of the widget.
        """
        super().__init__(
            "Looking sends nothing to an instrument. Tick what is on your bench; asking sends "
            "*IDN? to what is ticked. A serial line may have anything at its end: ask it only if "
            "you know that a question does no harm there.",
            parent,
        )
        self._searches, self._in_use = tuple(searches), in_use
        drivers = [name for name in plugins.names("drivers") if name != "pymeasure"]
        self.table = FoundTable(drivers)
        self.table.changed.connect(self.changed)
        self.work = Work(self)
        self.work.came.connect(self._came)
        self.work.ended.connect(self._ended)
        self.place_box = QtWidgets.QComboBox()
        self.place_box.addItems([search.where for search in self._searches])
        self.place_box.currentIndexChanged.connect(lambda _index: self._elsewhere())
        self.look = _button("&Look again", self.search)
        self.ask = _button("&Ask those ticked", self._ask)
        self.stop = _button("Sto&p looking", self._stop)
        self.by_hand = QtWidgets.QLineEdit()
        self.by_hand.setPlaceholderText("such as TCPIP0::192.168.0.5::5025::SOCKET, COM3, Dev2")
        self.by_hand.setMinimumWidth(260)
        self.add = _button("Add", self._add)
        self.by_hand.returnPressed.connect(self._add)
        self.status = words("", role="quiet")
        self.status.setAccessibleName("Search")
        self._lay_out()
        self._show_state("")

    @property
    def twin(self) -> bool:
        """Whether the instruments are simulated."""
        return self._place.twin

    def answers(self) -> tuple[InstrumentAnswer, ...]:
        """What is ticked."""
        return self.table.answers()

    def search(self) -> None:
        """Look, in a thread."""
        place = self._place

        def look() -> Iterator[Findings]:
            found = place.find()
            # Imports of drivers take their time, too.
            plugins.survey("drivers")
            yield found

        self.work.start(look)
        self._show_state(f"looking on {place.where} ...")

    def holds(self, wrong: Wrong) -> bool:
        """Options of a driver, such as the cabling of a switch, are filled in under Review."""
        return "options" not in wrong.key

    def place(self, wrong: Wrong) -> str:
        """By the name of the instrument."""
        return " ".join(str(part) for part in wrong.key[1:]) or "instruments"

    def show_wrong(self, wrong: Sequence[Wrong]) -> None:
        """As on every page; without any instrument, what to do."""
        super().show_wrong(wrong)
        if any(one.key == ("instruments",) for one in wrong):
            self.told.setText("✖ tick at least one instrument, or add one by hand")

    @property
    def _place(self) -> Search:
        return self._searches[max(0, self.place_box.currentIndex())]

    def _elsewhere(self) -> None:
        self.tried = False
        self.table.forget()
        self.search()

    def _ask(self) -> None:
        place, busy = self._place, {name.upper() for name in self._in_use()}
        asked = self.table.ticked()
        if not asked:
            self._show_state("tick whom to ask")
            return

        def ask() -> Iterator[Found]:
            for one in asked:
                if one.resource.upper() in busy:
                    silent = "not asked: the bench that is open talks to it"
                    yield replace(one, silent=silent)
                else:
                    yield place.ask(one)

        self.work.start(ask)
        self._show_state(f"asking {len(asked)} on {place.where} ...")

    def _add(self) -> None:
        text = self.by_hand.text().strip()
        if not text:
            return
        self.table.add(named(text), ticked=True)
        self.by_hand.clear()

    def _stop(self) -> None:
        self.work.stop()
        self._show_state("stopped; what was already asked keeps its answer")

    def _came(self, item: object) -> None:
        if isinstance(item, Findings):
            self.table.show_found(item.found)
            count = len(item.found)
            unseen = "".join(f"\n▲ not looked: {sentence}" for sentence in item.unseen)
            self._show_state(f"{count} found on {self._place.where}{unseen}")
        elif isinstance(item, Found):
            self.table.show_answer(item)

    def _ended(self, reason: str) -> None:
        said = self.status.text()
        if said.endswith("..."):
            said = f"{said[:-4]}: done"
        self._show_state(f"✖ {reason}" if reason else said)

    def _show_state(self, text: str) -> None:
        self.status.setText(text)
        set_role(self.status, "danger" if text.startswith("✖") else "quiet")
        on = self.work.on
        self.stop.setEnabled(on)
        for widget in (self.look, self.ask, self.place_box):
            widget.setEnabled(not on)

    def _lay_out(self) -> None:
        above = QtWidgets.QHBoxLayout()
        label = QtWidgets.QLabel("Loo&k on")
        label.setBuddy(self.place_box)
        for widget in (label, self.place_box, self.look, self.ask, self.stop):
            above.addWidget(widget)
        above.addStretch(1)
        below = QtWidgets.QHBoxLayout()
        label = QtWidgets.QLabel("Add by &hand")
        label.setBuddy(self.by_hand)
        below.addWidget(label)
        below.addWidget(self.by_hand, 1)
        below.addWidget(self.add)
        self.column.addLayout(above)
        self.column.addWidget(self.table, 1)
        self.column.addLayout(below)
        self.column.addWidget(self.status)
        self.column.addWidget(self.told)


def _button(text: str, pressed: Callable[[], None]) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked: pressed())
    return button
