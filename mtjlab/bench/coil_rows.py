"""What `mtjlab check` says of field coils, and what a bench file must not say of them."""

from collections.abc import Collection, Iterator, Mapping

from mtjlab.bench.block_rows import Finding
from mtjlab.bench.mistakes import Mistakes
from mtjlab.bench.wiring_checks import instrument_of
from mtjlab.bench.wiring_tables import WiringTables
from mtjlab.core.errors import nearest
from mtjlab.core.interfaces import Instrument, SourceMeter
from mtjlab.core.units import si
from mtjlab.core.wiring import Wiring

# The safe state waits for the ramp of a coil, and the supervisor for the safe state.
LONGEST_RAMP_S = 10.0


def check_coils(wiring: WiringTables, instruments: Collection[str], mistakes: Mistakes) -> None:
    """A coil has a source-meter of its own that can drive it, and a ramp that ends in time."""
    driven = {terminal for _, group in wiring.groups() for terminal in group.source}
    seen: set[str] = set()
    for index, table in enumerate(wiring.coils):
        at = ("wiring", "coils", index)
        name = instrument_of(table.source)
        if name not in instruments:
            sentence = f"no instrument {name!r}; {nearest(name, instruments)}"
            mistakes.add((*at, "source"), sentence)
        if "/" in table.source:
            sentence = f"{table.source!r} is a board output; expected a source-meter"
            mistakes.add((*at, "source"), sentence)
        if table.source in driven | seen:
            sentence = f"{table.source!r} also drives something else; a coil has its own source"
            mistakes.add((*at, "source"), sentence)
        seen.add(table.source)
        coil = table.resolve()
        if coil.tesla_per_a == 0:
            mistakes.add((*at, "tesla_per_ampere"), "0; expected the field of 1 A")
        if coil.max_a * coil.ohm > coil.compliance_v:
            mistakes.add(
                (*at, "compliance"),
                f"{si(coil.max_a, 'A')} through {si(coil.ohm, 'ohm')} takes "
                f"{si(coil.max_a * coil.ohm, 'V')}; expected at least that",
            )
        if coil.ramp_s(coil.max_a) > LONGEST_RAMP_S:
            mistakes.add(
                (*at, "max_ramp"),
                f"from {si(coil.max_t, 'T')} to 0 takes {si(coil.ramp_s(coil.max_a), 's')}; "
                f"expected at most {si(LONGEST_RAMP_S, 's')}, for the safe state",
            )


def coil_rows(wiring: Wiring, faces: Mapping[str, Instrument]) -> Iterator[Finding]:
    """One row for each coil."""
    for coil in wiring.coils:
        face = faces.get(coil.source)
        limit = f"up to {si(coil.max_t, 'T')}"
        if not isinstance(face, SourceMeter):
            note = f"the opened outputs are {', '.join(faces) or 'none'}"
            note = f"no such source-meter; {note}"
            yield Finding(f"{coil.source} coil", limit, "bad", note)
            continue
        reach_a = max(face.abilities.current_ranges_a) * face.abilities.overrange
        note = (
            f"{si(coil.max_a, 'A')} at most, {si(coil.max_t_per_s, 'T/s')}; off after "
            f"{si(coil.ramp_s(coil.max_a), 's')}, at the end of the safe state"
        )
        if coil.max_a > reach_a:
            note = f"the source gives {si(reach_a, 'A')}"
            yield Finding(f"{coil.source} coil", limit, "bad", note)
        else:
            yield Finding(f"{coil.source} coil", limit, "ok", note)
