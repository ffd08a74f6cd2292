"""One HDF5 dataset of a recording: a run file's traces, or anybody's."""

import json
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.store import schema
from mtjlab.store.traces_metadata import stated_interval_s

USUAL_NAMES = ("V", "trace", "voltage", "data/V", "data/trace", "data/voltage")

_NAME = re.compile(r"(?P<dataset>.*?)(?:\[(?P<row>\d+)\])?\Z")


def is_run_file(path: Path) -> bool:
    """Whether mtjlab wrote this file as the record of a run; False where it cannot be opened."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return bool(file.attrs.get("format") == schema.FORMAT)
    except OSError:
        # A run file that is still growing, or whose process died, opens as one of those only.
        return True


class Hdf5Chunk:
    """A dataset of shape (n,), or a row of one of shape (traces, n); cut at the first nan of a row.

    Args:
        path: of the file.
        name: dataset, perhaps with a row as in `data/trace[3]`; empty takes one of `USUAL_NAMES`
            or the only dataset of floats.

    Attributes:
        samples: of the trace.
        interval_s: from attributes of dataset or file, or the results of a run, s; None without.
        kind: type of the numbers, in words.

    Raises:
        DataError: not HDF5, no such dataset or row, or not floats.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        try:
            self._file: Any = h5py.File(path, "r")
        except OSError as error:
            raise DataError(f"{path} cannot be read as HDF5: {error}") from error
        try:
            match = _NAME.match(name)
            assert match is not None
            self._dataset = self._find(match["dataset"])
            self._row = self._find_row(match["row"])
            self.samples = self._length()
            self.interval_s = self._interval_s()
        except BaseException:
            self.close()
            raise
        self.kind = f"a dataset of {self._dataset.dtype}"

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V."""
        try:
            volts: NDArray[np.floating] = (
                self._dataset[start : start + count]
                if self._row is None
                else self._dataset[self._row, start : start + count]
            )
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error}") from error
        return volts

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _find(self, name: str) -> Any:
        floats: list[str] = []

        def note(path: str, item: object) -> None:
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and item.ndim in (1, 2):
                floats.append(path)

        self._file.visititems(note)
        if name:
            if name.strip("/") not in floats:
                raise DataError(
                    f"{self.path} has no dataset of floats {name!r}; "
                    f"it has {', '.join(floats) or 'none'}"
                )
            return self._file[name]
        usual = [found for found in USUAL_NAMES if found in floats]
        if usual or len(floats) == 1:
            return self._file[(usual or floats)[0]]
        raise DataError(
            f"{self.path} has {len(floats)} datasets of floats"
            + (f": {', '.join(floats)}; name one, as in {self.path}::{floats[0]}" if floats else "")
        )

    def _find_row(self, row: str | None) -> int | None:
        where = f"{self.path}::{self._dataset.name.strip('/')}"
        if self._dataset.ndim == 1:
            if row is not None:
                raise DataError(f"{where} is one trace, without rows; leave [{row}] out")
            return None
        rows = int(self._dataset.shape[0])
        if row is None and rows != 1:
            raise DataError(f"{where} holds {rows} traces; name one, as in {where}[0]")
        if int(row or 0) >= rows:
            raise DataError(f"{where} holds {rows} traces; there is no row {row}")
        return int(row or 0)

    def _length(self) -> int:
        """A row of a run file is filled up with nan."""
        whole = int(self._dataset.shape[-1])
        if self._row is None:
            return whole
        low, high = 0, whole
        while low < high:
            middle = (low + high) // 2
            if np.isnan(self._dataset[self._row, middle]):
                high = middle
            else:
                low = middle + 1
        return low

    def _interval_s(self) -> float | None:
        for holder in (self._dataset, self._dataset.parent, self._file):
            found = stated_interval_s(dict(holder.attrs), str(self.path))
            if found is not None:
                return found
        if self._file.attrs.get("format") != schema.FORMAT:
            return None
        summary = json.loads(self._file[schema.SUMMARY][:].tobytes() or b"{}")
        results = summary.get("results") or {}
        stream = self._dataset.name.rpartition("/")[2]
        known = {k: v for k, v in results.items() if k == f"{stream}_interval_s" and v}
        return stated_interval_s(known, str(self.path))
