"""Which protocol: every one that is named, or `kind:target` of another house."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core import plugins
from mtjlab.runner.offered import Offered


class Chooser(QtWidgets.QComboBox):
    """Names to pick from, or to type; what does not load is grey and says why.

    Attributes:
        chosen: the name of a protocol was picked or typed.
    """

    chosen = QtCore.pyqtSignal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Names without their sentences, until `offer`."""
        super().__init__(parent)
        self._current = ""
        self.setEditable(True)
        self.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName("Protocol")
        recipes = "".join(f", or {kind}:package.module.Name" for kind in plugins.names("recipes"))
        self.setToolTip(f"Protocol: pick one, or type its name{recipes}")
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(12)
        self.setMaxVisibleItems(20)
        self.activated.connect(lambda _index: self._pick(str(self.currentData())))
        self.offer([Offered(name) for name in plugins.names("protocols")])

    def offer(self, offered: Sequence[Offered]) -> None:
        """Show these; broken ones cannot be picked."""
        self.clear()
        for one in offered:
            self.addItem(f"{one.name} (does not load)" if one.reason else one.name, one.name)
            item = self._item(self.count() - 1)
            item.setToolTip(one.reason or one.about)
            item.setEnabled(not one.reason)
        self.show_name(self._current)

    def show_name(self, name: str) -> None:
        """The protocol that is shown, without telling `chosen`."""
        self._current = name
        self.setCurrentIndex(self.findData(name))
        self.setEditText(name)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Return takes a typed name; what is shown already is left to the panel."""
        returns = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        typed = self.currentText().strip()
        if event is not None and event.key() in returns and typed != self._current:
            self._pick(typed)
            event.accept()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QtGui.QFocusEvent | None) -> None:
        """A name that was not taken goes back to what is shown."""
        super().focusOutEvent(event)
        if event is not None and event.reason() != QtCore.Qt.FocusReason.PopupFocusReason:
            self.setEditText(self._current)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Scrolling past must not throw a filled form away."""
        if event is not None:
            event.ignore()

    def _pick(self, name: str) -> None:
        if name and name != self._current:
            self.chosen.emit(name)

    def _item(self, index: int) -> QtGui.QStandardItem:
        model = self.model()
        assert isinstance(model, QtGui.QStandardItemModel)
        item = model.item(index)
        assert item is not None
        return item
