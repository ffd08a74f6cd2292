"""What every `Daq` must do: one function per promise, for twins and real boards.

Each check starts from and leaves behind 0 V at every output named, and drives at most `level_v`.
"""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mtjlab.core.errors import Aborted, LimitError
from mtjlab.core.interfaces import Daq
from mtjlab.testing.verdict import refused, require

_SAFE_V = 5e-3
# A board makes its rate from a time base; asking for a rate does not make it exact.
_RATE_AGREEMENT = 0.02


@dataclass(frozen=True)
class DaqUnderTest:
    """A board and what may be done to it.

    Attributes:
        daq: a guarded face, or a raw driver.
        inputs: wired inputs, at least one.
        outputs: outputs that may be moved; may be empty.
        level_v: harmless at every one of them, > 0, V.
        sample_rate_hz: within reach with all of `inputs`, Hz.
        allowed: opens the write permit for a raw driver; nothing for a guarded face.
    """

    daq: Daq
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    level_v: float = 0.1
    sample_rate_hz: float = 10e3
    allowed: Callable[[], AbstractContextManager[object]] = nullcontext


def check_asking_changes_nothing(subject: DaqUnderTest) -> None:
    """Identity and inputs can be read at any time; outputs hold."""
    with _at_rest(subject) as daq:
        _write(subject, subject.level_v)
        first = daq.identify()
        values_v = daq.read(subject.inputs)
        require(values_v.shape == (len(subject.inputs),), f"read gave shape {values_v.shape}")
        require(bool(np.isfinite(values_v).all()), "an input reads NaN or infinity")
        require(daq.identify() == first, "the identity differs from one question to the next")
        _require_held(subject, subject.level_v, "reading inputs moved an output")


def check_abilities_agree(subject: DaqUnderTest) -> None:
    """Channels, ranges and rates are what the checks themselves use."""
    abilities = subject.daq.abilities
    for ranges in (abilities.input_ranges_v, abilities.output_ranges_v):
        require(list(ranges) == sorted(ranges), f"ranges {ranges} are not ascending")
    unknown = set(subject.inputs) - set(abilities.inputs) | set(subject.outputs) - set(
        abilities.outputs
    )
    require(not unknown, f"{unknown} are not among the channels the board says it has")
    reach_hz = abilities.rate_limit_hz(len(subject.inputs))
    require(
        reach_hz >= subject.sample_rate_hz,
        f"{len(subject.inputs)} inputs reach {reach_hz:g} S/s; {subject.sample_rate_hz:g} is used",
    )


def check_block_has_its_shape_and_times(subject: DaqUnderTest) -> None:
    """(steps, keep, inputs), the actual rate, and blocks that follow each other in bench time."""
    with _at_rest(subject):
        step_rate_hz = subject.sample_rate_hz / 5
        ends_s = -math.inf
        for steps in (7, 1, 7):
            block = subject.daq.play_and_record(
                None,
                ao=(),
                ai=subject.inputs,
                step_rate_hz=step_rate_hz,
                settle=2,
                keep=3,
                rest_v=(),
                steps=steps,
            )
            shape = (steps, 3, len(subject.inputs))
            require(
                block.samples_v.shape == shape, f"shape {block.samples_v.shape}; expected {shape}"
            )
            require(bool(np.isfinite(block.samples_v).all()), "a sample is NaN or infinity")
            require(
                math.isclose(block.step_rate_hz, step_rate_hz, rel_tol=_RATE_AGREEMENT),
                f"the step rate became {block.step_rate_hz:g} Hz; {step_rate_hz:g} was asked for",
            )
            require(block.parts == 1, f"a block of {steps} steps took {block.parts} transactions")
            require(block.t0_s >= ends_s, "a block begins before the one before it has ended")
            ends_s = block.t0_s + steps / block.step_rate_hz


def check_impossible_blocks_are_refused(subject: DaqUnderTest) -> None:
    """Rates, channels and shapes the board does not have are refused, not adapted."""
    with _at_rest(subject) as daq:
        reach_hz = daq.abilities.rate_limit_hz(len(subject.inputs))

        def record(ai: tuple[str, ...], rate_hz: float, keep: int, steps: int | None) -> None:
            daq.play_and_record(
                None,
                ao=(),
                ai=ai,
                step_rate_hz=rate_hz,
                settle=0,
                keep=keep,
                rest_v=(),
                steps=steps,
            )

        usual = subject.sample_rate_hz
        with refused(LimitError, f"{1.5 * reach_hz:g} S/s per input were accepted"):
            record(subject.inputs, 1.5 * reach_hz, 1, 2)
        with refused(LimitError, "an input that is not there was accepted"):
            record(("no_such_input",), usual, 1, 2)
        with refused(LimitError, "a block that keeps no samples was accepted"):
            record(subject.inputs, usual, 0, 2)
        with refused(LimitError, "a block without a number of steps was accepted"):
            record(subject.inputs, usual, 1, None)


def check_output_reads_back(subject: DaqUnderTest) -> None:
    """What is written is held and can be read back."""
    with _at_rest(subject):
        for volts in (subject.level_v, -subject.level_v, 0.0):
            _write(subject, volts)
            _require_held(subject, volts, f"after {volts:g} V was written")


