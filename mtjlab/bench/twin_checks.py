"""What `[twin]` must agree on with the rest of the file and with the physics."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mtjlab.bench.mistakes import Mistakes
from mtjlab.bench.tables import Table, TwinTable, WiringTables
from mtjlab.core.errors import nearest
from sim_backend.physics.junction import JunctionParameters, Spread


def check_physics(twin: TwinTable, mistakes: Mistakes) -> None:
    """Junction and spread must be possible; each key by itself, then all together."""
    for name, table, kind in (
        ("junction", twin.junction, JunctionParameters),
        ("spread", twin.spread, Spread),
    ):
        before = len(mistakes)
        for field in fields(kind):
            if field.name in table.model_fields_set:
                _try(kind, {field.name: getattr(table, field.name)}, name, mistakes)
        if len(mistakes) == before:
            _try(kind, _given(table), name, mistakes)


def _given(table: Table) -> dict[str, Any]:
    return table.model_dump()


def _try(
    kind: type[JunctionParameters | Spread],
    values: Mapping[str, Any],
    name: str,
    mistakes: Mistakes,
) -> None:
    try:
        kind(**values)
    except ValueError as error:
        culprit = [next(iter(values))] if len(values) == 1 else []
        mistakes.add(("twin", name, *culprit), str(error))


def check_faults(twin: TwinTable, wiring: WiringTables, mistakes: Mistakes) -> None:
    """A fault sits on a wired cell, one fault a cell; only `slow` has a factor."""
    wired = {(table.row, column) for table in wiring.singles for column in table.columns}
    seen: dict[tuple[int, int], int] = {}
    for index, fault in enumerate(twin.faults):
        at = ("twin", "faults", index)
        if fault.cell not in wired:
            mistakes.add((*at, "cell"), f"no junction is wired there; {_wired(wired)}")
        elif fault.cell in seen:
            mistakes.add((*at, "cell"), f"already has the fault of twin.faults[{seen[fault.cell]}]")
        seen.setdefault(fault.cell, index)
        if fault.factor is not None and fault.kind != "slow":
            mistakes.add((*at, "factor"), f"a fault {fault.kind!r} has none; only 'slow' has")


def _wired(wired: set[tuple[int, int]]) -> str:
    rows = sorted({row for row, _ in wired})
    columns = sorted({column for _, column in wired})
    return (
        f"expected [row, column] of a wired one: rows {rows[0]} to {rows[-1]}, "
        f"columns {columns[0]} to {columns[-1]}"
    )


def check_twin_names(twin: TwinTable, instruments: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Options of twins belong to instruments of the file."""
    for name in twin.instruments:
        if name not in instruments:
            mistakes.add(
                ("twin", "instruments", name),
                f"no instrument {name!r} in this file; {nearest(name, instruments)}",
            )
