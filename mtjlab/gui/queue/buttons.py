"""What can be done with the queue, and when; a greyed button says in its tip what it needs."""

from collections.abc import Sequence

from PyQt5 import QtWidgets
from PyQt5.QtCore import Qt

from mtjlab.runner.queue_item import QueueItem

# name, text, key, what it does, what it needs.
_ACTS = (
    ("start", "&Start", "Ctrl+R", "Run what waits, one after the other", "something that waits"),
    ("hold", "&Hold", "", "Begin no other item; the run that is on goes on", "a started queue"),
    ("pause", "&Pause", "Ctrl+P", "Hold the run at its next step, outputs as they are", "a run"),
    ("resume", "&Resume", "", "Let the run go on", "a run that is paused"),
    ("end", "&End", "", "End the run at its next step; what was measured is kept", "a run"),
    ("abort", "&Abort", "", "End the run at once; the step in progress is lost", "a run"),
    ("up", "▲", "Alt+Up", "Earlier", "an item with another that waits before it"),
    ("down", "▼", "Alt+Down", "Later", "an item with another that waits after it"),
    ("edit", "Ed&it", "", "Change its parameters in the form", "an item that waits"),
    ("duplicate", "&Duplicate", "", "The same once more, with a new seed", "an item"),
    ("remove", "Re&move", "Del", "Take it out; its run file stays", "an item that is not on"),
    ("clear", "&Clear done", "", "Take out all that has ended", "something that has ended"),
    ("load", "&Load...", "", "Add the steps of a session file", ""),
    ("save", "Sa&ve...", "", "Save the queue as a session file", "a queue that is not empty"),
)
# A gap stands before these.
_GROUPS = ("up", "load")


class Buttons(QtWidgets.QWidget):
    """A row of buttons and a sentence about the queue; what has no room is behind an arrow.

    Attributes:
        acts: by name.
    """

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """Shortcuts count while the dock has the focus; Start's and Pause's everywhere."""
        super().__init__(parent)
        self.acts: dict[str, QtWidgets.QAction] = {}
        bar = QtWidgets.QToolBar()
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        for name, text, key, _does, _needs in _ACTS:
            act = QtWidgets.QAction(text, parent)
            if key:
                act.setShortcut(key)
                if not key.startswith("Ctrl"):
                    act.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            parent.addAction(act)
            self.acts[name] = act
            if name in _GROUPS:
                bar.addSeparator()
            bar.addAction(act)
            button = bar.widgetForAction(act)
            assert isinstance(button, QtWidgets.QToolButton)
            button.setAutoRaise(False)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._words = QtWidgets.QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        # Longer words than the dock is wide must not make the window wider.
        self._words.setMinimumWidth(1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(bar)
        layout.addWidget(self._words)

    def say(self, words: str, *, alarming: bool) -> None:
        """One sentence about the whole queue."""
        self._words.setText(f"▲ {words}" if alarming else words)
        self._words.setToolTip(words)

    @property
    def words(self) -> str:
        """What it says."""
        return str(self._words.text())

    def allow(self, items: Sequence[QueueItem], chosen: QueueItem | None, *, held: bool) -> None:
        """Grey what makes no sense now."""
        waits = any(item.status == "waiting" for item in items)
        on = next((item for item in items if item.status in ("running", "paused")), None)
        own = chosen is not None and chosen.status == "waiting"
        movable = [item for item in items if item.status == "waiting"] if own else []
        possible = {
            "start": held and waits,
            "hold": not held,
            "pause": on is not None and on.status == "running",
            "resume": on is not None and on.status == "paused",
            "end": on is not None,
            "abort": on is not None,
            "up": bool(movable) and chosen is not movable[0],
            "down": bool(movable) and chosen is not movable[-1],
            "edit": own and chosen is not None and chosen.kind == "run",
            "duplicate": chosen is not None and chosen.kind == "run",
            "remove": chosen is not None and chosen is not on,
            "clear": any(item.ended for item in items),
            "load": True,
            "save": bool(items),
        }
        for name, _text, key, does, needs in _ACTS:
            act = self.acts[name]
            act.setEnabled(possible[name])
            keyed = f" ({key})" if key else ""
            act.setToolTip(f"{does}{keyed}" if possible[name] else f"{does}: needs {needs}")
