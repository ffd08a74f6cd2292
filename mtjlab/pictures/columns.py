"""The columns of a stream by name, as its `about` attribute lists them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Stream
from mtjlab.store import RunReader

Columns = Mapping[str, NDArray[np.float64]]


def column_names(stream: Stream) -> list[str]:
    """Names of the columns; empty if `about` is not a list of just as many names."""
    names = [name.strip() for name in stream.about.split(",")]
    if len(stream.shape) == 1 and len(names) == stream.shape[0] and all(names):
        return names
    return []


def columns(run: RunReader, name: str) -> Columns:
    """Column name -> values of all committed rows; empty if there is no such table or no row."""
    if name not in run.streams or not run.committed[name]:
        return {}
    rows = run.stream(name).astype(np.float64)
    names = column_names(run.streams[name])
    return {column: rows[:, index] for index, column in enumerate(names)}
