"""What must never be overlooked: simulated or real, and whether an output is on."""

from collections.abc import Collection, Mapping

from PyQt5 import QtCore, QtWidgets

from mtjlab.core.units import si

BORDER_PX = 6
_BADGE_PX = 72
# More than these do not fit beside STOP; the rest is in the bench panel.
_NAMED = 2


class TwinBadge(QtWidgets.QLabel):
    """SIM on a twin, REAL on a bench."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Nothing is known yet."""
        super().__init__(parent)
        self.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.show_bench("", None)

    def show_bench(self, bench: str, twin: bool | None) -> None:
        """`twin` None: not known before the bench has been opened."""
        self.setObjectName("real" if twin is False else "sim" if twin else "none")
        self.setText({True: "SIM", False: "REAL", None: ""}[twin])
        self.setToolTip(
            {
                True: f"{bench}: a simulated bench; nothing real is touched",
                False: f"{bench}: real instruments",
                None: "no bench opened yet",
            }[twin]
        )
        self.setAccessibleName(self.toolTip())
        self.setMinimumWidth(0 if twin is None else _BADGE_PX)
        _restyle(self)


class OutputsBadge(QtWidgets.QLabel):
    """Which outputs are on, in words."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Off, as far as is known."""
        super().__init__(parent)
        self.setObjectName("outputs")
        self.show_outputs(False, {})

    def show_outputs(
        self,
        energised: bool,
        setpoints: Mapping[str, float],
        currents: Collection[str] = (),
        *,
        unproved: Mapping[str, str] | None = None,
        silent: Collection[str] = (),
    ) -> None:
        """What is on; else what is not known to be off.

        Args:
            energised: an output is on.
            setpoints: terminal -> V; A for those in `currents`.
            currents: terminals that are current sources.
            unproved: bench -> why its last run could not prove that its outputs are off.
            silent: instruments that do not answer.
        """
        moved = [
            f"{name} {si(value, 'A' if name in currents else 'V')}"
            for name, value in setpoints.items()
            if value != 0
        ]
        rest = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
        words = ": " + ", ".join(moved[:_NAMED]) + rest if moved else ""
        if energised:
            text, more = f"⚡ OUTPUT ON{words}", "\n".join(moved)
        elif unproved:
            text, more = "▲ NOT PROVED OFF", "\n".join(unproved.values())
        elif silent:
            text, more = f"▲ outputs unknown: no answer from {', '.join(silent)}", ""
        else:
            text, more = "○ outputs off", ""
        self.setText(text)
        self.setToolTip(more or text)
        alarming = energised or bool(unproved)
        if self.property("on") is not alarming:
            self.setProperty("on", alarming)
            _restyle(self)


class RedBorder(QtCore.QObject):
    """Four red bars along the edges of a window while an output is on; they take no clicks."""

    def __init__(self, window: QtWidgets.QWidget, colour: str) -> None:
        """Hidden at first."""
        super().__init__(window)
        self._window = window
        self.on = False
        self._bars = [QtWidgets.QFrame(window) for _ in range(4)]
        for bar in self._bars:
            bar.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            bar.setStyleSheet(f"background: {colour};")
            bar.hide()
        window.installEventFilter(self)

    def show_on(self, on: bool) -> None:
        """Show or hide it."""
        if on != self.on:
            self.on = on
            self._place()
            for bar in self._bars:
                bar.setVisible(on)
                bar.raise_()

    def eventFilter(self, _target: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """The window has another size."""
        if event is not None and event.type() == QtCore.QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        width, height, b = self._window.width(), self._window.height(), BORDER_PX
        places = [
            (0, 0, width, b),
            (0, height - b, width, b),
            (0, 0, b, height),
            (width - b, 0, b, height),
        ]
        for bar, place in zip(self._bars, places, strict=True):
            bar.setGeometry(*place)


def _restyle(widget: QtWidgets.QWidget) -> None:
    """The style sheet asks for a property or name only once."""
    style = widget.style()
    assert style is not None
    style.unpolish(widget)
    style.polish(widget)
    widget.updateGeometry()
