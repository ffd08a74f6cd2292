"""Reads a run file: finished, still growing, or left by a process that died."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import StoreError, nearest
from mtjlab.core.protocol import StateValue, Stream
from mtjlab.store import codec, records, schema, slots
from mtjlab.store.log_lines import LogLine, from_records
from mtjlab.store.process_mark import ProcessMark
from mtjlab.store.structure import JSON_ATTRIBUTES
from mtjlab.store.superblock import Superblock


class RunReader:
    """One run file, open for reading; a context manager.

    Shows the run as it was when opened; `refresh` looks again.

    Attributes:
        path: of the run file.
        header: what was known before the first row.
        streams: the declared streams by name, in their order.
        committed: rows that count, per stream.
        done, total: progress at the last commit, in the protocol's own unit.
        bench_time_s: clock of the bench at the last commit, s.
        committed_unix_s: wall clock at the last flush, s since 1970 UTC.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None
        self._open()

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a run file, whatever state it is in. `find_run` turns words into a path.

        Raises:
            StoreError: no such file, not a run file, of a newer format, or cut short.
        """
        return cls(Path(path))

    def refresh(self) -> None:
        """Look again at a file that grows."""
        self.close()
        self._open()

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.__dict__.pop("_summary", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- what is in it ------------------------------------------------------------------------

    def stream(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Committed rows `start` to `stop` of a stream, shape (n, *row shape).

        Raises:
            StoreError: no such stream, or its rows cannot be read.
        """
        if name not in self.streams:
            raise StoreError(
                f"run file {self.path} has no stream {name!r}; {nearest(name, self.streams)}"
            )
        first, last, _ = slice(start, stop).indices(self.committed[name])
        with self._in_words():
            return cast(NDArray[Any], self._file[f"{schema.DATA}/{name}"][first : max(first, last)])

    def log(self) -> list[LogLine]:
        """Everything that was said, in order."""
        with self._in_words():
            return from_records(self._file[schema.LOG][:])

    def checkpoint(self) -> dict[str, StateValue] | None:
        """The newest whole checkpoint; None if none was ever completed."""
        with self._in_words():
            found = slots.read(self._file)
        return None if found is None else codec.decode(found[0])

    def checkpoint_rows(self) -> dict[str, int]:
        """Rows per stream that belong to the newest checkpoint; later ones come again."""
        with self._in_words():
            found = slots.read(self._file)
        return {} if found is None else found[1]

    @property
    def results(self) -> dict[str, Any]:
        """Results of the protocol; empty before the end, and if there were none."""
        return dict(self._summary.get("results") or {})

    # -- how it ended -------------------------------------------------------------------------

    @property
    def status(self) -> schema.Status:
        """How the run ended; `running` if its process lives, `died` if it does not.

        A run on another computer counts as running until its file is closed: see `status_text`.
        """
        if self._state != "running":
            return self._state
        # A file closed without an ending has lost its writer, on whatever computer it was.
        if not self._has_writer or self._writer.alive() is False:
            return "died"
        return "running"

    @property
    def status_text(self) -> str:
        """The status in words, with what cannot be known from here."""
        status = self.status
        if status == "running" and self._writer.alive() is None:
            age_s = max(0.0, time.time() - self.committed_unix_s)
            return (
                f"running on {self._writer.host}, which cannot be asked from here; "
                f"last sign of life {age_s:.0f} s ago"
            )
        if status == "died":
            rows = ", ".join(f"{count} of {name}" for name, count in self.committed.items())
            return f"died; rows kept: {rows or 'none'}"
        return f"{status}: {self.error}" if self.error else status

    @property
    def error(self) -> str | None:
        """Why it did not finish, in words; None if it did, or does not know."""
        return cast(str | None, self._summary.get("error"))

    @property
    def ended(self) -> datetime | None:
        """When it ended, UTC; None before, and if it died."""
        text = self._summary.get("ended")
        return datetime.fromisoformat(text) if text else None

    @property
    def wall_time_s(self) -> float | None:
        """Duration on the wall clock, s; None before the end, and if it died."""
        return cast(float | None, self._summary.get("wall_time_s"))

    # -- the file -----------------------------------------------------------------------------

    def _open(self) -> None:
        block = Superblock.of(self.path)
        self._has_writer = block.has_writer
        with self._in_words():
            self._file = h5py.File(self.path, "r", swmr=block.has_writer)
        try:
            self._check_format()
            with self._in_words():
                self.header = self._read_header()
                self.streams = self._read_streams()
                self._writer = ProcessMark.from_text(self._file[schema.STATUS].attrs["writer"])
                self._read_status()
        except BaseException:
            self.close()
            raise

    def _check_format(self) -> None:
        attributes = self._file.attrs
        if attributes.get("format") != schema.FORMAT:
            raise StoreError(f"{self.path} is an HDF5 file, but not a run file of mtjlab")
        version = int(attributes["format_version"])
        if version > schema.FORMAT_VERSION:
            raise StoreError(
                f"run file {self.path} has format {version}; this mtjlab reads up to "
                f"{schema.FORMAT_VERSION}. Install a newer mtjlab to read it"
            )

    def _read_header(self) -> schema.RunHeader:
        fields = dict(self._file[schema.HEADER].attrs)
        for name in JSON_ATTRIBUTES:
            # `uses` came later than the format.
            fields[name] = json.loads(fields.get(name, "{}"))
        fields["seed"] = int(fields["seed"])
        for name in ("twin", "allow_raw"):
            fields[name] = bool(fields.get(name, False))
        fields["started"] = datetime.fromisoformat(fields["started"])
        return schema.RunHeader(**fields)

    def _read_streams(self) -> Mapping[str, Stream]:
        return {
            name: Stream(
                name,
                dataset.dtype.str,
                dataset.shape[1:],
                dataset.attrs["unit"],
                dataset.attrs["about"],
            )
            for name, dataset in self._file[schema.DATA].items()
        }

    def _read_status(self) -> None:
        found = self._file[schema.STATUS][:]
        order = records.newest_first(found)
        # The first record is written when the file is opened for appending: none at all means
        # that the writer died before it could begin.
        newest = found[order[0]] if order else np.zeros(1, found.dtype)[0]
        state = bytes(newest["state"]).decode("ascii") or "running"
        self._state = cast(schema.Status, state)
        self.done, self.total = float(newest["done"]), float(newest["total"])
        self.bench_time_s = float(newest["bench_time_s"])
        self.committed_unix_s = float(newest["unix_s"])
        self.committed = records.counts(newest["committed"])

    @cached_property
    def _summary(self) -> dict[str, Any]:
        with self._in_words():
            text = self._file[schema.SUMMARY][:].tobytes()
        return cast(dict[str, Any], json.loads(text)) if text and self._state != "running" else {}

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            raise StoreError(f"run file {self.path} cannot be read: {error}") from error
