"""What protocols hold instead of the source-meter of a field coil: a field, never a current."""

import math
from collections.abc import Iterator

from mtjlab.bench.guard import Guard
from mtjlab.core.clock import Clock
from mtjlab.core.coil import Coil
from mtjlab.core.errors import InstrumentError, LimitError
from mtjlab.core.interfaces import SourceMeter, SourceSettings
from mtjlab.core.units import si

# Between two steps of a ramp, s of bench time.
STEP_S = 0.01
# Steps between two looks at the coil: an abort ends a ramp within 100 ms.
_LOOK_EVERY = 4


class GuardedCoil:
    """Satisfies `FieldSource`. The off-state is ZERO: NORMAL is not for inductive loads."""

    def __init__(self, coil: Coil, source: SourceMeter, guard: Guard) -> None:
        self._coil, self._source, self._guard = coil, source, guard
        self._on = False

    def set_field_t(self, field_t: float) -> None:
        """As `FieldSource.set_field_t`; looks at the coil several times on the way."""
        coil = self._coil
        amperes = float(field_t) / coil.tesla_per_a
        # Not `abs(amperes) > ..`: a NaN must not pass.
        if not abs(amperes) <= coil.max_a * (1 + 1e-12):
            raise LimitError(
                f"{coil.source}: {si(float(field_t), 'T')} takes {si(amperes, 'A')}; the coil may "
                f"have {si(coil.max_a, 'A')}, or {si(coil.max_t, 'T')}; nothing was sent"
            )
        amperes = math.copysign(min(abs(amperes), coil.max_a), amperes)
        with self._guard.permitted(2 * coil.ramp_s(2 * coil.max_a)):
            if not self._on:
                self._switch_on()
            self._look(self._source.state().level)
            for number, level in enumerate(ramp(self._source, coil, amperes, self._guard.clock)):
                if number % _LOOK_EVERY == 0 or level == amperes:
                    self._look(level)

    def field_t(self) -> float:
        """As `FieldSource.field_t`."""
        with self._guard.permitted():
            if not self._source.state().output_on:
                return 0.0
            return self._source.measure().current_a * self._coil.tesla_per_a

    def off(self) -> None:
        """As `FieldSource.off`."""
        with self._guard.permitted(self._coil.ramp_s(self._coil.max_a)):
            self._on = False
            try:
                if self._source.state().output_on:
                    for _ in ramp(self._source, self._coil, 0.0, self._guard.clock):
                        pass
            finally:
                self._source.output(False)

    def abort(self) -> None:
        """As `FieldSource.abort`."""
        self._source.abort()

    def _look(self, level: float) -> None:
        """Raise if the wait was aborted, the output is off or the coil does not get its current."""
        reading = self._source.measure()
        if reading.in_compliance:
            raise InstrumentError(
                f"{self._coil.source}: its compliance of {si(self._coil.compliance_v, 'V')} lets "
                f"only {si(reading.current_a, 'A')} of {si(level, 'A')} through the coil. Look for "
                "a broken lead, or correct resistance or compliance in [[wiring.coils]]"
            )

    def _switch_on(self) -> None:
        coil = self._coil
        if self._source.state().output_on:
            raise InstrumentError(
                f"{coil.source} is on already, and not by this session; nothing was sent. Switch "
                "it off first, or run `mtjlab safe`"
            )
        self._source.configure(
            SourceSettings(
                "current",
                range=coil.max_a,
                compliance=coil.compliance_v,
                off_state="zero",
                nplc=0.1,
            )
        )
        self._guard.energise()
        self._source.output(True)
        self._on = True


def ramp(source: SourceMeter, coil: Coil, amperes: float, clock: Clock) -> Iterator[float]:
    """From the present level to `amperes`, no faster than the coil may; yields each level reached.

    Left in the middle, the coil stays where it is.
    """
    start = source.state().level
    steps = max(1, math.ceil(coil.ramp_s(amperes - start) / STEP_S))
    for step in range(1, steps + 1):
        clock.sleep(STEP_S)
        level = amperes if step == steps else start + (amperes - start) * step / steps
        source.set_level(level)
        yield level
