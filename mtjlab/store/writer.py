"""Writes one run file: rows are buffered, count once committed, and are never overwritten."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from mtjlab.core.errors import StoreError, nearest
from mtjlab.core.protocol import StateValue, Stream
from mtjlab.store import codec, schema
from mtjlab.store.appender import Appender
from mtjlab.store.json_text import to_json
from mtjlab.store.log_lines import LogLine, to_records
from mtjlab.store.structure import create_file

FLUSH_EVERY_S = 0.05
FLUSH_BYTES = 8 * 1024 * 1024


class RunWriter:
    """The one writer of a run file; use it from one thread.

    `append` collects rows, `commit` makes them part of the run. Committed rows reach the file at
    once, unless the last flush was less than 50 ms ago: then with the next call, or with
    `flush`. A process that is killed loses what was not flushed; a loss of power, what came after
    the last checkpoint.

    Every method raises `StoreError` when the disk is full or gone, saying what was kept; after
    that only `finish` and `discard` are of use. `log` never raises: whoever makes the bench safe
    must not be stopped by a full disk.

    Attributes:
        path: of the run file.
    """

    def __init__(
        self,
        path: Path,
        streams: Sequence[Stream],
        *,
        monotonic_s: Callable[[], float],
        unix_s: Callable[[], float],
    ) -> None:
        """Open a file that `create` has made."""
        self.path = path
        self._monotonic_s = monotonic_s
        self._unix_s = unix_s
        self._streams = {stream.name: stream for stream in streams}
        self._pending: dict[str, list[NDArray[Any]]] = {name: [] for name in self._streams}
        self._waiting: dict[str, list[NDArray[Any]]] = {name: [] for name in self._streams}
        self._waiting_log: list[NDArray[Any]] = []
        self._waiting_bytes = 0
        self._on_disk = dict.fromkeys(self._streams, 0)
        self._progress = (0.0, 0.0, 0.0)
        self._failure: str | None = None
        self._flushed_s = monotonic_s()
        self._file: Appender | None = None
        with self._in_words("opened for appending"):
            self._file = Appender(path)
            self._file.reserve(0)
            self._flush(self._file)

    @classmethod
    def create(
        cls,
        runs_dir: Path,
        header: schema.RunHeader,
        streams: Sequence[Stream],
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        unix_s: Callable[[], float] = time.time,
    ) -> Self:
        """Make `runs_dir/YYYY-MM-DD/NNN-protocol-shortid.h5`, NNN the next free number.

        Args:
            runs_dir: made if it does not exist.
            header: stored as it is.
            streams: all that will ever be appended.
            monotonic_s: wall clock that paces flushes, s.
            unix_s: wall clock for time stamps, s since 1970 UTC.

        Raises:
            StoreError: not writable, no space, or a stream that cannot be stored.
        """
        path = create_file(runs_dir, header, streams)
        try:
            return cls(path, streams, monotonic_s=monotonic_s, unix_s=unix_s)
        except StoreError:
            path.unlink(missing_ok=True)
            raise

    def append(self, stream: str, rows: NDArray[Any]) -> None:
        """Collect rows of shape (n, *row shape) until `commit`. The array is copied.

        Raises:
            StoreError: not declared, another shape, or a type that would lose its meaning.
        """
        self._require_open()
        declared = self._streams.get(stream)
        if declared is None:
            raise StoreError(f"stream {stream!r} is not declared; {nearest(stream, self._streams)}")
        if rows.ndim == 0 or rows.shape[1:] != declared.shape:
            raise StoreError(
                f"stream {stream!r}: rows of shape {rows.shape}; expected (n, "
                f"{', '.join(map(str, declared.shape))})"
            )
        try:
            block = rows.astype(declared.dtype, casting="same_kind", copy=True)
        except TypeError as error:
            raise StoreError(
                f"stream {stream!r}: {rows.dtype} does not fit into {declared.dtype}"
            ) from error
        if len(block):
            self._pending[stream].append(block)

    def commit(self, *, done: float, total: float, bench_time_s: float) -> None:
        """Make the rows appended so far part of the run.

        Args:
            done: progress in the protocol's own unit.
            total: what `done` will be at the end.
            bench_time_s: clock of the bench, s.

        Raises:
            StoreError: disk full or gone; says how many rows were kept.
        """
        self._require_open()
        self._require_healthy()
        self._progress = (done, total, bench_time_s)
        for name, blocks in self._pending.items():
            self._waiting[name] += blocks
            self._waiting_bytes += sum(block.nbytes for block in blocks)
            blocks.clear()
        since_s = self._monotonic_s() - self._flushed_s
        if since_s >= FLUSH_EVERY_S or self._waiting_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Bring everything committed into the file now, such as before a long transaction.

        Raises:
            StoreError: as `commit`.
        """
        self._flush_with_room_for(0)

    def log(self, level: str, text: str, bench_time_s: float) -> None:
        """Keep one sentence; long ones go over several records. Never raises.

        A sentence that cannot be written now is tried again with the next rows. After `finish` or
        `discard` nothing is kept.
        """
        line = LogLine(bench_time_s, self._unix_s(), level, text)
        self._waiting_log.append(to_records(line))
        if self._file is None or self._failure is not None:
            return
        since_s = self._monotonic_s() - self._flushed_s
        if level != "info" or since_s >= FLUSH_EVERY_S:
            try:
                self.flush()
            except StoreError as error:
                # Said again by the next commit, where the run can be ended in good order.
                self._failure = self._failure or str(error)

    def checkpoint(self, blob: Mapping[str, StateValue]) -> None:
        """Store the state from which this run can go on, and sync the disk.

        It belongs to the rows committed so far. Two slots are overwritten in turn, so that one
        whole checkpoint survives whatever happens, and the file does not grow.

        Raises:
            StoreError: as `commit`, or a value that cannot be stored.
        """
        file = self._require_open()
        encoded = codec.encode(blob)
        self._flush_with_room_for(file.checkpoint_growth_bytes(encoded))
        with self._in_words("checkpointed"):
            file.write_checkpoint(encoded, self._on_disk)

    def finish(
        self,
        status: schema.Ending,
        *,
        error: str | None,
        results: Mapping[str, Any],
        bench_time_s: float,
        wall_time_s: float,
    ) -> None:
        """Write how the run ended and close; from now on any HDF5 program opens the file.

        Rows appended since the last commit are dropped. After a failure to write, what can still
        be written is, and the file says how the run ended if that fits.

        Args:
            status: how it ended.
            error: in words, if it did not finish.
            results: of the protocol, JSON-able; a number that is not finite becomes null.
            bench_time_s: duration on the clock of the bench, s.
            wall_time_s: duration on the wall clock, s.

        Raises:
            StoreError: something could not be written; the message says what was kept.
        """
        file = self._require_open()
        summary = {
            "status": status,
            "error": error,
            "ended": datetime.fromtimestamp(self._unix_s(), UTC).isoformat(),
            "bench_time_s": bench_time_s,
            "wall_time_s": wall_time_s,
        }
        unstorable: StoreError | None = None
        try:
            text = to_json(summary | {"results": results}, what="summary")
        except StoreError as found:
            unstorable = found
            text = to_json(summary | {"results": {}}, what="summary")
        self._progress = (*self._progress[:2], bench_time_s)
        with suppress(StoreError):  # kept in self._failure and raised below
            self._flush_with_room_for(len(text))
        failure = self._failure
        if status == "finished" and (failure is not None or unstorable is not None):
            # A file without all its rows or results must not say that all went well.
            status = "failed"
            summary |= {"status": status, "error": failure or str(unstorable)}
            text = to_json(summary | {"results": {}}, what="summary")
        try:
            with self._in_words("closed"):
                self._write_status(file, status)
                self._flush_log(file)
                file.write_ending(status, complete=failure is None, summary=text.encode("utf-8"))
        finally:
            self._close(file)
        if failure is not None:
            raise StoreError(failure)
        if unstorable is not None:
            raise unstorable

    def discard(self) -> None:
        """Close and remove the file: nothing was ever energised, there is nothing to keep."""
        file = self._require_open()
        try:
            self._close(file)
        finally:
            self.path.unlink(missing_ok=True)

    # -- the file -----------------------------------------------------------------------------

    def _flush_with_room_for(self, more_bytes: int) -> None:
        file = self._require_open()
        self._require_healthy()
        with self._in_words("written"):
            file.reserve(self._waiting_bytes + more_bytes)
            self._flush(file)

    def _flush(self, file: Appender) -> None:
        for name, blocks in self._waiting.items():
            if blocks:
                file.extend(f"{schema.DATA}/{name}", self._on_disk[name], blocks)
        self._flush_log(file)
        # First the rows, then the record that counts them.
        file.flush()
        for name, blocks in self._waiting.items():
            self._on_disk[name] += sum(map(len, blocks))
            blocks.clear()
        self._waiting_bytes = 0
        self._write_status(file, "running")
        self._flushed_s = self._monotonic_s()

    def _flush_log(self, file: Appender) -> None:
        if self._waiting_log:
            file.extend(schema.LOG, file.rows(schema.LOG), self._waiting_log)
            self._waiting_log.clear()

    def _write_status(self, file: Appender, state: str) -> None:
        file.write_status(
            state, progress=self._progress, unix_s=self._unix_s(), committed=self._on_disk
        )

    def _close(self, file: Appender) -> None:
        self._file = None
        with self._in_words("closed"):
            file.close()

    # -- failures -----------------------------------------------------------------------------

    def _require_open(self) -> Appender:
        if self._file is None:
            raise StoreError(f"run file {self.path} is closed; nothing more can be written to it")
        return self._file

    def _require_healthy(self) -> None:
        if self._failure is not None:
            raise StoreError(self._failure)

    @contextmanager
    def _in_words(self, done: str) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            kept = ", ".join(f"{count} of {name}" for name, count in self._on_disk.items() if count)
            reason = " ".join(str(error).split())
            self._failure = (
                f"run file {self.path} could not be {done}: {reason}. Kept: "
                f"{f'the rows {kept}' if kept else 'no rows'}. Make room on the disk and check it"
            )
            raise StoreError(self._failure) from error
