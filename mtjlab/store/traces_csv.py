"""One text file of a recording: a line a sample, read in pieces by an index of its lines.

Lines before the first line of numbers are the head: the last of them names the columns, others
may tell the interval (`Sample Interval,5e-6`, `# rate: 200 kS/s`).
"""

from bisect import bisect_right
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.store.traces_metadata import (
    TIME_NAMES,
    interval_of_times,
    plain_name,
    stated_interval_s,
)

USUAL_COLUMN = "V"

_BLOCK_BYTES = 2**20
_MOST_HEAD_LINES = 200
_TIMES = 1000


class CsvChunk:
    """A column of a text file; separators are comma, semicolon or tabulator.

    Args:
        path: of the file.
        column: of the voltage, V; empty takes `V`, or the only column beside the time.

    Attributes:
        samples: lines of numbers.
        interval_s: from the head or a column of times, s; None if neither is there.
        kind: the column, in words.

    Raises:
        DataError: no lines of numbers, or no such column.
    """

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        try:
            head = self._read_head()
            names = _cells(head[-1], self._separator) if head else []
            self._head_lines = len(head)
            self._column, self._time = self._find_columns(names, column)
            self._offsets, self._lines = self._index()
            self.samples = self._lines[-1]
            # Where the last reading ended: reading on need not count lines again.
            self._next = (0, self._offsets[0])
            self.interval_s = self._interval_s(head)
        except BaseException:
            self.close()
            raise
        self.kind = f"column {self._column + 1} of text"

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V."""
        return self._read_column(self._column, start, count)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _read_head(self) -> list[str]:
        """Lines before the first one of numbers; the file is left at the start of that one."""
        head: list[str] = []
        self._begin = 0
        for raw in islice(self._file, _MOST_HEAD_LINES):
            line = raw.decode("utf-8-sig", "replace").strip()
            self._separator = next((s for s in ",;\t" if s in line), ",")
            if line and all(_is_number(cell) for cell in _cells(line, self._separator)):
                self._width = len(_cells(line, self._separator))
                return head
            self._begin += len(raw)
            head.append(line)
        raise DataError(
            f"{self.path} has no line of numbers among its first {len(head)} lines; a recording "
            "has one sample a line, with a point for the decimals"
        )

    def _find_columns(self, names: list[str], wanted: str) -> tuple[int, int | None]:
        """Index of the voltage and of the time."""
        if len(names) != self._width:
            names = [""] * self._width
        times = [i for i, name in enumerate(names) if plain_name(name) in TIME_NAMES]
        others = [i for i in range(self._width) if i not in times]
        if (wanted or USUAL_COLUMN) in names:
            column = names.index(wanted or USUAL_COLUMN)
        elif len(others) == 1 and not wanted:
            column = others[0]
        else:
            listed = ", ".join(name or "(no name)" for name in names)
            raise DataError(
                f"{self.path} has no column {wanted or USUAL_COLUMN!r}; its columns are {listed}"
            )
        return column, times[0] if times else None

    def _index(self) -> tuple[list[int], list[int]]:
        """Where lines begin, about every MiB: their offset in bytes and their number."""
        offsets, lines = [self._begin], [0]
        self._file.seek(self._begin)
        at, count, last = self._begin, 0, b"\n"
        while block := self._file.read(_BLOCK_BYTES):
            end = block.rfind(b"\n") + 1
            count += block.count(b"\n")
            if end:
                offsets.append(at + end)
                lines.append(count)
            at += len(block)
            last = block[-1:]
        if last != b"\n":
            offsets.append(at)
            lines.append(count + 1)
        return offsets, lines

    def _read_column(self, column: int, start: int, count: int) -> NDArray[np.floating]:
        index = bisect_right(self._lines, start) - 1
        line, offset = max((self._lines[index], self._offsets[index]), self._next_before(start))
        self._file.seek(offset)
        for _ in range(start - line):
            self._file.readline()
        raw = [self._file.readline() for _ in range(count)]
        self._next = (start + count, self._file.tell())
        try:
            volts: NDArray[np.float64] = np.loadtxt(
                (text.decode("utf-8", "replace") for text in raw),
                delimiter=self._separator,
                usecols=column,
                comments=None,
                ndmin=1,
            )
        except ValueError as error:
            raise self._bad_line(raw, column, start) or DataError(
                f"{self.path}: {error}"
            ) from error
        if len(volts) != count:
            raise self._bad_line(raw, column, start) or DataError(f"{self.path}: an empty line")
        return volts

    def _next_before(self, start: int) -> tuple[int, int]:
        return self._next if self._next[0] <= start else (0, self._offsets[0])

    def _bad_line(self, raw: list[bytes], column: int, start: int) -> DataError | None:
        for number, text in enumerate(raw, start=self._head_lines + start + 1):
            cells = _cells(text.decode("utf-8", "replace").strip(), self._separator)
            if column >= len(cells) or not _is_number(cells[column]):
                found = cells[column] if column < len(cells) else text.decode(errors="replace")
                return DataError(
                    f"{self.path}, line {number}: {found.strip()!r} is not a number; "
                    "cut the line out, or repair it"
                )
        return None

    def _interval_s(self, head: list[str]) -> float | None:
        entries: dict[str, object] = {}
        for line in head:
            for separator in (self._separator, ",", "=", ":"):
                name, found, value = line.lstrip("#% ").partition(separator)
                if found:
                    # A value may be followed by its unit, in a cell of its own.
                    entries[name.strip()] = " ".join(_cells(value, separator)[:2]).strip()
                    break
        # A line of column names is none of these: "dt,V" has no number behind the name.
        stated = {k: v for k, v in entries.items() if any(map(str.isdigit, str(v)))}
        found_s = stated_interval_s(stated, str(self.path))
        if found_s is not None or self._time is None:
            return found_s
        times = self._read_column(self._time, 0, min(_TIMES, self.samples))
        self._next = (0, self._offsets[0])
        return interval_of_times(times, str(self.path))


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip(" \"'") for cell in line.lstrip("#% ").split(separator)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
