"""Reads a bench file: a shipped name or a path in, a checked bench out, or one error with all.

Nothing is opened here. Drivers and twins are looked up only to judge the options they are given.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from mtjlab.bench.coil_rows import check_coils
from mtjlab.bench.electrical_checks import (
    check_biases,
    check_channels,
    check_fences,
    check_input_ranges,
    check_reach,
)
from mtjlab.bench.instrument_checks import check_instruments
from mtjlab.bench.mistakes import Mistakes, refuse, spell
from mtjlab.bench.scenario_checks import check_scenario
from mtjlab.bench.scenario_file import read_scenario
from mtjlab.bench.surroundings_checks import check_surroundings
from mtjlab.bench.tables import BenchFile, InstrumentTable, LimitsTable, TwinTable
from mtjlab.bench.twin_checks import (
    check_devices,
    check_faults,
    check_physics,
    check_twin_names,
)
from mtjlab.bench.wiring_checks import (
    check_clocks,
    check_counts,
    check_limits,
    check_names,
    check_size,
    check_uses,
)
from mtjlab.bench.wiring_tables import WiringTables
from mtjlab.core.errors import BenchError, nearest

T = TypeVar("T")

_SHIPPED = resources.files("mtjlab.resources") / "benches"


@dataclass(frozen=True)
class LoadedBench:
    """A bench file that passed every check.

    Attributes:
        file: its tables, with `overrides` applied.
        text: as written, for the run file.
        source: where it came from: a path, or the shipped name.
        overrides: keys of `[twin]` that a protocol changed.
    """

    file: BenchFile
    text: str
    source: str
    overrides: dict[str, Any]

    def tables(self) -> dict[str, Any]:
        """As read, with the overrides."""
        raw = tomllib.loads(self.text)
        if self.overrides:
            raw["twin"] = _merged(raw["twin"], self.overrides)
        return raw


def shipped() -> tuple[str, ...]:
    """Names of the benches that come with mtjlab."""
    files = (entry.name for entry in _SHIPPED.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def load(
    bench: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    faults: Path | None = None,
) -> LoadedBench:
    """Read and check a bench.

    Args:
        bench: a shipped name such as `twin`, else a path.
        overrides: nested keys of `[twin]` to change, as a protocol's `twin_overrides` gives them.
        faults: a `--faults` file; its incidents come after those of the bench file, and all of
            them are kept among the overrides.

    Raises:
        BenchError: no such bench, not readable, or with every mistake in it.
    """
    text, source = text_of(bench)
    return parse(text, source=source, overrides=overrides, faults=faults)


def text_of(bench: str | Path) -> tuple[str, str]:
    """What is written in a bench file, and where it came from; not judged, so that takes no time.

    Args:
        bench: a shipped name such as `twin`, else a path.

    Raises:
        BenchError: no such bench, or not readable.
    """
    if isinstance(bench, str) and bench in shipped():
        return (_SHIPPED / f"{bench}.toml").read_text(encoding="utf-8"), bench
    path = Path(bench).expanduser()
    return _read(path, str(bench)), str(path)


def _read(path: Path, asked: str) -> str:
    names = shipped()
    if not path.exists():
        if path.suffix or path.name != asked:
            refuse(asked, f"does not exist; expected a bench file, or one of {', '.join(names)}")
        raise BenchError(
            f"no bench named {asked!r}, shipped or as a file here; {nearest(asked, names)} "
            f"(shipped: {', '.join(names)})"
        )
    try:
        # Editors on Windows may begin a UTF-8 file with a byte-order mark.
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BenchError(
            f"bench file {path}: line {line}: byte {error.object[error.start]:#04x} is not UTF-8; "
            "save the file as UTF-8"
        ) from error
    except OSError as error:
        raise BenchError(
            f"bench file {path}: cannot be read: {error.strerror or error}; expected a TOML file"
        ) from error


def parse(
    text: str,
    *,
    source: str,
    overrides: Mapping[str, Any] | None = None,
    faults: Path | None = None,
) -> LoadedBench:
    """Check the text of a bench file; `source` names it in messages, the rest is as in `load`.

    Raises:
        BenchError: with every mistake in it.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"bench file {source}: not TOML: {error}") from error
    changed = deepcopy(dict(overrides or {}))
    if faults is not None:
        changed["scenario"] = _with_faults(raw, changed, faults, source)
    if changed:
        _demand_twin(raw, changed, source)
        raw["twin"] = _merged(raw["twin"], changed)
    file, mistakes = _judged(raw, source)
    mistakes.raise_if_any()
    assert file is not None
    return LoadedBench(file, text, source, changed)


