"""The limits of a bench in words: of its junctions, and of each output that drives one."""

from mtjlab.bench.channels import shorten
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import Wiring, largest_level_v


def limit_words(wiring: Wiring, limits: JunctionLimits) -> tuple[str, ...]:
    """One line for the junctions, one for each kind of output, one for each field coil."""
    by_level: dict[float, list[str]] = {}
    for terminal in wiring.sources():
        level_v = largest_level_v(wiring.driven_by(terminal), limits)
        by_level.setdefault(level_v, []).append(terminal)
    return (
        f"junctions: at most {si(limits.hard_v, 'V')} and {si(limits.hard_a, 'A')}, "
        f"operating up to {si(limits.soft_v, 'V')}",
        *(f"{shorten(names)}: up to {si(level_v, 'V')}" for level_v, names in by_level.items()),
        *(
            f"{coil.source}: field up to {si(coil.max_t, 'T')}, {si(coil.max_a, 'A')}"
            for coil in wiring.coils
        ),
    )