def check_block_ends_at_rest(subject: DaqUnderTest) -> None:
    """The outputs end at `rest_v`, also when the board's memory forces several parts."""
    if not subject.outputs:
        return
    with _at_rest(subject) as daq:
        rest_v = [subject.level_v / 2] * len(subject.outputs)
        for steps in (5, daq.abilities.block_samples + 10):
            ramp_v = np.linspace(0.0, subject.level_v, steps)
            block = daq.play_and_record(
                np.tile(ramp_v[:, np.newaxis], (1, len(subject.outputs))),
                ao=subject.outputs,
                ai=subject.inputs,
                step_rate_hz=subject.sample_rate_hz,
                settle=0,
                keep=1,
                rest_v=rest_v,
            )
            shape = (steps, 1, len(subject.inputs))
            require(block.samples_v.shape == shape, f"shape {block.samples_v.shape} of {shape}")
            least = math.ceil(steps / daq.abilities.block_samples)
            require(
                block.parts >= least, f"{steps} steps in {block.parts} parts; see block_samples"
            )
            _require_held(subject, subject.level_v / 2, f"after a block of {steps} steps")


def check_limit_is_refused(subject: DaqUnderTest) -> None:
    """A voltage no range holds is refused, not clipped; no output moves, not even another."""
    if not subject.outputs:
        return
    with _at_rest(subject) as daq:
        _write(subject, subject.level_v)
        beyond_v = 1.01 * daq.abilities.output_ranges_v[-1]
        for volts in (beyond_v, -beyond_v, math.nan, math.inf):
            values_v = dict.fromkeys(subject.outputs, 0.0) | {subject.outputs[-1]: volts}
            with refused(LimitError, f"{volts:g} V was accepted"):
                daq.write(values_v)
            waveform_v = np.zeros((3, len(subject.outputs)))
            waveform_v[1, -1] = volts
            with refused(LimitError, f"a block with {volts:g} V in it was accepted"):
                daq.play_and_record(
                    waveform_v,
                    ao=subject.outputs,
                    ai=subject.inputs,
                    step_rate_hz=subject.sample_rate_hz,
                    settle=0,
                    keep=1,
                    rest_v=[0.0] * len(subject.outputs),
                )
            _require_held(subject, subject.level_v, f"after {volts:g} V was refused")


def check_stream_has_no_gap(subject: DaqUnderTest) -> None:
    """Pieces follow each other by index and by time; closing the iterator frees the board."""
    with _at_rest(subject) as daq:
        stream = daq.stream(subject.inputs, subject.sample_rate_hz, 50)
        with closing(stream) if isinstance(stream, Generator) else nullcontext():
            pieces = list(islice(stream, 4))
        for number, piece in enumerate(pieces):
            require(piece.index0 == 50 * number, f"piece {number} begins at {piece.index0}")
            require(
                piece.samples_v.shape == (50, len(subject.inputs)),
                f"a piece has shape {piece.samples_v.shape}",
            )
        spacing_s = (pieces[-1].t0_s - pieces[0].t0_s) / 3
        require(
            math.isclose(spacing_s, 50 / subject.sample_rate_hz, rel_tol=_RATE_AGREEMENT),
            f"pieces of 50 samples are {spacing_s:g} s apart",
        )
        daq.read(subject.inputs)


def check_abort_releases(subject: DaqUnderTest) -> None:
    """After `abort` nothing is recorded until `shutdown`; then everything works again."""
    with _at_rest(subject) as daq:

        def record() -> None:
            daq.play_and_record(
                None,
                ao=(),
                ai=subject.inputs,
                step_rate_hz=subject.sample_rate_hz,
                settle=0,
                keep=1,
                rest_v=(),
                steps=10,
            )

        daq.abort()
        with refused(Aborted, "a block was recorded after abort"):
            record()
        daq.shutdown()
        record()


def check_shutdown_is_safe_and_idempotent(subject: DaqUnderTest) -> None:
    """0 V within 5 mV from whatever state, twice; the board stays usable."""
    with _at_rest(subject) as daq:
        _write(subject, subject.level_v)
        for _ in range(2):
            daq.shutdown()
            _require_held(subject, 0.0, "after shutdown")
        daq.read(subject.inputs)


CHECKS: tuple[Callable[[DaqUnderTest], None], ...] = (
    check_asking_changes_nothing,
    check_abilities_agree,
    check_block_has_its_shape_and_times,
    check_impossible_blocks_are_refused,
    check_output_reads_back,
    check_block_ends_at_rest,
    check_limit_is_refused,
    check_stream_has_no_gap,
    check_abort_releases,
    check_shutdown_is_safe_and_idempotent,
)


@contextmanager
def _at_rest(subject: DaqUnderTest) -> Iterator[Daq]:
    with subject.allowed():
        subject.daq.shutdown()
        try:
            yield subject.daq
        finally:
            subject.daq.shutdown()
        _require_held(subject, 0.0, "after shutdown")


def _write(subject: DaqUnderTest, volts: float) -> None:
    if subject.outputs:
        subject.daq.write(dict.fromkeys(subject.outputs, volts))


def _require_held(subject: DaqUnderTest, volts: float, when: str) -> None:
    if not subject.outputs:
        return
    for channel, got_v in zip(subject.outputs, subject.daq.read(subject.outputs), strict=True):
        require(
            abs(got_v - volts) < _SAFE_V,
            f"{channel} reads back {got_v:g} V {when}; expected {volts:g} V",
        )
