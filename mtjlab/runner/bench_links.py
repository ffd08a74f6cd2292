"""The links of an attended bench: opened as far as possible, asked, and never set but to safe."""

from contextlib import suppress
from dataclasses import replace

from mtjlab.bench.check import Row, report
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import InstrumentError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Instrument
from mtjlab.runner.bench_state import NO_ANSWER, InstrumentState, asked, error_words, unopened

# An instrument that did not answer so often in a row is left in peace until it is looked at anew:
# every question to it costs a time-out, which the others would have to wait for.
_ASKS = 2


class BenchLinks:
    """An open bench, its instruments asked one after the other. For one thread but for `abort`."""

    def __init__(self, loaded: LoadedBench) -> None:
        """Open every instrument that answers.

        Nothing is energised through these links, so that no supervisor stands by.

        Raises:
            BenchError: the bench cannot be opened at all.
        """
        self._bench = OpenBench(
            loaded,
            generators=Generators(0),
            notice=lambda _level, _text: None,
            as_many_as_possible=True,
            watched=False,
        )
        self._unanswered: dict[str, int] = {}
        self._known: dict[str, InstrumentState] = {}

    def ask(self) -> tuple[InstrumentState, ...]:
        """What every channel says now, in the order of the bench file."""
        bench = self._bench
        found: dict[str, InstrumentState] = {}
        for instrument in bench.loaded.file.instruments:
            faces = {n: f for n, f in bench.instruments.items() if _of(n) == instrument}
            found |= {name: self._one(name, face) for name, face in faces.items()}
            if not faces:
                found[instrument] = unopened(bench, instrument)
        self._known = found
        return tuple(found.values())

    def anew(self) -> tuple[InstrumentState, ...]:
        """The same, identities too; links are made anew first if one has failed."""
        if any(not one.answers for one in self._known.values()):
            # What still does not answer is among the missing, and is told as such.
            with suppress(InstrumentError):
                self._bench.reconnect()
        self._known.clear()
        self._unanswered.clear()
        return self.ask()

    def rows(self) -> list[Row]:
        """The table of `mtjlab check`."""
        bench = self._bench
        missing = [
            Row("instruments", name, NO_ANSWER, "bad", str(error))
            for name, error in bench.missing.items()
        ]
        return [*missing, *report(bench.loaded, bench.instruments, bench.drivers)]

    def make_safe(self) -> None:
        """Everything to 0 V and off, read back.

        Raises:
            NotSafeError: as `OpenBench.make_safe`; what is missing is not proved safe.
        """
        self._unanswered.clear()
        self._bench.make_safe()

    def abort(self) -> None:
        """Release whatever waits for an instrument, from any thread, until `make_safe`."""
        # The links may just be being made anew by their own thread: then nothing waits.
        with suppress(RuntimeError):
            self._bench.abort()

    def close(self) -> None:
        """Close every link; changes no output."""
        self._bench.close()

    def _one(self, name: str, face: Instrument) -> InstrumentState:
        before = self._known.get(name)
        unanswered = self._unanswered.get(name, 0)
        if before is not None and unanswered >= _ASKS:
            return before
        try:
            state = asked(self._bench, name, face, before.identity if before else "")
        except Exception as error:
            self._unanswered[name] = unanswered + 1
            return replace(unopened(self._bench, name), state=NO_ANSWER, error=error_words(error))
        self._unanswered.pop(name, None)
        return state


def _of(face: str) -> str:
    return face.partition(".")[0]
