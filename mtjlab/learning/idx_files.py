"""Images and labels in IDX files, the format of MNIST and its kin, gzipped or not.

    4 bytes   0, 0, type of the numbers (8: unsigned byte), number of dimensions
    4 bytes   each dimension, unsigned, the highest byte first
    ...       the numbers

Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
"""

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.task_bytes import read_bytes

_UNSIGNED_BYTE = 8
_IMAGES = re.compile(r"(?P<stem>.*)images?[-._]idx\d-ubyte(\.gz)?\Z", re.IGNORECASE)


class Pair(NamedTuple):
    """Files that belong together, and what they are called before `images` and `labels`."""

    stem: str
    images: Path
    labels: Path


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of one file, read-only.

    Raises:
        DataError: not an IDX file of unsigned bytes, cut short or too long.
    """
    raw = read_bytes(path)
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[3] == 0:
        raise DataError(
            f"{path} is not an IDX file: it begins with {raw[:4].hex(' ') or 'nothing'}, expected "
            "00 00 08 and the number of dimensions"
        )
    if raw[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"{path}: numbers of type 0x{raw[2]:02x}; only unsigned bytes (0x08) are read"
        )
    begin = 4 + 4 * raw[3]
    if len(raw) < begin:
        raise DataError(
            f"{path} is cut short: it ends within its dimensions, after {len(raw)} bytes"
        )
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=raw[3], offset=4))
    expected = begin + math.prod(shape)
    if len(raw) != expected:
        what = "cut short" if len(raw) < expected else "too long"
        size = " x ".join(map(str, shape))
        raise DataError(
            f"{path} is {what}: {size} bytes and the head are {expected}, the file has {len(raw)}"
        )
    return np.frombuffer(raw, np.uint8, offset=begin).reshape(shape)


def find_pairs(where: Path) -> list[Pair]:
    """All pairs of images and labels in a folder, or whose names begin as `where` says.

    Raises:
        DataError: no such folder, no images in it, or images without labels.
    """
    folder, prefix = (where, "") if where.is_dir() else (where.parent, where.name)
    if not folder.is_dir():
        raise DataError(f"no folder {folder} with IDX files")
    found: dict[str, Path] = {}
    # A file that is there unpacked as well is taken so: "x" is sorted before "x.gz".
    for file in sorted(folder.iterdir()):
        match = _IMAGES.match(file.name)
        if match and file.name.startswith(prefix):
            found.setdefault(match["stem"], file)
    if not found:
        named = f" whose names begin with {prefix!r}" if prefix else ""
        raise DataError(
            f"folder {folder} has no IDX images{named}; expected files such as "
            "train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not"
        )
    return [Pair(stem, images, _labels_of(images)) for stem, images in found.items()]


def read_pair(pair: Pair) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (n, ...) and labels (n,) of a pair.

    Raises:
        DataError: see `read_idx`; or they do not fit each other.
    """
    images, labels = read_idx(pair.images), read_idx(pair.labels)
    if images.ndim < 2 or labels.ndim != 1:
        raise DataError(
            f"{pair.images.name} has {images.ndim} dimensions and {pair.labels.name} "
            f"{labels.ndim}; expected images in 3 and labels in 1"
        )
    if len(images) != len(labels):
        raise DataError(
            f"{pair.images} has {len(images)} images, but {pair.labels.name} {len(labels)} labels; "
            "they do not belong together"
        )
    return images, labels


def _labels_of(images: Path) -> Path:
    plain = images.name.removesuffix(".gz")
    name = re.sub(r"images?([-._])idx\d", r"labels\1idx1", plain, flags=re.IGNORECASE)
    for candidate in (images.with_name(name), images.with_name(name + ".gz")):
        if candidate.is_file():
            return candidate
    raise DataError(f"{images} has no labels beside it; expected {name} or {name}.gz")
