"""What unsaid parameters come to, worked out beside the window: some protocols read files."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from PyQt5 import QtCore

from mtjlab.core.errors import MtjlabError, ParameterError
from mtjlab.core.field_text import write_text
from mtjlab.core.parameter_fields import ParameterField
from mtjlab.core.protocol import Protocol
from mtjlab.runner.offered import offered_protocols

# From the last key to the question.
AFTER_MS = 150


@dataclass(frozen=True)
class Resolved:
    """What `resolve` of a protocol said.

    Attributes:
        texts: name -> value of what was not given; names without one are left out.
        error: its words; "" if it took the parameters.
        refuses: no run can begin with these, whatever else is there by then.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    refuses: bool = False


def resolved_texts(
    protocol: Protocol[Any], params: BaseModel, fields: Mapping[str, ParameterField]
) -> Resolved:
    """Ask a protocol, whatever it does."""
    try:
        made = protocol.resolve(params).model_dump(mode="json")
    except ParameterError as error:
        return Resolved(error=str(error), refuses=True)
    except MtjlabError as error:
        # A run or file that may be there when it begins.
        return Resolved(error=str(error))
    except Exception as error:
        return Resolved(error=f"{type(error).__name__}: {error}", refuses=True)
    texts = {name: write_text(one, made.get(name)) for name, one in fields.items()}
    return Resolved({name: text for name, text in texts.items() if text})


class Resolving(QtCore.QObject):
    """Answers the newest question in a thread; older ones go unanswered.

    Attributes:
        answered: a `Resolved`.
        surveyed: a tuple of `Offered`.
    """

    answered = QtCore.pyqtSignal(object)
    surveyed = QtCore.pyqtSignal(object)
    _came = QtCore.pyqtSignal(int, object)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Threads end with `close`."""
        super().__init__(parent)
        # Two: loading every protocol for the first time must not hold up an answer.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="parameters")
        self._closed = False
        self._newest = 0
        self._question: Callable[[], Resolved] | None = None
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AFTER_MS)
        self._timer.timeout.connect(self._send)
        self._came.connect(self._take)

    def survey(self) -> None:
        """Look at every protocol that is named, once."""
        if not self._closed:
            self._pool.submit(lambda: self._tell(0, offered_protocols()))

    def ask(self, question: Callable[[], Resolved]) -> None:
        """Answered after a moment without another question."""
        self._newest += 1
        self._question = question
        self._timer.start()

    def hurry(self) -> None:
        """Somebody waits: ask at once."""
        if self._timer.isActive():
            self._timer.stop()
            self._send()

    def forget(self) -> None:
        """No answer is wanted any more."""
        self._newest += 1
        self._timer.stop()

    def close(self) -> None:
        """No more answers; a question that is being worked on is not waited for."""
        self.forget()
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _send(self) -> None:
        number, question = self._newest, self._question
        if question is not None and not self._closed:
            self._pool.submit(lambda: self._answer(number, question))

    def _answer(self, number: int, question: Callable[[], Resolved]) -> None:
        if number == self._newest:
            self._tell(number, question())

    def _tell(self, number: int, said: object) -> None:
        try:
            self._came.emit(number, said)
        except RuntimeError:
            # The window has gone meanwhile.
            return

    def _take(self, number: int, said: object) -> None:
        if number == 0:
            self.surveyed.emit(said)
        elif number == self._newest:
            self.answered.emit(said)
