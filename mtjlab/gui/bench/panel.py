"""The dock of the bench: choose, connect, look, check, make safe."""

from PyQt5 import QtCore, QtWidgets

from mtjlab.bench.file import shipped
from mtjlab.gui.bench.instruments import Instruments
from mtjlab.gui.theme import Theme
from mtjlab.runner.attended import Attended
from mtjlab.runner.bench_state import BenchChecked, BenchState

_PHASES = {
    "closed": "not connected",
    "opening": "connecting...",
    "connected": "connected",
    "in a run": "lent to the run",
}


class BenchPanel(QtWidgets.QWidget):
    """Asks an `Attended` bench, and shows what it tells.

    Attributes:
        bench_chosen: path or shipped name, for everybody else who needs a bench.
    """

    bench_chosen = QtCore.pyqtSignal(str)

    def __init__(
        self,
        attended: Attended,
        theme: Theme,
        *,
        bench: str = "twin",
        recent: list[str] | None = None,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """`recent`: benches to offer before the shipped ones."""
        super().__init__(parent)
        self._attended = attended
        self.state = BenchState()
        self._chooser = QtWidgets.QComboBox()
        self._chooser.setEditable(True)
        self._chooser.setAccessibleName("Bench file or shipped bench")
        self._chooser.setToolTip("A shipped bench, or the path of a bench file")
        self._chooser.addItems(list(dict.fromkeys([bench, *(recent or []), *shipped()])))
        self._chooser.setCurrentText(bench)
        self._chooser.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._chooser.activated.connect(lambda _index: self._chosen())
        line = self._chooser.lineEdit()
        assert line is not None
        line.returnPressed.connect(self._chosen)
        self._browse = QtWidgets.QToolButton()
        self._browse.setText("...")
        self._browse.setToolTip("Choose a bench file")
        self._browse.setAccessibleName("Choose a bench file")
        self._browse.clicked.connect(lambda _checked: self._ask_file())
        self.buttons = {
            name: self._button(text, tip)
            for name, text, tip in (
                ("connect", "C&onnect", "Open every instrument; changes no output"),
                ("disconnect", "&Disconnect", "Close every link; changes no output"),
                ("look", "Loo&k", "Ask every instrument anew, with new links if need be"),
                ("check", "C&heck", "mtjlab check: limits, fences, wiring; energises nothing"),
                ("safe", "Sa&fe", "Everything to 0 V and off, read back: mtjlab safe"),
            )
        }
        self.instruments = Instruments(theme)
        self.words = QtWidgets.QLabel()
        self.limits = QtWidgets.QPlainTextEdit()
        self.limits.setReadOnly(True)
        self.limits.setAccessibleName("Limits, and what mtjlab check found")
        self.limits.setPlaceholderText("Limits of junctions and outputs appear once connected")
        self._lay_out()
        self._connect_up()
        self.set_theme(theme)
        self.show_state(BenchState())

    def _button(self, text: str, tip: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setToolTip(tip)
        button.setMinimumWidth(40)
        return button

    def _lay_out(self) -> None:
        choose = QtWidgets.QHBoxLayout()
        choose.addWidget(self._chooser, 1)
        choose.addWidget(self._browse)
        choose.addWidget(self.buttons["connect"])
        acts = QtWidgets.QHBoxLayout()
        for name in ("disconnect", "look", "check", "safe"):
            acts.addWidget(self.buttons[name])
        self.words.setWordWrap(True)
        self.words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.words.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self._split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        self._split.addWidget(self.instruments)
        self._split.addWidget(self.limits)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._split.setChildrenCollapsible(False)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(choose)
        layout.addLayout(acts)
        layout.addWidget(self.words)
        layout.addWidget(self._split, 1)

    def _connect_up(self) -> None:
        asks = {
            "connect": self._ask_connect,
            "disconnect": self._attended.disconnect,
            "look": self._attended.look,
            "check": self._ask_check,
            "safe": self._attended.safe,
        }
        for name, ask in asks.items():
            self.buttons[name].clicked.connect(lambda _checked, ask=ask: ask())

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self.instruments.set_theme(theme)

    # -- what is asked ------------------------------------------------------------------------

    @property
    def bench(self) -> str:
        """As it is chosen."""
        return str(self._chooser.currentText()).strip()

    def choose(self, bench: str) -> None:
        """As if somebody had chosen it."""
        if self._chooser.findText(bench) < 0:
            self._chooser.insertItem(0, bench)
        self._chooser.setCurrentText(bench)
        self._chosen()

    def _chosen(self) -> None:
        if self.bench:
            self.bench_chosen.emit(self.bench)
            self._buttons()

    def _ask_connect(self) -> None:
        self._chosen()
        self._attended.connect(self.bench)

    def _ask_check(self) -> None:
        self._attended.check()
        self.limits.setPlainText("checking...")

    def _ask_file(self) -> None:
        dialog = QtWidgets.QFileDialog(self, "Bench file", "", "Bench files (*.toml)")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.choose)
        dialog.open()

    # -- what is told -------------------------------------------------------------------------

    def show_state(self, state: BenchState) -> None:
        """The bench as it is now."""
        if state.limits != self.state.limits or not self.limits.toPlainText():
            self.limits.setPlainText("\n".join(state.limits))
        self.state = state
        self.instruments.show_instruments(state.instruments)
        what = _PHASES[state.phase]
        named = f"{state.bench}: {what}" if state.bench else what
        said = f" - {state.words}" if state.words and state.words != what else ""
        self.words.setText(f"{'▲ ' if state.wrong else ''}{named}{said}")
        # Of a long list of mistakes there may be room for the first ones only.
        self.words.setToolTip(said.removeprefix(" - "))
        role = "danger" if state.wrong else "quiet"
        if self.words.property("role") != role:
            self.words.setProperty("role", role)
            style = self.words.style()
            assert style is not None
            style.unpolish(self.words)
            style.polish(self.words)
        self._buttons()

    def show_checked(self, found: BenchChecked) -> None:
        """The table of `mtjlab check`, in the place of the limits."""
        if found.error:
            self.limits.setPlainText(f"check: {found.error}")
            return
        lines = [
            f"{'✖' if row.verdict == 'bad' else '▲' if row.verdict == 'warn' else '●'} "
            f"{row.section}: {row.item}: {row.value}{f' ({row.note})' if row.note else ''}"
            for row in found.rows
        ]
        bad = sum(row.verdict == "bad" for row in found.rows)
        head = f"check {found.source}: {bad} of {len(found.rows)} are bad; nothing was energised"
        self.limits.setPlainText("\n".join([head, *lines]))

    def _buttons(self) -> None:
        connected, lent = self.state.connected, self.state.phase == "in a run"
        opening = self.state.phase == "opening"
        self.buttons["connect"].setEnabled(not opening)
        self.buttons["disconnect"].setEnabled(connected)
        self.buttons["look"].setEnabled(connected)
        self.buttons["check"].setEnabled(connected)
        self.buttons["safe"].setEnabled(not lent and bool(self.state.bench))
