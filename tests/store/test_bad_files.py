"""Files that are not what a reader hopes for."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunReader, RunWriter
from mtjlab.store.superblock import Superblock

MakeHeader = Callable[..., RunHeader]


@pytest.fixture
def finished(tmp_path: Path, make_header: MakeHeader) -> Path:
    writer = RunWriter.create(tmp_path, make_header(), [Stream("a", "f8", (100,), "V")])
    writer.append("a", np.ones((2000, 100)))
    writer.commit(done=1, total=1, bench_time_s=0.0)
    writer.finish("finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
    return writer.path


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        RunReader.open(tmp_path / "none.h5")


@pytest.mark.parametrize("content", [b"", b"hello", b"step,loss\n1,2\n" * 100])
def test_not_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a run file"):
        RunReader.open(path)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_hdf5_of_somebody_else(tmp_path: Path, libver: str) -> None:
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        file["a"] = 1
    with pytest.raises(StoreError, match="not a run file of mtjlab"):
        RunReader.open(tmp_path / "x.h5")


def test_a_newer_format_is_refused_with_what_to_do(finished: Path) -> None:
    with h5py.File(finished, "r+") as file:
        file.attrs["format_version"] = 99
    with pytest.raises(StoreError, match=r"has format 99.*reads up to 1.*newer mtjlab"):
        RunReader.open(finished)


@pytest.mark.parametrize("share", [0.99, 0.5, 0.01, 0.00001])
def test_a_file_cut_short_is_refused_at_once(finished: Path, share: float) -> None:
    whole = finished.read_bytes()
    finished.write_bytes(whole[: max(20, int(len(whole) * share))])
    with pytest.raises(StoreError, match="is cut short"):
        RunReader.open(finished)


def test_a_file_of_a_dead_writer_cut_short_is_refused_too(
    tmp_path: Path, make_header: MakeHeader
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), [Stream("a", "f8", (100,), "V")])
    writer.append("a", np.ones((2000, 100)))
    writer.commit(done=1, total=1, bench_time_s=0.0)
    writer.flush()
    copy = tmp_path / "copy.h5"
    copy.write_bytes(writer.path.read_bytes())
    with RunReader.open(copy) as run:
        assert len(run.stream("a")) == 2000
    os.truncate(copy, Superblock.of(copy).end_bytes - 1)
    with pytest.raises(StoreError, match="is cut short"):
        RunReader.open(copy)
    writer.discard()


def test_a_missing_stream_names_those_that_are_there(finished: Path) -> None:
    with (
        RunReader.open(finished) as run,
        pytest.raises(StoreError, match="no stream 'b'; known: a"),
    ):
        run.stream("b")


def test_a_file_without_its_structure_is_a_sentence(finished: Path) -> None:
    with h5py.File(finished, "r+") as file:
        del file["status"]
    with pytest.raises(StoreError, match="cannot be read"):
        RunReader.open(finished)