def mistakes_in(text: str, *, source: str) -> Mistakes:
    """What `parse` would say of this text, by key.

    Raises:
        BenchError: not TOML.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"bench file {source}: not TOML: {error}") from error
    return _judged(raw, source)[1]


def _judged(raw: Mapping[str, Any], source: str) -> tuple[BenchFile | None, Mistakes]:
    mistakes = Mistakes(source, raw)
    file: BenchFile | None = None
    try:
        file = BenchFile.model_validate(raw)
    except ValidationError as error:
        mistakes.add_invalid(error, BenchFile)
    _check(raw, mistakes)
    return file, mistakes


def _demand_twin(raw: Mapping[str, Any], changed: Mapping[str, Any], source: str) -> None:
    if isinstance(raw.get("twin"), dict):
        return
    keys = ", ".join(spell(("twin", *key)) for key in _leaves(changed))
    refuse(
        source,
        f"{keys}: only the twin can do this, and this bench has no [twin]: it is a real one. "
        "Leave the parameter that asks for it out, or use --bench twin",
    )


def _with_faults(
    raw: Mapping[str, Any], changed: Mapping[str, Any], faults: Path, source: str
) -> Any:
    twin = raw.get("twin")
    if not isinstance(twin, dict):
        refuse(
            source,
            f"--faults {faults}: only the twin can do this, and this bench has no [twin]: it is "
            "a real one. Leave --faults out, or use --bench twin",
        )
    tables = read_scenario(faults, _instruments(raw))
    before = changed.get("scenario", twin.get("scenario", []))
    # What is no list is a mistake of the bench file, and is told as one.
    return [*before, *tables] if isinstance(before, list) else before


def _instruments(raw: Mapping[str, Any]) -> dict[str, InstrumentTable]:
    named = raw.get("instruments")
    return {
        name: entry
        for name, table in (named.items() if isinstance(named, dict) else ())
        if (entry := _valid(table, InstrumentTable)) is not None
    }


def _leaves(tree: Mapping[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, value in tree.items():
        below = _leaves(value) if isinstance(value, Mapping) else []
        found += [(name, *rest) for rest in below] or [(name,)]
    return found


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(table)
    for name, value in changes.items():
        old = result.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merged(old, value)
        result[name] = value
    return result


def _check(raw: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Check between tables, each as far as the tables it needs are valid in themselves."""
    wiring = _valid(raw.get("wiring"), WiringTables)
    limits = _valid(raw.get("limits"), LimitsTable)
    named = raw.get("instruments")
    instruments = _instruments(raw)
    twin = _valid(raw.get("twin"), TwinTable)
    known = check_instruments(instruments, twin, mistakes)
    exact = twin is not None and twin.solver == "exact"
    if wiring is not None and not check_size(wiring, exact, mistakes):
        wiring = None
    if limits is not None:
        check_limits(limits, mistakes)
        check_reach(limits, known, mistakes)
    if wiring is not None:
        check_counts(wiring, mistakes)
        check_uses(wiring, mistakes)
        check_channels(wiring, known, mistakes)
        check_input_ranges(wiring, limits, known, mistakes)
        if isinstance(named, dict):
            check_names(wiring, named, mistakes)
            check_coils(wiring, named, mistakes)
            boards = {n: n not in known or known[n].kind != "source-meter" for n in named}
            given = {} if twin is None else twin.instruments
            cables = {name: table.get("rtsi") for name, table in given.items()}
            check_clocks(wiring, boards, cables, mistakes)
        if limits is not None:
            check_biases(wiring, limits, mistakes)
            check_fences(wiring, limits, instruments, known, mistakes)
    if twin is not None:
        check_physics(twin, mistakes)
        if isinstance(named, dict):
            check_twin_names(twin, named, mistakes)
            check_scenario(twin.scenario, instruments, mistakes)
        if wiring is not None:
            check_devices(twin, wiring, mistakes)
            check_faults(twin, wiring, mistakes)
            check_surroundings(twin, wiring, mistakes)


def _valid(value: object, kind: type[T]) -> T | None:
    """The table as a model; None if it is missing or was found wrong already."""
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None
