"""A run in other people's formats: CSV, parquet, netCDF. In pieces where the format allows it."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.store.frames import columns, flat, needed, to_xarray
from mtjlab.store.reader import RunReader

Format = Literal["csv", "parquet", "netcdf"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "netcdf")
PIECE_BYTES = 8 * 1024 * 1024


def export(
    run: RunReader, out: Path, form: Format, *, streams: Sequence[str] | None = None
) -> list[Path]:
    """Write a run; never overwrites.

    CSV and parquet: one file a stream, `out/STREAM.csv`; what cannot be a column (two or more
    axes a row) is flattened, as `frames.columns` names it. netCDF: the one file `out`.

    Args:
        run: open.
        out: folder for CSV and parquet, file for netCDF.
        form: see above.
        streams: None for all.

    Raises:
        StoreError: no such stream, or something cannot be written or would be overwritten.
        UsageError: a package of the extra `export` is missing, or netCDF of some streams only.
    """
    names = list(run.streams) if streams is None else list(streams)
    for name in names:
        run.stream(name, 0, 0)
    if form == "netcdf":
        if streams is not None:
            raise UsageError("netCDF takes the whole run; leave --stream out")
        _free(out)
        needed("h5netcdf")
        with _in_words(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            to_xarray(run).to_netcdf(out, engine="h5netcdf")
        return [out]
    write = _csv if form == "csv" else _parquet
    paths = [out / f"{name}.{form}" for name in names]
    for path in paths:
        _free(path)
    with _in_words(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, path in zip(names, paths, strict=True):
            write(run, name, path)
    return paths


def _csv(run: RunReader, name: str, path: Path) -> None:
    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns(run.streams[name]))
        for rows in _pieces(run, name):
            writer.writerows(flat(rows).tolist())


def _parquet(run: RunReader, name: str, path: Path) -> None:
    arrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    stream = run.streams[name]
    names, kind = columns(stream), np.dtype(stream.dtype)
    about = {b"unit": stream.unit.encode(), b"about": stream.about.encode()}
    fields = [arrow.field(column, arrow.from_numpy_dtype(kind)) for column in names]
    schema = arrow.schema(fields, metadata=about)
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in _pieces(run, name):
            table = flat(rows)
            values = [np.ascontiguousarray(table[:, i]) for i in range(len(names))]
            writer.write_table(arrow.table(values, schema=schema))


def _pieces(run: RunReader, name: str) -> Iterator[NDArray[Any]]:
    stream = run.streams[name]
    row_bytes = int(np.prod(stream.shape)) * np.dtype(stream.dtype).itemsize
    piece = max(1, PIECE_BYTES // max(1, row_bytes))
    for start in range(0, run.committed[name], piece):
        yield run.stream(name, start, start + piece)


def _free(path: Path) -> None:
    if path.exists():
        raise StoreError(f"{path} exists already; nothing was written. Choose another with --out")


@contextmanager
def _in_words(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"export to {out} failed: {error}") from error
