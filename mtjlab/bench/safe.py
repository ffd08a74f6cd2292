"""The safe state: everything at 0 V and off, in order, and read back.

Order: junction sources, selector, field coils. Each source-meter is ramped down within 0.5 s; if
anything goes wrong on the way it is switched off at once. One instrument that does not answer
never keeps the next from being made safe.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mtjlab.core.clock import Clock
from mtjlab.core.coil import Coil
from mtjlab.core.errors import NotSafeError
from mtjlab.core.interfaces import Daq, Instrument, SourceMeter
from mtjlab.core.permit import WritePermit

RAMP_S = 0.1
RAMP_STEPS = 10
# After sources, boards and selectors.
_COIL = 3


@dataclass(frozen=True)
class Made:
    """What became of one instrument; `error` is None where 0 V and off were read back."""

    name: str
    error: str | None


def make_safe(
    instruments: Mapping[str, Instrument],
    permit: WritePermit,
    clock: Clock,
    notice: Callable[[str, str], None],
    *,
    absent: Mapping[str, Exception] | None = None,
    coils: Mapping[str, Coil] | None = None,
) -> list[Made]:
    """Make every instrument safe; each is tried, whatever happens to the others.

    Args:
        instruments: raw faces by name.
        permit: of the bench.
        clock: bench time, for the ramps.
        notice: told of each that fails, as it happens.
        absent: instruments that could not even be opened, and why: not proved safe.
        coils: by the source-meter that drives one: it comes last, with its own ramp.

    Raises:
        NotSafeError: at least one could not be read back as safe; the text names each.
    """
    done = [Made(name, str(error)) for name, error in (absent or {}).items()]
    causes = list((absent or {}).values())
    known = coils or {}

    def place(item: tuple[str, Instrument]) -> int:
        return _COIL if item[0] in known else _rank(item[1])

    for name, instrument in sorted(instruments.items(), key=place):
        try:
            with permit.opened():
                if isinstance(instrument, SourceMeter):
                    _ramp_down(instrument, clock, known.get(name))
                instrument.shutdown()
            done.append(Made(name, None))
        except Exception as error:
            done.append(Made(name, str(error)))
            causes.append(error)
            # Whoever listens must not keep the next instrument from being made safe.
            with suppress(Exception):
                notice("error", f"{name} is not proved safe: {error}")
    unsafe = [made for made in done if made.error is not None]
    if unsafe:
        listed = "; ".join(f"{made.name}: {made.error}" for made in unsafe)
        raise NotSafeError(
            f"not proved safe: {listed}. Go to the rack and switch the output off by hand"
        ) from causes[0]
    return done


def _rank(instrument: Instrument) -> int:
    if isinstance(instrument, SourceMeter):
        return 0
    if isinstance(instrument, Daq):
        return 1
    return 2


def _ramp_down(source: SourceMeter, clock: Clock, coil: Coil | None) -> None:
    """Best effort: `shutdown` follows in any case and is what is read back."""
    try:
        state = source.state()
        if not state.output_on or state.level == 0:
            return
        ramp_s, steps = RAMP_S, RAMP_STEPS
        if coil is not None and state.function == "current":
            ramp_s = max(RAMP_S, coil.ramp_s(state.level))
            steps = math.ceil(ramp_s / RAMP_S * RAMP_STEPS)
        for step in range(steps - 1, 0, -1):
            source.set_level(state.level * step / steps)
            clock.sleep(ramp_s / steps)
    except Exception:
        return
