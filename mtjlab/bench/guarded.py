"""From raw faces to guarded ones: all of a bench's instruments that a protocol may hold."""

from collections.abc import Mapping
from typing import Any

from mtjlab.bench.coil_face import GuardedCoil
from mtjlab.bench.faces import GuardedDaq, GuardedSource
from mtjlab.bench.guard import Guard
from mtjlab.bench.selector_face import GuardedSelector
from mtjlab.core.interfaces import Daq, Instrument, Selector, SourceMeter
from mtjlab.core.wiring import Wiring


def guarded(
    instruments: Mapping[str, Instrument], wiring: Wiring, guard: Guard
) -> dict[str, Mapping[str, Any]]:
    """The `sources`, `daqs`, `selectors` and `fields` of a rig; the guard learns of them.

    A source-meter that drives a field coil is a field and no source.
    """
    coils = {coil.source: coil for coil in wiring.coils}
    raw = {n: f for n, f in instruments.items() if isinstance(f, SourceMeter)}
    boards = {n: f for n, f in instruments.items() if isinstance(f, Daq)}
    switches = {n: f for n, f in instruments.items() if isinstance(f, Selector)}
    sources = {n: GuardedSource(n, f, guard) for n, f in raw.items() if n not in coils}
    guard.sources, guard.boards = dict(sources), boards
    return {
        "sources": sources,
        "daqs": {n: GuardedDaq(n, f, guard) for n, f in boards.items()},
        "selectors": {n: GuardedSelector(n, f, guard) for n, f in switches.items()},
        "fields": {n: GuardedCoil(c, raw[n], guard) for n, c in coils.items() if n in raw},
    }
