"""What fields, cables, hum and sources of `[twin]` must agree on with the wiring."""

from collections.abc import Collection, Iterable

from mtjlab.bench.mistakes import Key, Mistakes, spell
from mtjlab.bench.tables import TwinTable
from mtjlab.bench.wiring_tables import ArrayTable, WiringTables
from mtjlab.core.errors import nearest


def check_surroundings(twin: TwinTable, wiring: WiringTables, mistakes: Mistakes) -> None:
    """Each names what is wired, and nothing is given twice."""
    _check_fields(twin, wiring, mistakes)
    reads = [terminal for _, group in wiring.groups() for terminal in group.read or ()]
    sources = [terminal for _, group in wiring.groups() for terminal in group.source]
    cables = [(("twin", "cables", i, "inputs"), t.inputs) for i, t in enumerate(twin.cables)]
    pickup = [(("twin", "pickup", i, "inputs"), t.inputs) for i, t in enumerate(twin.pickup)]
    flawed = [(("twin", "sources", i, "sources"), t.sources) for i, t in enumerate(twin.sources)]
    for named, wired, what in ((cables, reads, "input"), (pickup, reads, "input")):
        _check_wired(named, wired, what, mistakes)
    _check_wired(flawed, sources, "source", mistakes)
    for once in (cables, flawed):
        _check_once(once, mistakes)
    amplified = {
        terminal
        for _, group in wiring.groups()
        if isinstance(group, ArrayTable)
        for terminal in group.read or ()
    }
    for key, terminals in cables:
        for terminal in terminals:
            if terminal in amplified:
                mistakes.add(
                    key,
                    f"{terminal} reads the output of an amplifier, which drives any cable; "
                    "expected an input across a single junction",
                )
                break
    if "amplifiers" in twin.model_fields_set:
        if not wiring.arrays:
            mistakes.add(("twin", "amplifiers"), "there is no array in [wiring] that has any")
        try:
            twin.amplifiers.value()
        except ValueError as error:
            mistakes.add(("twin", "amplifiers"), str(error))


def _check_fields(twin: TwinTable, wiring: WiringTables, mistakes: Mistakes) -> None:
    places = wiring.places()
    seen: dict[tuple[int, int], Key] = {}
    for index, table in enumerate(twin.fields):
        key: Key = ("twin", "fields", index)
        for cell in ((row, column) for row in table.rows for column in table.columns):
            if cell not in places:
                mistakes.add(key, f"no junction is wired at ({cell[0]}, {cell[1]})")
                break
            if cell in seen:
                first = spell(seen[cell])
                mistakes.add(key, f"({cell[0]}, {cell[1]}) already has the field of {first}")
                break
            seen[cell] = key


def _check_wired(
    named: Iterable[tuple[Key, tuple[str, ...]]],
    wired: Collection[str],
    what: str,
    mistakes: Mistakes,
) -> None:
    for key, terminals in named:
        for terminal in terminals:
            if terminal not in wired:
                mistakes.add(
                    key,
                    f"no junction is wired to the {what} {terminal!r}; {nearest(terminal, wired)}",
                )
                break


def _check_once(named: Iterable[tuple[Key, tuple[str, ...]]], mistakes: Mistakes) -> None:
    seen: dict[str, Key] = {}
    for key, terminals in named:
        for terminal in terminals:
            if terminal in seen:
                mistakes.add(key, f"{terminal} is already used by {spell(seen[terminal])}")
                break
            seen[terminal] = key
