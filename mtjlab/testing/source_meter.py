"""What every `SourceMeter` must do: one function per promise, for twins and real instruments.

Each check starts from and leaves behind 0 and off, and energises at most `level`. A check raises
`NotConforming`, or lets through what the instrument raised.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np

from mtjlab.core.errors import Aborted, InstrumentError, LimitError
from mtjlab.core.interfaces import SourceMeter, SourceSettings, SourceState
from mtjlab.testing.verdict import refused, require

# A limit read back, and a level: the settings of any instrument are finer than this.
_AGREEMENT = 2e-3


@dataclass(frozen=True)
class SourceUnderTest:
    """A source-meter and what may be done to it.

    Attributes:
        source: a guarded face, or a raw driver.
        settings: harmless with whatever is connected.
        level: harmless, not 0, within the settings; V or A.
        allowed: opens the write permit for a raw driver; nothing for a guarded face.
        sweeps: whether its buffer may be tried.
    """

    source: SourceMeter
    settings: SourceSettings
    level: float
    allowed: Callable[[], AbstractContextManager[object]] = nullcontext
    sweeps: bool = True


def check_asking_changes_nothing(subject: SourceUnderTest) -> None:
    """Identity and state can be asked for at any time, on as well as off."""
    with _at_rest(subject) as source:
        _energise(subject)
        before = source.state()
        first = source.identify()
        require(source.identify() == first, "the identity differs from one question to the next")
        require(source.state() == before, "asking for identity and state changed the state")


def check_configure_reads_back(subject: SourceUnderTest) -> None:
    """Configuring leaves level 0, the output off, and the settings asked for."""
    with _at_rest(subject) as source:
        source.configure(subject.settings)
        state, wanted = source.state(), subject.settings
        require(state.function == wanted.function, f"sources {state.function}, not as configured")
        require(state.level == 0, f"the level is {state.level:g} after configure; expected 0")
        require(not state.output_on, "the output is on after configure")
        overrange = source.abilities.overrange
        require(
            state.range * overrange >= abs(wanted.range) * (1 - _AGREEMENT),
            f"the range reads {state.range:g}; at least {wanted.range:g} was asked for",
        )
        require(
            _close(state.compliance, wanted.compliance),
            f"the compliance reads {state.compliance:g}; {wanted.compliance:g} was asked for",
        )


def check_configure_needs_the_output_off(subject: SourceUnderTest) -> None:
    """Function, range and compliance never change under a live output."""
    with _at_rest(subject) as source:
        _energise(subject)
        before = source.state()
        with refused(InstrumentError, "settings changed with the output on"):
            source.configure(subject.settings)
        require(source.state() == before, "a refused configure changed the state")


def check_level_reads_back(subject: SourceUnderTest) -> None:
    """A level is reached, with either sign, and read back."""
    with _at_rest(subject) as source:
        source.configure(subject.settings)
        source.output(True)
        for level in (subject.level, -subject.level, 0.0):
            source.set_level(level)
            got = source.state().level
            require(
                math.isclose(got, level, rel_tol=_AGREEMENT, abs_tol=abs(subject.level) * 1e-2),
                f"the level reads {got:g} after it was set to {level:g}",
            )


def check_switches_on_at_zero_only(subject: SourceUnderTest) -> None:
    """No step onto a junction by the output relay."""
    with _at_rest(subject) as source:
        source.configure(subject.settings)
        source.set_level(subject.level)
        with refused(InstrumentError, f"the output was switched on at {subject.level:g}"):
            source.output(True)
        require(not source.state().output_on, "the output is on although it was refused")


def check_reading_changes_nothing(subject: SourceUnderTest) -> None:
    """A measurement leaves level, limits and output as they are, and belongs to the level."""
    with _at_rest(subject) as source:
        _energise(subject)
        before = source.state()
        for _ in range(3):
            reading = source.measure()
            require(source.state() == before, "a reading changed the state")
            sourced = reading.voltage_v if before.function == "voltage" else reading.current_a
            require(
                reading.in_compliance or abs(sourced - before.level) <= 0.05 * before.range,
                f"{sourced:g} was read at a level of {before.level:g}, out of compliance",
            )


def check_off_measures_nothing(subject: SourceUnderTest) -> None:
    """Reading with the output off is refused, and does not switch it on."""
    with _at_rest(subject) as source:
        source.configure(subject.settings)
        with refused(InstrumentError, "a reading was given with the output off"):
            source.measure()
        require(not source.state().output_on, "a refused reading switched the output on")


def check_limit_is_refused(subject: SourceUnderTest) -> None:
    """What the range cannot hold is refused, not clipped, and nothing changes."""
    with _at_rest(subject) as source:
        _energise(subject)
        before = source.state()
        beyond = 1.01 * before.range * source.abilities.overrange
        for level in (beyond, -beyond, math.nan, math.inf):
            with refused(
                LimitError, f"level {level:g} was accepted on a range of {before.range:g}"
            ):
                source.set_level(level)
            require(source.state() == before, f"the refused level {level:g} changed the state")


def check_range_is_refused(subject: SourceUnderTest) -> None:
    """A range the instrument does not have is refused before anything is sent."""
    with _at_rest(subject) as source:
        abilities = source.abilities
        ranges = (
            abilities.voltage_ranges_v
            if subject.settings.function == "voltage"
            else abilities.current_ranges_a
        )
        before = source.state()
        beyond = SourceSettings(
            subject.settings.function,
            range=2 * ranges[-1] * abilities.overrange,
            compliance=subject.settings.compliance,
        )
        with refused(LimitError, f"a range of {beyond.range:g} was accepted"):
            source.configure(beyond)
        require(source.state() == before, "a refused range changed the state")


def check_sweep_ends_at_its_last_level(subject: SourceUnderTest) -> None:
    """A sweep returns one row per level, in order, and stays at the last level."""
    if not subject.sweeps:
        return
    with _at_rest(subject) as source:
        _energise(subject)
        levels = np.array([0.0, subject.level / 2, -subject.level, subject.level / 4])
        rows = source.sweep(levels, 1e-3)
        require(rows.shape == (4, 2), f"a sweep of 4 levels gave rows of shape {rows.shape}")
        sourced = rows[:, 0 if subject.settings.function == "voltage" else 1]
        error = float(np.abs(sourced - levels).max())
        span = 0.05 * source.state().range
        require(error <= span, f"the sweep reads its own levels {error:g} off")
        got = source.state().level
        require(_close(got, levels[-1]), f"the sweep ended at {got:g}, not at {levels[-1]:g}")


def check_abort_releases(subject: SourceUnderTest) -> None:
    """After `abort` nothing is measured until `shutdown`; then everything works again."""
    with _at_rest(subject) as source:
        _energise(subject)
        source.abort()
        with refused(Aborted, "a reading was given after abort"):
            source.measure()
        source.shutdown()
        source.configure(subject.settings)
        source.output(True)
        source.measure()


def check_shutdown_is_safe_and_idempotent(subject: SourceUnderTest) -> None:
    """0 and off from whatever state, twice; it stays possible to configure afterwards."""
    with _at_rest(subject) as source:
        _energise(subject)
        for _ in range(2):
            source.shutdown()
            _require_rest(source.state())
        source.configure(subject.settings)


CHECKS: tuple[Callable[[SourceUnderTest], None], ...] = (
    check_asking_changes_nothing,
    check_configure_reads_back,
    check_configure_needs_the_output_off,
    check_level_reads_back,
    check_switches_on_at_zero_only,
    check_reading_changes_nothing,
    check_off_measures_nothing,
    check_limit_is_refused,
    check_range_is_refused,
    check_sweep_ends_at_its_last_level,
    check_abort_releases,
    check_shutdown_is_safe_and_idempotent,
)


@contextmanager
def _at_rest(subject: SourceUnderTest) -> Iterator[SourceMeter]:
    with subject.allowed():
        subject.source.shutdown()
        try:
            yield subject.source
        finally:
            subject.source.shutdown()
        _require_rest(subject.source.state())


def _energise(subject: SourceUnderTest) -> None:
    subject.source.configure(subject.settings)
    subject.source.output(True)
    subject.source.set_level(subject.level)


def _require_rest(state: SourceState) -> None:
    require(not state.output_on, "the output is on after shutdown")
    require(state.level == 0, f"the level is {state.level:g} after shutdown; expected 0")


def _close(got: float, wanted: float) -> bool:
    return math.isclose(got, wanted, rel_tol=_AGREEMENT, abs_tol=1e-12)
