"""The dock that asks for a run: protocol, parameters, and what to do with them."""

from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core import plugins
from mtjlab.core.errors import MtjlabError
from mtjlab.gui.first_paint import AfterFirstPaint
from mtjlab.gui.parameters.asked import Asked
from mtjlab.gui.parameters.buttons import Buttons
from mtjlab.gui.parameters.chooser import Chooser
from mtjlab.gui.parameters.file_dialogs import ask_to_open, ask_to_save
from mtjlab.gui.parameters.form import Form
from mtjlab.gui.parameters.head import Head
from mtjlab.gui.parameters.help_text import help_text
from mtjlab.gui.parameters.judge import Judge
from mtjlab.gui.parameters.word_boxes import CommandBox, HelpBox, Strip
from mtjlab.gui.theme import Theme
from mtjlab.runner.command_line import run_command
from mtjlab.runner.queue_item import QueueItem

# Below this the form needs every line.
_TALL_PX = 520
HINT = "Numbers take SI prefixes: 5u, 100 mV, 200k. An empty line is the default. Return adds."


class ParameterPanel(QtWidgets.QWidget):
    """Fill in a form, then add it to the queue or run it.

    Attributes:
        add_asked: a `Draft` for the queue.
        run_asked: a `Draft` to run at once.
        edited: key of the item that `edit` was given, and its new `Draft`.
    """

    add_asked = QtCore.pyqtSignal(object)
    run_asked = QtCore.pyqtSignal(object)
    edited = QtCore.pyqtSignal(object, object)

    def __init__(
        self,
        theme: Theme,
        *,
        bench: str = "twin",
        protocol: str = "noise_learning",
        runs_dir: Path = Path("runs"),
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """Shows `protocol` at its defaults.

        Args:
            theme: colours of words that warn.
            bench: for drafts that name no other; see `set_bench`.
            protocol: to begin with.
            runs_dir: where past runs are looked for.
            parent: of the widget.
        """
        super().__init__(parent)
        self._bench = bench
        self._runs_dir = runs_dir
        self._asked: Asked | None = None
        self._editing: Any = None
        self._note = ""
        self._refused = False
        self._form: Form | None = None
        self.chooser = Chooser()
        self.head = Head(self.chooser)
        self.help = HelpBox()
        self.strip = Strip(theme)
        self.command = CommandBox()
        self.buttons = Buttons(self)
        self._judge = Judge(self)
        self._lay_out()
        self._connect()
        AfterFirstPaint(self, self._judge.survey)
        for name in (protocol, *plugins.names("protocols")):
            if self._asked is None:
                self.choose(name)
        self.setEnabled(self._asked is not None)

    @property
    def form(self) -> Form:
        """The rows of the protocol that is shown."""
        assert self._form is not None, "no protocol was ever shown"
        return self._form

    @property
    def asked(self) -> Asked:
        """The protocol that is shown, and what was entered."""
        assert self._asked is not None, "no protocol was ever shown"
        return self._asked

    def set_bench(self, bench: str) -> None:
        """Bench of drafts that name no other."""
        self._bench = bench
        self._look()

    def choose(self, name: str) -> None:
        """Another protocol at its defaults; words in the strip if there is none."""
        try:
            asked = Asked(name)
        except MtjlabError as error:
            self.tell(str(error))
            self.chooser.show_name(self._asked.name if self._asked else "")
            return
        if self._asked is not None:
            # Whoever changes the protocol still means this bench.
            asked.options.load(self._asked.options.given)
            for own in ("name", "seed"):
                asked.options.reset(own)
        self._show(asked)

    def load_run(self, path: Path) -> None:
        """Protocol, parameters, seed and bench of a past run; words if they cannot be had."""
        try:
            asked, note = Asked.of_run(path)
        except MtjlabError as error:
            self.tell(str(error))
            return
        self._show(asked, note)

    def load_file(self, path: Path) -> None:
        """Parameters of a TOML file for the protocol that is shown; words if they are not."""
        try:
            self.asked.load_file(path)
        except MtjlabError as error:
            self.tell(str(error))
            return
        self._show(self.asked, keep_edit=True)

    def save_file(self, path: Path) -> None:
        """Parameters other than the defaults, as TOML; words if it cannot be written."""
        try:
            self.asked.save_file(path)
        except MtjlabError as error:
            self.tell(str(error))

    def edit(self, item: QueueItem) -> None:
        """Fill the form with an item of the queue; saving tells `edited`."""
        try:
            asked = Asked.of_item(item)
        except MtjlabError as error:
            self.tell(str(error))
            return
        self._show(asked)
        self._set_editing(item.key)
        self.head.show_about(f"Item {item.name or item.protocol} of the queue. {asked.about}")
        self.form.go_to_first()

    def leave(self, key: Any) -> None:
        """The item is gone or has begun: what was entered stays, as something to add."""
        if self._editing is not None and self._editing == key:
            self._set_editing(None)

    def tell(self, words: str) -> None:
        """What was asked for cannot be done; the form stays, and the item that is edited, too."""
        self._refused = True
        self.strip.say(words)

    def close_down(self) -> None:
        """End the thread that works values out; for whoever closes the window."""
        self._judge.close()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Closed by itself, it takes its thread along."""
        self.close_down()
        super().closeEvent(event)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """In a low dock the rows come first; tool tips have the words."""
        super().resizeEvent(event)
        for words in (self.help, self.head.about):
            words.setVisible(self.height() >= _TALL_PX)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Return, wherever nobody else has a use for it, adds or saves."""
        returns = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if event is not None and event.key() in returns:
            self._submit()
            return
        super().keyPressEvent(event)

    # -- showing ------------------------------------------------------------------------------

    def _show(self, asked: Asked, note: str = "", *, keep_edit: bool = False) -> None:
        """A new form: the order of rows only ever changes here."""
        self._asked, self._note = asked, note
        self._judge.begin()
        if not keep_edit:
            self._set_editing(None)
        form = Form(asked.sheet, asked.options, asked.supplied)
        form.entered.connect(self._changed)
        form.focused.connect(self._help)
        if self._form is None:
            self._column.insertWidget(self._place, form, 1)
        else:
            self._column.replaceWidget(self._form, form)
            self._form.hide()
            self._form.deleteLater()
        self._form = form
        self.chooser.show_name(asked.name)
        self.head.show_about(asked.about)
        self.head.filter.clear()
        rows = form.rows.values()
        self.help.make_room([HINT, *(help_text(row.field) for row in rows)])
        self.help.setText(HINT)
        self._tab_order(form)
        self._look()

    def _tab_order(self, form: Form) -> None:
        """From the filter through the rows to the buttons."""
        before: QtWidgets.QWidget = self.head.filter
        last = (self.strip, self.command.line, self.buttons.submit, self.buttons.run)
        for widget in (*form.stops(), *last):
            QtWidgets.QWidget.setTabOrder(before, widget)
            before = widget

    def _changed(self) -> None:
        self._note = ""
        self._look()

    def _look(self) -> None:
        """Judge what was entered, and ask what the rest comes to."""
        if self._asked is None:
            return
        asked = self._asked
        self.form.rows["run.bench"].show_resolved(self._bench)
        self._judge.look(asked)
        self._say()

    def _take_resolved(self) -> None:
        if not self._judge.resolved.error:
            self.form.show_resolved(dict(self._judge.resolved.texts))
        self._say()

    def _say(self) -> None:
        words, wrong = self._judge.words()
        names = [*self.asked.sheet.fields, *self.asked.options.fields]
        self.strip.say(words or self._note, names, wrong=wrong)
        good = self._judge.good
        self.buttons.allow(good)
        # Results of other items have no place in the command line of one run.
        alone = good and not self.asked.supplied
        draft = self.asked.draft(self._bench)
        of = (draft.protocol, draft.bench, draft.parameters)
        command = ""
        if alone:
            command = run_command(*of, seed=draft.seed, pace=draft.pace, out=self._runs_dir)
        self.command.say(command)

    def _help(self, key: str) -> None:
        name = key.removeprefix("run.")
        resolved = "" if key.startswith("run.") else self._judge.resolved.texts.get(name, "")
        field = self.form.rows[key].field
        said = resolved if not self.form.rows[key].changed and field.default is None else ""
        self.help.setText(help_text(field, said))

    # -- asking -------------------------------------------------------------------------------

    def _submit(self) -> None:
        self._judge.when_good(self._hand_over)

    def _hand_over(self) -> None:
        draft = self.asked.draft(self._bench)
        if self._editing is None:
            self.add_asked.emit(draft)
            return
        self._refused = False
        self.edited.emit(self._editing, draft)
        if not self._refused:
            self._set_editing(None)

    def _run(self) -> None:
        self._judge.when_good(lambda: self.run_asked.emit(self.asked.draft(self._bench)))

    def _set_editing(self, key: Any) -> None:
        self._editing = key
        self.buttons.show_editing(key is not None)
        self.chooser.setEnabled(key is None)
        if self._asked is not None:
            self.head.show_about(self._asked.about)

    def _reset_all(self) -> None:
        self.asked.sheet.reset_all()
        self.asked.options.reset_all()
        self._show(self.asked, keep_edit=True)

    def _go_to(self, key: str) -> None:
        rows = self.form.rows
        self.form.go_to(key if key in rows else f"run.{key}")

    # -- making -------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(6, 6, 6, 6)
        self._column.setSpacing(5)
        self._column.addWidget(self.head)
        self._place = self._column.count()
        for widget in (self.help, self.strip, self.command, self.buttons):
            self._column.addWidget(widget)

    def _connect(self) -> None:
        self._judge.judged.connect(self._take_resolved)
        self._judge.surveyed.connect(self.chooser.offer)
        self.chooser.chosen.connect(self.choose)
        self.head.found.connect(lambda text: self.form.narrow(text))
        self.head.entered.connect(lambda: self.form.go_to_first())
        self.head.load_run_asked.connect(self._ask_run)
        self.head.load_file_asked.connect(self._ask_file)
        self.head.save_file_asked.connect(self._ask_save)
        self.head.reset_asked.connect(self._reset_all)
        self.strip.asked.connect(self._go_to)
        self.buttons.submitted.connect(self._submit)
        self.buttons.run_asked.connect(self._run)
        self.buttons.cancelled.connect(lambda: self._set_editing(None))

    def _ask_run(self) -> None:
        ask_to_open(self, "Load from run", "Run files (*.h5)", self._runs_dir, self.load_run)

    def _ask_file(self) -> None:
        ask_to_open(self, "Load parameters", "Parameters (*.toml)", Path("data"), self.load_file)

    def _ask_save(self) -> None:
        name = Path(f"{self.asked.name.replace(':', '-')}.toml")
        ask_to_save(self, "Save parameters", "Parameters (*.toml)", name, self.save_file)
