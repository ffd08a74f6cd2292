"""What `[twin]` must agree on with the rest of the file and with the physics."""

from collections.abc import Mapping
from typing import Any

from mtjlab.bench.mistakes import Mistakes
from mtjlab.bench.tables import FaultTable, TwinTable
from mtjlab.bench.wiring_tables import WiringTables
from mtjlab.core.errors import nearest
from sim_backend.physics.junction import Fault, JunctionParameters, Own, Spread

_OWNER = {
    "factor": "slow",
    "level": "three_level",
    "dwell_s": "three_level",
    "v50_v_per_s": "drifting",
    "ln_tau_per_s": "drifting",
}


def check_physics(twin: TwinTable, mistakes: Mistakes) -> None:
    """Junction and spread must be possible; a key that is wrong by itself is the one named."""
    for name, table, kind in (
        ("junction", twin.junction, JunctionParameters),
        ("spread", twin.spread, Spread),
    ):
        together = _refusal(kind, table.model_dump())
        if together is None:
            continue
        before = len(mistakes)
        for key in sorted(table.model_fields_set):
            alone = _refusal(kind, {key: getattr(table, key)})
            if alone is not None:
                mistakes.add(("twin", name, key), alone)
        if len(mistakes) == before:
            mistakes.add(("twin", name), together)


def _refusal(
    kind: type[JunctionParameters | Spread | Fault | Own], values: Mapping[str, Any]
) -> str | None:
    try:
        kind(**values)
    except ValueError as error:
        return str(error)
    return None


def check_faults(twin: TwinTable, wiring: WiringTables, mistakes: Mistakes) -> None:
    """A fault sits on a wired cell, one fault a cell, and has the keys of its kind."""
    wired = wiring.places()
    seen: dict[tuple[int, int], int] = {}
    for index, fault in enumerate(twin.faults):
        at = ("twin", "faults", index)
        if fault.cell not in wired:
            mistakes.add((*at, "cell"), f"no junction is wired there; {_wired(wired)}")
        elif fault.cell in seen:
            mistakes.add((*at, "cell"), f"already has the fault of twin.faults[{seen[fault.cell]}]")
        seen.setdefault(fault.cell, index)
        _check_fault(fault, twin.junction.tmr, at, mistakes)


def check_devices(twin: TwinTable, wiring: WiringTables, mistakes: Mistakes) -> None:
    """What is known of a junction is of a wired one, said once, and possible."""
    wired = wiring.places()
    seen: dict[tuple[int, int], int] = {}
    for index, device in enumerate(twin.devices):
        at = ("twin", "devices", index)
        if device.cell not in wired:
            mistakes.add((*at, "cell"), f"no junction is wired there; {_wired(wired)}")
        elif device.cell in seen:
            mistakes.add((*at, "cell"), f"is already twin.devices[{seen[device.cell]}]")
        seen.setdefault(device.cell, index)
        for key, value in device.given().items():
            refusal = _refusal(Own, {"index": 0, key: value})
            if refusal:
                mistakes.add((*at, key), refusal)


def _check_fault(fault: FaultTable, tmr: float, at: tuple[str | int, ...], m: Mistakes) -> None:
    given = fault.given()
    foreign = [key for key in given if _OWNER[key] != fault.kind]
    for key in foreign:
        m.add((*at, key), f"a fault {fault.kind!r} has none; only {_OWNER[key]!r} has")
    refusal = _refusal(Fault, {"index": 0, "kind": fault.kind, **given})
    if refusal and not foreign:
        m.add((*at, *given) if len(given) == 1 else at, refusal)
    elif fault.kind == "three_level" and not 1 + given.get("level", Fault.level) * tmr > 0:
        m.add((*at, "level"), f"with a TMR of {tmr} the third level has no positive resistance")


def _wired(wired: set[tuple[int, int]]) -> str:
    if not wired:
        return "nothing is wired at all"
    rows = sorted({row for row, _ in wired})
    columns = sorted({column for _, column in wired})
    return (
        f"expected [row, column] of a wired one: rows {rows[0]} to {rows[-1]}, "
        f"columns {columns[0]} to {columns[-1]}"
    )


def check_twin_names(twin: TwinTable, instruments: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Options of twins, and how they are served, belong to instruments of the file."""
    for table, names in (("instruments", twin.instruments), ("serve", twin.serve)):
        for name in names:
            if name not in instruments:
                mistakes.add(
                    ("twin", table, name),
                    f"no instrument {name!r} in this file; {nearest(name, instruments)}",
                )
