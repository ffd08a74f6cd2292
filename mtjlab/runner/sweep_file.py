"""A sweep: one protocol on one twin, many times, with parameters from a grid or drawn at random.

[sweep]
protocol = "noise_learning"
bench = "twin"
seeds = 3

[parameters]
task = "iris"

[grid]
rule = ["noise_based", "spsa"]

[random]
learning_rate = {low = 1e-3, high = 1e-1, log = true}
"""

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from pydantic import Field

from mtjlab.bench.file import LoadedBench, load
from mtjlab.core.errors import BenchError, ParameterError, UsageError
from mtjlab.core.parameters import Parameters, from_texts, read_file
from mtjlab.core.places import bench_name
from mtjlab.runner.plan import recipe

MOST_RUNS = 100_000


class Range(Parameters):
    """A parameter that is drawn; whole numbers where both ends are."""

    low: int | float = Field(description="smallest value")
    high: int | float = Field(description="largest value")
    log: bool = Field(False, description="even in the logarithm")


class SweepTable(Parameters):
    """`[sweep]`."""

    protocol: str = Field(description="name of a protocol")
    bench: str | None = Field(None, description="bench file or shipped name, with a twin")
    seeds: Annotated[int, Ge(1), Le(MOST_RUNS)] | list[Annotated[int, Ge(0)]] = Field(
        1, description="of the runs of each point: a list, or how many from 1 on"
    )
    points: Annotated[int, Ge(1), Le(MOST_RUNS)] | None = Field(
        None, description="draws from [random]"
    )
    draw: Annotated[int, Ge(0)] = Field(0, description="seed of these draws")
    show: list[str] = Field(default_factory=list, description="results for table and figure")


class SweepTables(Parameters):
    """The whole file."""

    sweep: SweepTable
    parameters: dict[str, Any] = Field(default_factory=dict, description="the same for all")
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="lists of values; every combination is run"
    )
    random: dict[str, Range | Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="ranges or lists to draw from"
    )


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        number: of the combination, from 1.
        swept: what is varied -> its value here.
        seed: of the run.
        parameters: all that are given.
        key: the same for the same run in another call.
    """

    number: int
    swept: Mapping[str, Any]
    seed: int
    parameters: Mapping[str, Any]
    key: str


@dataclass(frozen=True)
class Sweep:
    """A sweep file that passed every check.

    Attributes:
        name: of the file, without its ending.
        protocol: its name.
        bench: with a twin.
        swept: names of what is varied, in their order.
        points: all runs.
        show: results to show; empty: those that say most.
    """

    name: str
    protocol: str
    bench: LoadedBench
    swept: tuple[str, ...]
    points: tuple[Point, ...]
    show: tuple[str, ...]


def read_sweep(path: Path, *, bench: str | None = None) -> Sweep:
    """Read and check a sweep file; opens nothing.

    Args:
        path: TOML file.
        bench: in place of the file's.

    Raises:
        UsageError: not such a file; a parameter unknown or out of range at any of its points; a
            real bench.
    """
    tables = from_texts(SweepTables, read_file(path), of=f"sweep file {path}")
    about = tables.sweep
    loaded = load(bench_name(bench or _beside(path, about.bench)))
    if loaded.file.twin is None:
        raise BenchError(
            f"a sweep runs on a twin, several at a time, and bench {loaded.file.name!r} is a real "
            'one. Give it a [twin], or use `bench = "twin"`; nothing was opened'
        )
    _check(path, tables)
    seeds = about.seeds if isinstance(about.seeds, list) else range(1, about.seeds + 1)
    model = recipe(about.protocol).parameters
    points = []
    for number, swept in enumerate(_combinations(tables), start=1):
        parameters = deepcopy(tables.parameters)
        for name, value in swept.items():
            _put(parameters, name, value)
        try:
            from_texts(model, parameters, of=about.protocol)
        except ParameterError as error:
            said = ", ".join(f"{name} = {value!r}" for name, value in swept.items())
            raise ParameterError(f"sweep file {path}: point {number} ({said}): {error}") from error
        for seed in seeds:
            key = _key(about.protocol, loaded.text, parameters, seed)
            points.append(Point(number, swept, seed, parameters, key))
    swept_names = (*tables.grid, *tables.random)
    return Sweep(path.stem, about.protocol, loaded, swept_names, tuple(points), tuple(about.show))


def _beside(path: Path, bench: str | None) -> str | None:
    if bench is None:
        return None
    near = path.parent / bench
    return str(near) if near.is_file() else bench


def _check(path: Path, tables: SweepTables) -> None:
    if not tables.grid and not tables.random:
        raise UsageError(f"sweep file {path}: nothing is varied; give [grid] or [random] a list")
    if bool(tables.random) != (tables.sweep.points is not None):
        raise UsageError(
            f"sweep file {path}: [random] and `points` in [sweep], how often to draw, belong "
            "together"
        )
    twice = [name for name in tables.random if name in tables.grid]
    twice += [name for name in tables.parameters if name in {*tables.grid, *tables.random}]
    if twice:
        raise UsageError(f"sweep file {path}: {twice[0]} is given in two tables; leave one out")
    for name, range_ in tables.random.items():
        if not isinstance(range_, Range):
            continue
        if not range_.low < range_.high or (range_.log and range_.low <= 0):
            raise UsageError(
                f"sweep file {path}: {name} from {range_.low:g} to {range_.high:g}: the lower end "
                f"must be below the upper one{' and above 0' if range_.log else ''}"
            )
    seeds = tables.sweep.seeds
    runs = math.prod(map(len, tables.grid.values())) * (tables.sweep.points or 1)
    runs *= seeds if isinstance(seeds, int) else len(seeds)
    if not 1 <= runs <= MOST_RUNS:
        raise UsageError(f"sweep file {path}: {runs} runs; 1 to {MOST_RUNS} are possible")


def _combinations(tables: SweepTables) -> Iterator[dict[str, Any]]:
    """Of the grid, the last name fastest; with each of them the same draws."""
    draws = list(_draws(tables))
    for values in itertools.product(*tables.grid.values()):
        for drawn in draws:
            yield dict(zip(tables.grid, values, strict=True)) | drawn


def _draws(tables: SweepTables) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(tables.sweep.draw)
    for _ in range(tables.sweep.points or 1):
        yield {name: _drawn(rng, source) for name, source in tables.random.items()}


def _drawn(rng: np.random.Generator, source: Range | list[Any]) -> Any:
    if isinstance(source, list):
        return source[int(rng.integers(len(source)))]
    low, high = source.low, source.high
    if isinstance(low, int) and isinstance(high, int):
        if source.log:
            whole = math.exp(rng.uniform(math.log(low - 0.5), math.log(high + 0.5)))
            return min(max(round(whole), low), high)
        return int(rng.integers(low, high, endpoint=True))
    if source.log:
        return math.exp(rng.uniform(math.log(low), math.log(high)))
    return float(rng.uniform(low, high))


def _put(parameters: dict[str, Any], name: str, value: Any) -> None:
    """`options.neuron.gain_v` is a value in tables of tables."""
    *above, last = name.split(".")
    for key in above:
        parameters = parameters.setdefault(key, {})
        if not isinstance(parameters, dict):
            raise UsageError(f"{name}: {key} is a value, not a table")
    parameters[last] = value


def _key(protocol: str, bench_toml: str, parameters: Mapping[str, Any], seed: int) -> str:
    told = json.dumps([protocol, bench_toml, parameters, seed], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
