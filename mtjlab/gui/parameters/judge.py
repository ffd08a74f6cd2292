"""Whether what was entered can be run: the model says it at once, the protocol a moment later."""

from collections.abc import Callable

from PyQt5 import QtCore

from mtjlab.gui.parameters.asked import Asked
from mtjlab.gui.parameters.resolving import Resolved, Resolving, resolved_texts


class Judge(QtCore.QObject):
    """Holds the last verdict.

    Attributes:
        judged: the protocol has said its word.
        surveyed: what protocols there are, a tuple of `Offered`; once, after `survey`.
        wrong: row -> words of what the model does not take; "" names the whole.
        resolved: what the protocol made of it when it was asked last.
    """

    judged = QtCore.pyqtSignal()
    surveyed = QtCore.pyqtSignal(object)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Nothing is wrong yet."""
        super().__init__(parent)
        self.wrong: dict[str, str] = {}
        self.resolved = Resolved()
        # The protocol has not said yet what it makes of what was entered.
        self._open = False
        self._then: Callable[[], None] | None = None
        self._resolving = Resolving(self)
        self._resolving.answered.connect(self._take)
        self._resolving.surveyed.connect(self.surveyed)

    def survey(self) -> None:
        """Look at every protocol, in a thread."""
        self._resolving.survey()

    def begin(self) -> None:
        """Something else is asked for: nothing of before counts."""
        self.resolved = Resolved()

    def look(self, asked: Asked) -> None:
        """Judge what was entered, and ask the protocol what the rest comes to."""
        self.wrong = asked.mistakes()
        self._resolving.forget()
        self._then = None
        params = None if self.wrong else asked.parameters()
        self._open = params is not None
        if params is None:
            self.resolved = Resolved()
            return
        protocol, fields, of = asked.protocol, asked.sheet.fields, params
        self._resolving.ask(lambda: resolved_texts(protocol, of, fields))

    @property
    def good(self) -> bool:
        """Whether nothing is known against it."""
        return not self.wrong and (self._open or not self.resolved.refuses)

    def words(self) -> tuple[str, bool]:
        """What stands in the way, and whether it really does; "" if nothing is known."""
        if "" in self.wrong:
            return self.wrong[""], True
        if self.wrong:
            said = ", ".join(key.removeprefix("run.") for key in self.wrong)
            plural = "values are" if len(self.wrong) > 1 else "value is"
            return f"{len(self.wrong)} {plural} wrong: {said}", True
        return self.resolved.error, self.resolved.refuses

    def when_good(self, then: Callable[[], None]) -> None:
        """Call `then` if it can be run, as soon as the protocol has said so; else never."""
        if self._open:
            self._then = then
            self._resolving.hurry()
        elif self.good:
            then()

    def close(self) -> None:
        """No more answers."""
        self._resolving.close()

    def _take(self, resolved: Resolved) -> None:
        self.resolved, self._open = resolved, False
        then, self._then = self._then, None
        self.judged.emit()
        if then is not None:
            self.when_good(then)
