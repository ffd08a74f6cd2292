"""`mtjlab check` for who wants rows whatever happens: a missing instrument is a row, too."""

from dataclasses import dataclass

from mtjlab.bench.check import Row, report
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators


@dataclass(frozen=True)
class Checked:
    """What one check has found; nothing was energised.

    Attributes:
        rows: as `check.report` gives them, those of missing instruments first.
        notices: (level, text) of what was noticed at opening.
        twin: the instruments were simulated.
    """

    rows: tuple[Row, ...]
    notices: tuple[tuple[str, str], ...]
    twin: bool

    @property
    def bad(self) -> tuple[str, ...]:
        """Items for which one must not run on this bench."""
        return tuple(row.item for row in self.rows if row.verdict == "bad")


def checked(loaded: LoadedBench, *, pretend: bool = False) -> Checked:
    """Open the bench, ask, compute, and close it again. Sets and energises nothing.

    Args:
        loaded: the bench file.
        pretend: put a real bench on its twin, so that nothing real is opened.

    Raises:
        BenchError: an instrument of the file has no twin.
    """
    notices: list[tuple[str, str]] = []
    with OpenBench(
        loaded,
        generators=Generators(0),
        notice=lambda level, text: notices.append((level, text)),
        pretend=pretend,
        as_many_as_possible=True,
        watched=False,
    ) as opened:
        missing = [
            Row("instruments", name, "no answer", "bad", str(error))
            for name, error in opened.missing.items()
        ]
        rows = report(loaded, opened.instruments, opened.drivers)
        return Checked((*missing, *rows), tuple(notices), opened.twin)
