"""The two environment variables, and nothing else, that mtjlab reads."""

import os
from pathlib import Path


def runs_dir(given: Path | None = None) -> Path:
    """`--out`, else `$MTJLAB_RUNS`, else `runs` here."""
    return given or Path(os.environ.get("MTJLAB_RUNS") or "runs")


def bench_name(given: str | None = None) -> str:
    """`--bench`, else `$MTJLAB_BENCH`, else the shipped `twin`."""
    return given or os.environ.get("MTJLAB_BENCH") or "twin"
