"""Rows come out of a run as other programs know them, the same numbers in every format."""

import builtins
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunReader, RunWriter, export, to_pandas, to_xarray

TABLE = np.array([[0.0, 1.5], [1.0, np.nan], [2.0, -3.25]])
WEIGHTS = np.arange(12, dtype="f4").reshape(2, 2, 3)


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    header = RunHeader(
        run_id="ab" * 16,
        protocol="iv_sweep",
        bench="twin",
        twin=True,
        seed=1,
        bench_toml="",
        bench_overrides={},
        parameters={"bias_v": 0.1, "cells": [[0, 1]], "name": "x"},
        versions={},
        revision="",
        host="here",
        started=datetime(2026, 3, 9, tzinfo=UTC),
    )
    streams = [
        Stream("iv", "f8", (2,), "", "voltage_v,current_a"),
        Stream("weights", "f4", (2, 3), "", "rows: first, last"),
        Stream("count", "i4", (), "", ""),
    ]
    writer = RunWriter.create(tmp_path / "runs", header, streams)
    writer.append("iv", TABLE)
    writer.append("weights", WEIGHTS)
    writer.append("count", np.arange(3, dtype="i4"))
    writer.commit(done=1, total=1, bench_time_s=1.0)
    results = {"r_ohm": 5e3, "ok": True, "none": None}
    writer.finish("finished", error=None, results=results, bench_time_s=1.0, wall_time_s=1.0)
    return RunReader.open(writer.path)


def test_pandas_has_the_columns_of_the_table(run: RunReader) -> None:
    frame = to_pandas(run, "iv")
    assert list(frame.columns) == ["voltage_v", "current_a"]
    assert np.array_equal(frame.to_numpy(), TABLE, equal_nan=True)
    assert list(to_pandas(run, "weights").columns)[:2] == ["weights_0_0", "weights_0_1"]
    assert to_pandas(run, "count")["count"].tolist() == [0, 1, 2]


def test_xarray_has_every_stream_and_what_is_known_of_the_run(run: RunReader) -> None:
    dataset = to_xarray(run)
    assert dataset["iv"].sel(iv_column="current_a").values[0] == 1.5
    assert dataset["weights"].dims == ("weights_index", "weights_axis0", "weights_axis1")
    assert dataset.attrs["result_r_ohm"] == 5e3
    assert dataset.attrs["parameter_bias_v"] == "0.1"
    assert dataset.attrs["status"] == "finished"


def test_all_formats_have_the_same_numbers(run: RunReader, tmp_path: Path) -> None:
    csv = export(run, tmp_path / "csv", "csv")
    assert [path.name for path in csv] == ["iv.csv", "weights.csv", "count.csv"]
    read = pd.read_csv(csv[0])
    assert np.array_equal(read[["voltage_v", "current_a"]].to_numpy(), TABLE, equal_nan=True)
    parquet = export(run, tmp_path / "parquet", "parquet", streams=["weights"])
    assert np.array_equal(pd.read_parquet(parquet[0]).to_numpy().reshape(2, 2, 3), WEIGHTS)
    (netcdf,) = export(run, tmp_path / "run.nc", "netcdf")
    with xr.open_dataset(netcdf, engine="h5netcdf") as dataset:
        assert np.array_equal(dataset["weights"].values, WEIGHTS)
        assert dataset["iv"].attrs["long_name"] == "voltage_v,current_a"


def test_nothing_is_overwritten_and_no_stream_is_guessed(run: RunReader, tmp_path: Path) -> None:
    export(run, tmp_path / "csv", "csv")
    with pytest.raises(StoreError, match="exists already"):
        export(run, tmp_path / "csv", "csv")
    with pytest.raises(StoreError, match="no stream 'ivv'"):
        export(run, tmp_path / "other", "csv", streams=["ivv"])
    assert not (tmp_path / "other").exists()
    with pytest.raises(UsageError, match="whole run"):
        export(run, tmp_path / "run.nc", "netcdf", streams=["iv"])


def test_a_missing_package_is_named_with_its_extra(
    run: RunReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("mtjlab.store.frames.importlib.import_module", without)
    assert builtins.__import__
    with pytest.raises(UsageError, match=r"pandas is not installed.*mtjlab\[export\]"):
        to_pandas(run, "iv")
