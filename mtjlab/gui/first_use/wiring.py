"""The third page: which terminal drives which junctions, and which input reads them."""

from collections.abc import Sequence

from PyQt5 import QtGui, QtWidgets

from mtjlab.bench.answers import ArrayAnswer, InstrumentAnswer, SinglesAnswer, terminals_of
from mtjlab.bench.drafted import Wrong
from mtjlab.gui.first_use.group_table import GroupTable
from mtjlab.gui.first_use.page import Page, fixed_font, words

SINGLES = {
    "row": ("row", "e.g. 0"),
    "columns": ("columns", "e.g. 0:7"),
    "source": ("driven by", "e.g. smu"),
    "series": ("series\nresistor", "e.g. 10 kohm"),
    "divider": ("divider", "1 (none)"),
    "read": ("read by", "e.g. daq/ai0:7"),
    "range": ("input\nrange", "e.g. 1 V"),
    "bias": ("bias", "none"),
}
ARRAYS = {
    "rows": ("rows", "e.g. 0:7"),
    "columns": ("columns", "e.g. 0:7"),
    "source": ("driven by", "e.g. daq/ao0:7"),
    "series": ("series", "e.g. 50 ohm"),
    "divider": ("divider", "1 (none)"),
    "row_wire": ("row\nwire", "0 ohm"),
    "column_wire": ("column\nwire", "0 ohm"),
    "tia": ("amplifier", "e.g. 20 kohm"),
    "tia_input": ("its\ninput", "1 ohm"),
    "read": ("read by", "e.g. daq/ai0:7"),
    "range": ("input\nrange", "e.g. 10 V"),
}
_SINGLES_SKETCH = """\
source --(divider)--[series resistor]--+--[junction]-- ground
                                       +-- read"""
_ARRAYS_SKETCH = """\
source --(divider)--[series]--+--[row wire]--+-- ...      a row; a junction at each +
                              |              |            columns, into amplifiers: read"""
_KINDS = ("singles", "arrays")


class Wiring(Page):
    """Two kinds of wiring, a table each; both may be on one chip.

    Attributes:
        tables: of `singles` and of `arrays`.
        kinds: the tabs.
    """

    title = "Wiring"
    keys = ("wiring",)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty tables."""
        super().__init__(
            "One line for each group of junctions that is wired alike. A range is first:last, both "
            "included. A terminal is the name of a source-meter, or a board's name with a channel.",
            parent,
        )
        self.tables = {
            "singles": GroupTable(SINGLES, "Groups of single junctions"),
            "arrays": GroupTable(ARRAYS, "Crossbars"),
        }
        self.kinds = QtWidgets.QTabWidget()
        self.kinds.setAccessibleName("Kind of wiring")
        for kind, sketch in zip(_KINDS, (_SINGLES_SKETCH, _ARRAYS_SKETCH), strict=True):
            self.kinds.addTab(self._tab(kind, sketch), "")
        self.terminals = words("", role="quiet")
        self.column.addWidget(self.terminals)
        self.column.addWidget(self.kinds, 1)
        self.column.addWidget(self.told)
        self._count()

    def singles(self) -> tuple[SinglesAnswer, ...]:
        """Groups of single junctions."""
        return tuple(SinglesAnswer(**group) for group in self.tables["singles"].groups())

    def arrays(self) -> tuple[ArrayAnswer, ...]:
        """Crossbars."""
        return tuple(ArrayAnswer(**group) for group in self.tables["arrays"].groups())

    def show_instruments(self, instruments: Sequence[InstrumentAnswer]) -> None:
        """Say how their terminals are spelt."""
        outputs, inputs = [], []
        for one in instruments:
            drives, reads = terminals_of(one)
            outputs += drives
            inputs += reads
        self.terminals.setText(
            f"Yours: driven by {', '.join(outputs) or 'nothing yet'}"
            f"; read by {', '.join(inputs) or 'nothing yet'}"
        )

    def holds(self, wrong: Wrong) -> bool:
        """A bench may also accept an output without a fence, in its text."""
        return not wrong.sentence.startswith("unfenced output")

    def place(self, wrong: Wrong) -> str:
        """By the table's lines and headings, counted from 1."""
        if len(wrong.key) < 3 or not isinstance(wrong.key[2], int):
            return "wiring"
        kind, group = str(wrong.key[1]), wrong.key[2]
        headings = SINGLES if kind == "singles" else ARRAYS
        line = self.tables[kind].row_of(group) + 1 if kind in self.tables else group + 1
        key = str(wrong.key[3]) if len(wrong.key) > 3 else ""
        heading = headings.get(key, (key, ""))[0].replace("\n", " ")
        what = "line" if kind == "singles" else "crossbar, line"
        return f"{what} {line}" + (f", {heading}" if heading else "")

    def show_wrong(self, wrong: Sequence[Wrong]) -> None:
        """Also in the cells."""
        super().show_wrong(wrong)
        for kind, table in self.tables.items():
            table.mark(
                {
                    (one.key[2], str(one.key[3])): one.sentence
                    for one in wrong
                    if len(one.key) > 3 and one.key[1] == kind and isinstance(one.key[2], int)
                }
            )
        if wrong and not any(table.groups() for table in self.tables.values()):
            self.told.setText("✖ fill in at least one line, of either kind")

    def _tab(self, kind: str, sketch: str) -> QtWidgets.QWidget:
        tab, table = QtWidgets.QWidget(), self.tables[kind]
        table.changed.connect(self._count)
        table.changed.connect(self.changed)
        drawing = QtWidgets.QLabel(sketch)
        drawing.setFont(fixed_font())
        drawing.setAccessibleName("Sketch of the wiring")
        buttons = QtWidgets.QHBoxLayout()
        for text, pressed, shortcut in (
            ("Add a &line", table.add_row, ""),
            ("&Remove the line", table.remove_row, ""),
            ("&Fill down", table.fill_down, "Ctrl+D"),
        ):
            button = QtWidgets.QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(pressed)
            buttons.addWidget(button)
            if shortcut:
                button.setToolTip(
                    f"Goes on in the line below, or down the selected cells ({shortcut})"
                )
                QtWidgets.QShortcut(QtGui.QKeySequence(shortcut), table, pressed)
        buttons.addStretch(1)
        layout = QtWidgets.QVBoxLayout(tab)
        layout.addWidget(drawing)
        layout.addWidget(table, 1)
        layout.addLayout(buttons)
        return tab

    def _count(self) -> None:
        for index, (kind, name) in enumerate(
            (("singles", "&Single junctions"), ("arrays", "&Crossbar"))
        ):
            count = len(self.tables[kind].groups())
            self.kinds.setTabText(index, f"{name} ({count})")
