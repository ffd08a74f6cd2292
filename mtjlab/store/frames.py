"""Rows of a run as pandas and xarray hold them; both come with the extra `export`."""

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import UsageError
from mtjlab.core.protocol import Stream
from mtjlab.store.reader import RunReader

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def columns(stream: Stream) -> list[str]:
    """Names of the values of one row, flattened: from `about` where it lists them.

    `about` of a table names its columns, separated by commas; else they are numbered, as in
    `trace_0` or `weights_0_1_3`.
    """
    if not stream.shape:
        return [stream.name]
    named = [name.strip() for name in stream.about.split(",")]
    if stream.shape == (len(named),) and len(set(named)) == len(named) and all(named):
        return named
    return [
        "_".join((stream.name, *(str(i) for i in index))) for index in np.ndindex(*stream.shape)
    ]


def to_pandas(run: RunReader, stream: str) -> "pd.DataFrame":
    """One stream, a row each, with `columns`; unit and description in `attrs`.

    Raises:
        StoreError: no such stream; UsageError: pandas is not installed.
    """
    pandas = needed("pandas")
    rows = run.stream(stream)
    declared = run.streams[stream]
    frame = pandas.DataFrame(rows.reshape(len(rows), -1), columns=columns(declared))
    frame.index.name = "index"
    frame.attrs.update(unit=declared.unit, about=declared.about)
    return frame


def to_xarray(run: RunReader) -> "xr.Dataset":
    """All streams of a run; what is known of the run is in `attrs`.

    A stream is a variable with the dimension `STREAM_index` and one for each axis of its rows;
    that of a table has the names of its columns as coordinate.

    Raises:
        UsageError: xarray is not installed.
    """
    xarray = needed("xarray")
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for name, stream in run.streams.items():
        dims = [f"{name}_index"]
        named = columns(stream)
        for axis in range(len(stream.shape)):
            dims.append(f"{name}_{'column' if len(stream.shape) == 1 else f'axis{axis}'}")
        if len(stream.shape) == 1 and not named[0].startswith(f"{name}_"):
            coordinates[dims[1]] = named
        about = {"units": stream.unit, "long_name": stream.about}
        variables[name] = (dims, run.stream(name), about)
    dataset: xr.Dataset = xarray.Dataset(variables, coordinates, attributes(run))
    return dataset


def attributes(run: RunReader) -> dict[str, Any]:
    """What is known of the run, as plain numbers and text."""
    header = run.header
    told: dict[str, Any] = {
        "run_id": header.run_id,
        "protocol": header.protocol,
        "bench": header.bench,
        "chip": header.chip,
        "twin": int(header.twin),
        "seed": str(header.seed),
        "started": header.started.isoformat(),
        "status": run.status,
    }
    for name, value in run.results.items():
        if isinstance(value, bool | int | float | str):
            told[f"result_{name}"] = int(value) if isinstance(value, bool) else value
    for name, value in header.parameters.items():
        told[f"parameter_{name}"] = str(value) if isinstance(value, str) else repr(value)
    return told


def needed(package: str) -> Any:
    """A package of the extra `export`.

    Raises:
        UsageError: it is not installed, with what to type.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise UsageError(
            f"{package} is not installed; it comes with `pip install 'mtjlab[export]'`"
        ) from error


def flat(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of any shape as a table, (n, values)."""
    return rows.reshape(len(rows), -1)
