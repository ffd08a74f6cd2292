"""The stress of a run: in the chip's account, and in the log of the run file."""

from collections.abc import Callable

from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import StoreError


def book(bench: OpenBench, run_id: str, notice: Callable[[str, str], None]) -> None:
    """At the end of a run; an account that cannot be written is told, and costs nothing else."""
    words = bench.guard.ledger.words()
    try:
        bench.book(run_id)
    except StoreError as error:
        notice("error", str(error))
    if words:
        notice("info", words)
