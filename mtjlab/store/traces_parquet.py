"""One parquet file of a recording: a column of floats, read in batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.store.traces_metadata import (
    TIME_NAMES,
    interval_of_times,
    plain_name,
    stated_interval_s,
)

USUAL_COLUMN = "V"
BATCH_ROWS = 2**18
_TIMES = 1000


class ParquetChunk:
    """A column of one file; a batch at a time is in memory, whatever the row groups are.

    Reading on from where the last reading ended costs nothing extra; going back begins the row
    group again.

    Args:
        path: of the file.
        column: of the voltage, V; empty takes `V`.

    Attributes:
        samples: rows of the file.
        interval_s: from the metadata or a column of times, s; None if neither is there.
        kind: type of the column, in words.

    Raises:
        ParameterError: pyarrow is not installed.
        DataError: not a parquet file, no such column, or not a column of floats.
    """

    def __init__(self, path: Path, column: str) -> None:
        parquet = _pyarrow_parquet()
        self.path = path
        column = column or USUAL_COLUMN
        try:
            # Mapped, and not buffered in advance: else a row group, which may be the whole file,
            # stays in memory until its end.
            self._file = parquet.ParquetFile(path, memory_map=True, pre_buffer=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read as parquet: {error}") from error
        schema = self._file.schema_arrow
        if column not in schema.names:
            self.close()
            raise DataError(
                f"{path} has no column {column!r}; its columns are {', '.join(schema.names)}"
            )
        field = schema.field(column)
        self.kind = f"column {column!r} of {field.type}"
        if str(field.type) not in ("halffloat", "float", "double"):
            self.close()
            raise DataError(f"{path}: {self.kind}; expected floats, in volts")
        metadata = self._file.metadata
        self.samples: int = metadata.num_rows
        rows = [metadata.row_group(g).num_rows for g in range(metadata.num_row_groups)]
        self._ends = np.cumsum([0, *rows])
        self.interval_s = self._interval_s(field)
        self._column = column
        self._at = 0
        self._left = np.zeros(0, dtype=np.float32)
        self._batches = self._open(range(metadata.num_row_groups), column, BATCH_ROWS)

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V."""
        if start < self._at or (start > self._at and start >= self._group_end(self._at)):
            self._begin_group_of(start)
        parts: list[NDArray[np.floating]] = []
        missing = count
        while missing > 0:
            if not len(self._left):
                self._next_batch()
            skipped = min(max(0, start - self._at), len(self._left))
            taken = self._left[skipped : skipped + missing]
            self._at += skipped + len(taken)
            self._left = self._left[skipped + len(taken) :]
            missing -= len(taken)
            if len(taken):
                parts.append(taken)
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [self._left[:0]])

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _group_end(self, row: int) -> int:
        return int(self._ends[np.searchsorted(self._ends, row, side="right")])

    def _begin_group_of(self, row: int) -> None:
        group = int(np.searchsorted(self._ends, row, side="right")) - 1
        self._at = int(self._ends[group])
        self._left = self._left[:0]
        self._batches = self._open(range(group, len(self._ends) - 1), self._column, BATCH_ROWS)

    def _next_batch(self) -> None:
        try:
            batch = next(self._batches, None)
        except (OSError, ValueError) as error:
            raise DataError(f"{self.path} cannot be read: {error}") from error
        if batch is None:
            raise DataError(f"{self.path} ends at sample {self._at} of {self.samples}")
        column = batch.column(0)
        if column.null_count:
            raise DataError(
                f"{self.path}: {column.null_count} samples after {self._at} are missing (null)"
            )
        self._left = column.to_numpy(zero_copy_only=False)

    def _open(self, groups: range, column: str, rows: int) -> Iterator[Any]:
        batches: Iterator[Any] = self._file.iter_batches(
            rows, row_groups=list(groups), columns=[column], use_threads=False
        )
        return batches

    def _interval_s(self, field: Any) -> float | None:
        for metadata in (field.metadata, self._file.schema_arrow.metadata):
            entries = {_text(k): _text(v) for k, v in (metadata or {}).items()}
            found = stated_interval_s(entries, str(self.path))
            if found is not None:
                return found
        for name in self._file.schema_arrow.names:
            kind = str(self._file.schema_arrow.field(name).type)
            if plain_name(name) in TIME_NAMES and kind in ("float", "double") and self.samples:
                batch = next(self._open(range(1), name, _TIMES))
                return interval_of_times(batch.column(0).to_numpy(), str(self.path))
        return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _pyarrow_parquet() -> Any:
    try:
        # Only those who read parquet need it, and it takes as long to import as all the rest.
        from pyarrow import parquet
    except ImportError as error:
        raise ParameterError(
            "reading parquet needs pyarrow, which is not installed; install the extra "
            "`export`: pip install 'mtjlab[export]'"
        ) from error
    return parquet
