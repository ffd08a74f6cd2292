"""The rows of one stream, growing in the run's thread and read in the window's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import UsageError, nearest
from mtjlab.core.protocol import Stream
from mtjlab.store import columns

# Of one stream; beyond it the oldest half is let go. The run file has all of it.
MOST_BYTES = 64 << 20
_FIRST_ROWS = 256
_LONG_ROW_BYTES = 1024


class Table:
    """Rows of a stream. One thread appends, any other reads.

    Attributes:
        stream: as declared.
        columns: names of the values of one flattened row.
        version: grows with every change.
        first: index of the first row that is still kept.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.columns = tuple(columns(stream))
        self.version = 0
        self.first = 0
        self._row_bytes = max(1, np.dtype(stream.dtype).itemsize * int(np.prod(stream.shape)))
        # Swapped as one, so that a reader never sees the one without the other.
        self._now: tuple[NDArray[Any], int] = (np.empty((0, *stream.shape), stream.dtype), 0)

    def append(self, rows: NDArray[Any]) -> None:
        """The next (n, *row shape) rows; for the thread of the run."""
        buffer, count = self._now
        end = count + len(rows)
        if end > len(buffer):
            buffer, count = self._roomier(buffer, count, len(rows))
            end = count + len(rows)
        buffer[count:end] = rows
        self._now = buffer, end
        self.version += 1

    def _roomier(self, buffer: NDArray[Any], count: int, more: int) -> tuple[NDArray[Any], int]:
        most = max(2, MOST_BYTES // self._row_bytes)
        kept = count if count + more <= most else min(count, most // 2)
        self.first += count - kept
        few = _FIRST_ROWS if self._row_bytes < _LONG_ROW_BYTES else 2
        room = max(min(most, 2 * (kept + more)), kept + more, min(most, few))
        # A new array: views that somebody still reads keep the old one.
        grown = np.empty((room, *buffer.shape[1:]), buffer.dtype)
        grown[:kept] = buffer[count - kept : count]
        return grown, kept

    @property
    def rows(self) -> NDArray[Any]:
        """All rows kept, shape (n, *row shape); read-only."""
        buffer, count = self._now
        view = buffer[:count]
        view.flags.writeable = False
        return view

    def __len__(self) -> int:
        return self._now[1]

    def column(self, name: str) -> NDArray[Any]:
        """One value of each row, shape (n,).

        Raises:
            UsageError: no such column.
        """
        if name not in self.columns:
            raise UsageError(
                f"stream {self.stream.name} has no column {name!r}; {nearest(name, self.columns)}"
            )
        rows = self.rows
        found: NDArray[Any] = rows.reshape(len(rows), len(self.columns))[
            :, self.columns.index(name)
        ]
        return found
