"""Makes the run file: everything that will ever be in it first, then appending only.

HDF5's single-writer-multiple-reader mode (SWMR) lets others read while rows are appended, and
leaves a readable file when the writer is killed. It allows no new objects, so all are made
before. The file has its final name only once it is complete up to here.
"""

import os
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5f, h5p

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import schema
from mtjlab.store.folder import claim_number
from mtjlab.store.json_text import to_json
from mtjlab.store.process_mark import ProcessMark

JSON_ATTRIBUTES = ("bench_overrides", "parameters", "versions", "uses")


def create_file(runs_dir: Path, header: schema.RunHeader, streams: Sequence[Stream]) -> Path:
    """A new run file with all its structure, closed; never overwrites.

    Returns:
        `runs_dir/YYYY-MM-DD/NNN-protocol-shortid.h5`, day in UTC.

    Raises:
        StoreError: the folder cannot be written, or the header cannot be stored.
    """
    schema.check_streams(streams)
    day = runs_dir / f"{header.started.astimezone(UTC):%Y-%m-%d}"
    part: Path | None = None
    try:
        day.mkdir(parents=True, exist_ok=True)
        number, part = claim_number(day)
        with h5py.File(part, "w", libver="latest") as file:
            _describe(file, header)
            _make_streams(file, streams)
            _make_bookkeeping(file, [stream.name for stream in streams])
            file.flush()
            os.fsync(file.id.get_vfd_handle())
        words = [_word(header.protocol), _word(header.run_id[:8])]
        path = day / "-".join([f"{number:03d}", *words])
        path = path.with_name(path.name + ".h5")
        part.rename(path)
        _sync_folder(day)
    except BaseException as error:
        if part is not None:
            part.unlink(missing_ok=True)
        if isinstance(error, OSError | RuntimeError | ValueError | TypeError):
            raise StoreError(
                f"no run file can be made in {day}: {error}. Nothing was measured; "
                "check the folder and its disk, or choose another with --out or MTJLAB_RUNS"
            ) from error
        raise
    return path


def open_for_appending(path: Path) -> Any:
    """The file of `create_file` as an `h5py.File` in SWMR mode.

    Opened with the flag instead of switched later: between the two a killed process would leave
    a file that nothing opens.
    """
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5f.LIBVER_LATEST, h5f.LIBVER_LATEST)
    mode = h5f.ACC_RDWR | h5f.ACC_SWMR_WRITE
    return h5py.File(h5f.open(os.fsencode(path), mode, access))


def _describe(file: Any, header: schema.RunHeader) -> None:
    # At most eight root attributes: more would move to a structure that cannot be changed safely
    # while others read, and the last two change at the end of the run.
    file.attrs["format"] = schema.FORMAT
    file.attrs["format_version"] = schema.FORMAT_VERSION
    file.attrs["run_id"] = header.run_id
    file.attrs["protocol"] = header.protocol
    file.attrs.create("status", np.bytes_("running"), dtype="S10")
    file.attrs["complete"] = False
    attributes = file.create_group(schema.HEADER).attrs
    for name, value in vars(header).items():
        if name in JSON_ATTRIBUTES:
            attributes[name] = to_json(value, what=name)
        elif name == "started":
            attributes[name] = value.astimezone(UTC).isoformat()
        elif name == "seed" and not -(2**63) <= value < 2**63:
            attributes[name] = str(value)
        else:
            attributes[name] = value


def _make_streams(file: Any, streams: Sequence[Stream]) -> None:
    group = file.create_group(schema.DATA, track_order=True)
    for stream in streams:
        dtype = np.dtype(stream.dtype)
        dataset = group.create_dataset(
            stream.name,
            shape=(0, *stream.shape),
            maxshape=(None, *stream.shape),
            chunks=schema.chunk_shape(dtype, stream.shape),
            dtype=dtype,
        )
        dataset.attrs["unit"] = stream.unit
        dataset.attrs["about"] = stream.about


def _make_bookkeeping(file: Any, names: Sequence[str]) -> None:
    status = file.create_dataset(schema.STATUS, shape=(2,), dtype=schema.status_type(names))
    status.attrs["writer"] = ProcessMark.here().to_text()
    status.attrs["about"] = "the record with the higher sequence counts"
    _growing(file, schema.LOG, schema.LOG_RECORD, chunk=256)
    _growing(file, schema.SUMMARY, np.dtype("u1"), chunk=4096)
    for slot in schema.SLOTS:
        _growing(file, slot, np.dtype("u1"), chunk=schema.SLOT_CHUNK_BYTES)
    file.create_dataset(schema.SLOT_RECORDS, shape=(2,), dtype=schema.slot_type(names))


def _growing(file: Any, name: str, dtype: np.dtype[Any], *, chunk: int) -> None:
    file.create_dataset(name, shape=(0,), maxshape=(None,), chunks=(chunk,), dtype=dtype)


def _word(text: str) -> str:
    """Text that is one word of a file name on every system."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a loss of power; only POSIX lets a folder be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
