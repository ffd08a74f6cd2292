"""A run file in Python: results, parameters and rows, in the forms that people work with."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from mtjlab.core.places import runs_dir
from mtjlab.store import RunReader, columns, find_run, to_pandas, to_xarray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class LoadedRun:
    """One run file. Nothing stays open; rows are read when asked for.

    Attributes:
        run_file: its path.
        run_id, protocol, bench, twin, seed, started: which run it is.
        status: finished, aborted, failed, died or running, as it was when loaded.
        error: why it did not finish; None if it did.
        parameters: all of them, resolved.
        results: of the protocol; empty if the run did not come to its end.
        streams: names of the streams with rows (`stream`, `to_pandas`).
    """

    def __init__(self, run_file: Path) -> None:
        """Read everything but the rows.

        Raises:
            StoreError: no such file, not a run file, of a newer format, or cut short.
        """
        self.run_file = run_file
        with RunReader.open(run_file) as run:
            header = run.header
            self.run_id: str = header.run_id
            self.protocol: str = header.protocol
            self.bench: str = header.bench
            self.twin: bool = header.twin
            self.seed: int = header.seed
            self.started: datetime = header.started
            self.status: str = run.status
            self.error: str | None = run.error
            self.parameters: Mapping[str, Any] = dict(header.parameters)
            self.results: Mapping[str, Any] = run.results
            self.streams: tuple[str, ...] = tuple(run.streams)

    def stream(self, name: str) -> NDArray[Any]:
        """All rows of a stream, shape (n, *row shape).

        Raises:
            StoreError: no such stream.
        """
        with RunReader.open(self.run_file) as run:
            return run.stream(name)

    def columns(self, name: str) -> list[str]:
        """Names of the values in a row of a stream.

        Raises:
            StoreError: no such stream.
        """
        with RunReader.open(self.run_file) as run:
            run.stream(name, 0, 0)
            return columns(run.streams[name])

    def to_pandas(self, name: str) -> "pd.DataFrame":
        """A stream as a table; unit and description are in `attrs`.

        Raises:
            StoreError: no such stream; UsageError: pandas is not installed.
        """
        with RunReader.open(self.run_file) as run:
            return to_pandas(run, name)

    def to_xarray(self) -> "xr.Dataset":
        """All streams; what is known of the run is in `attrs`.

        Raises:
            UsageError: xarray is not installed.
        """
        with RunReader.open(self.run_file) as run:
            return to_xarray(run)

    def plot(self, out: str | Path | None = None) -> Path:
        """Draw the run, as `mtjlab plot` does, and return the path of the picture.

        Args:
            out: PNG or SVG file; None: beside the run file.
        """
        # Matplotlib takes half a second to import: only who draws waits for it.
        from mtjlab.pictures import picture

        return picture(self.run_file, None if out is None else Path(out))

    def __repr__(self) -> str:
        return (
            f"<run {self.run_id[:8]}: {self.protocol} on {self.bench}"
            f"{' (simulated)' if self.twin else ''}, seed {self.seed}, {self.status}>"
        )


def load(run: str | Path = "latest", *, runs: str | Path | None = None) -> LoadedRun:
    """Load a run.

    Args:
        run: path, beginning of a run id, `YYYY-MM-DD/NNN`, or `latest`.
        runs: folder of the run files; None: `$MTJLAB_RUNS`, else `runs`.

    Raises:
        StoreError: none, or more than one, is meant; or its file cannot be read.
    """
    return LoadedRun(find_run(runs_dir(None if runs is None else Path(runs)), str(run)))
