"""The fourth page: which chip, what a junction of it survives, and what could happen to it."""

from collections.abc import Sequence

from PyQt5 import QtWidgets

from mtjlab.bench.answers import REFERENCE_LIMITS, LimitAnswers
from mtjlab.bench.drafted import Wrong
from mtjlab.bench.worst import Worst
from mtjlab.gui.first_use.page import Page, set_role, words

# key -> label, example, what it means
_FIELDS = {
    "junction_v": ("&Hard voltage", "e.g. 0.5 V", "never exceeded across a junction"),
    "junction_a": ("Hard c&urrent", "e.g. 50 uA", "never exceeded through a junction"),
    "soft_v": ("&Operating voltage", "e.g. 0.3 V", "time above it is booked against the chip"),
    "r_min": ("S&mallest resistance", "0 ohm", "left empty: a junction may be shorted"),
    "r_max": ("&Largest resistance", "infinite", "left empty: a junction may be open"),
}
_NAMES = {
    "name": ("Name of the &bench", "e.g. rack", "in run files and tables"),
    "id": ("&Chip in the socket", "e.g. wafer7-die12", "letters, digits, . _ -"),
}


class Limits(Page):
    """SI texts such as `50u` or `0.5 V`; nothing is assumed.

    Attributes:
        fields: by key of the bench file.
        worst: one label for each group and instrument.
    """

    title = "Chip and limits"
    keys = ("bench", "chip", "limits")

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty fields."""
        super().__init__(
            "What one junction survives, at the junction. Start low. Numbers are in V, A and ohm, "
            "or have a prefix: 0.5, 500m, 50 uA, 10 kohm.",
            parent,
        )
        self.fields: dict[str, QtWidgets.QLineEdit] = {}
        self.worst: list[QtWidgets.QLabel] = []
        names, form = QtWidgets.QHBoxLayout(), QtWidgets.QGridLayout()
        for key, (label, example, meaning) in _NAMES.items():
            names.addWidget(self._named(key, label, example))
            names.addWidget(self.fields[key], 1)
            self.fields[key].setToolTip(meaning)
            names.addSpacing(12)
        for row, (key, (label, example, meaning)) in enumerate(_FIELDS.items()):
            form.addWidget(self._named(key, label, example), row, 0)
            form.addWidget(self.fields[key], row, 1)
            form.addWidget(words(meaning, role="quiet"), row, 2)
        form.setColumnStretch(2, 1)
        self.reference = QtWidgets.QPushButton("Fill in those of the\n&reference device of 60 nm")
        self.reference.setToolTip("0.5 V, 50 uA, 0.3 V operating: is yours like it?")
        self.reference.setAutoDefault(False)
        self.reference.clicked.connect(self._fill_in)
        form.addWidget(self.reference, 0, 3, 2, 1)
        self.column.addLayout(names)
        self.column.addLayout(form)
        self.column.addWidget(self.told)
        self.column.addWidget(_heading("Worst case at a junction, when software fails"))
        area = QtWidgets.QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        area.setAccessibleName("Worst case at a junction")
        inside = QtWidgets.QWidget()
        self._list = QtWidgets.QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.addStretch(1)
        area.setWidget(inside)
        self.column.addWidget(area, 1)
        self.show_worst(())

    def limits(self) -> LimitAnswers:
        """As typed."""
        return LimitAnswers(**{key: self.text(key) for key in _FIELDS})

    def text(self, key: str) -> str:
        """As typed."""
        return self.fields[key].text().strip()

    def show_worst(self, cases: Sequence[Worst]) -> None:
        """What the sources could do; nothing yet while limits or wiring are not complete."""
        for label in self.worst:
            self._list.removeWidget(label)
            label.hide()
            label.deleteLater()
        self.worst = []
        # Groups that are wired alike say the same.
        for verdict, text in dict.fromkeys(
            (c.verdict, f"{c.sources}: {c.sentence}.") for c in cases
        ):
            mark, role = ("✔", "ok") if verdict == "ok" else ("✖", "danger")
            self._say(f"{mark} {text}", role)
        if not cases:
            self._say("It is computed as soon as limits and wiring are filled in.", "quiet")

    def place(self, wrong: Wrong) -> str:
        """By the label of the field."""
        key = str(wrong.key[-1])
        known = (_NAMES | _FIELDS).get(key)
        return known[0].replace("&", "") if known else super().place(wrong)

    def show_wrong(self, wrong: Sequence[Wrong]) -> None:
        """Also at the fields."""
        super().show_wrong(wrong)
        at = {str(one.key[-1]): one.sentence for one in wrong}
        for key, field in self.fields.items():
            marked = "true" if key in at else "false"
            if field.property("wrong") != marked:
                field.setProperty("wrong", marked)
                set_role(field, "wrong" if key in at else "right")
            field.setAccessibleDescription(at.get(key, ""))

    def _named(self, key: str, label: str, example: str) -> QtWidgets.QLabel:
        """A new field; its label."""
        field = QtWidgets.QLineEdit()
        field.setPlaceholderText(example)
        field.setMinimumWidth(180)
        field.textChanged.connect(lambda _text: self.changed.emit())
        name = QtWidgets.QLabel(label)
        name.setBuddy(field)
        self.fields[key] = field
        return name

    def _fill_in(self) -> None:
        for key in ("junction_v", "junction_a", "soft_v"):
            self.fields[key].setText(getattr(REFERENCE_LIMITS, key))

    def _say(self, text: str, role: str) -> None:
        label = words(text, role=role)
        self._list.insertWidget(len(self.worst), label)
        self.worst.append(label)


def _heading(text: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
