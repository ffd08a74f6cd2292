"""A bench in one's own hands: guarded faces, and the safe state at the end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from numpy.typing import NDArray

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import UsageError
from mtjlab.core.generators import Generators
from mtjlab.core.places import bench_name
from mtjlab.core.protocol import Rig

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@contextmanager
def open_bench(bench: str | None = None, *, seed: int = 0, on_twin: bool = False) -> Iterator[Rig]:
    """Open a bench and hand out what a protocol gets: `sources`, `daqs`, `wiring`, `clock`, ...

    Every set-point goes through the guard. Leaving the block, by its end or by an error, brings
    every output to 0 V and off, and reads it back; an output that somebody else had switched on
    is left alone, and said, if nothing was switched on here. While an output is on, calls that
    take more than 5 s without touching the bench must be announced by `rig.busy(seconds)`.

    Args:
        bench: bench file or shipped name; None: `$MTJLAB_BENCH`, else `twin`.
        seed: of the noise of a twin.
        on_twin: put a real bench on its twin.

    Raises:
        BenchError: no such bench, or mistakes in its file.
        InstrumentError: an instrument is missing, or is not what the file says.
        NotSafeError: at the end, an output could not be read back as off.
    """
    with OpenBench(
        load(bench_name(bench)), generators=Generators(seed), notice=notice, pretend=on_twin
    ) as opened:
        try:
            yield opened.rig(_no_rows)
        finally:
            if not opened.found_on or opened.guard.energised:
                opened.make_safe()


def notice(level: str, text: str) -> None:
    """To the logger `mtjlab`; Python shows warnings and errors of its own accord."""
    logging.getLogger("mtjlab").log(_LEVELS.get(level, logging.INFO), text)


def _no_rows(stream: str, _rows: NDArray[Any]) -> NoReturn:
    raise UsageError(
        f"rows for {stream!r}: an open bench has no run file; use mtjlab.run, or keep them yourself"
    )
