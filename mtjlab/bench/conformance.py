"""The checks of `mtjlab.testing` on an opened bench, through its guarded faces.

Levels are a twentieth of what the limits of the bench file allow, so that an instrument which does
not do what it is told still has room; what nothing is wired to is not touched.
"""

import math
from dataclasses import dataclass

from mtjlab.bench.open import OpenBench
from mtjlab.core.interfaces import Channel, Daq, Selector, SourceMeter, SourceSettings
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell
from mtjlab.testing import daq, selector, source_meter
from mtjlab.testing.verdict import Verdict, run

FRACTION = 0.05
# Fast enough for a check, slow enough for every board that has a clock.
_LARGEST_RATE_HZ = 10e3
_CELLS = 3


@dataclass(frozen=True)
class Subject:
    """One instrument and what will be done to it.

    Attributes:
        name: of its face.
        plan: for people, before anything is done.
        reason: why nothing will be done; empty if something will.
    """

    name: str
    plan: str
    reason: str = ""


def subjects(bench: OpenBench) -> list[Subject]:
    """What `judge` will do, instrument by instrument. Touches nothing."""
    rig = bench.rig(lambda _stream, _rows: None)
    found = []
    for name, face in bench.instruments.items():
        if isinstance(face, SourceMeter) and name not in rig.sources:
            found.append(Subject(name, "", "it drives a coil"))
        elif isinstance(face, SourceMeter):
            found.append(_source_plan(name, _source_level_v(bench, name)))
        elif isinstance(face, Daq):
            under = _daq(bench, rig, name)
            plan = f"inputs read at up to {si(under.sample_rate_hz, 'S/s')}" if under else ""
            if under and under.outputs:
                plan += f", {len(under.outputs)} outputs to {si(under.level_v, 'V')} either way"
            found.append(Subject(name, plan, "" if under else "no input is wired"))
        elif isinstance(face, Selector):
            cells = _cells(bench, name)
            reason = "" if len(cells) > 1 else "fewer than two junctions behind it"
            found.append(Subject(name, "switches moved, nothing energised", reason))
        else:
            found.append(Subject(name, f"{', '.join(face.columns)} read"))
    return found


def judge(bench: OpenBench, subject: Subject) -> list[Verdict]:
    """Run every check on one instrument; it is at rest before and after."""
    rig = bench.rig(lambda _stream, _rows: None)
    face, name = bench.instruments[subject.name], subject.name
    if subject.reason:
        return []
    if isinstance(face, SourceMeter):
        return run(source_meter.CHECKS, _source(bench, rig, name))
    if isinstance(face, Daq):
        under = _daq(bench, rig, name)
        assert under is not None
        return run(daq.CHECKS, under)
    if isinstance(face, Selector):
        cells = _cells(bench, name)
        return run(selector.CHECKS, selector.SelectorUnderTest(rig.selectors[name], cells))
    assert isinstance(face, Channel)
    return run((_check_reads,), face)


def _check_reads(channel: Channel) -> None:
    """A finite number for each column."""
    channel.values()


def _source_level_v(bench: OpenBench, name: str) -> float:
    return FRACTION * bench.guard.largest_voltage(name)


def _source_plan(name: str, level_v: float) -> Subject:
    reason = "" if level_v > 0 else "nothing is wired to it, so its limits are unknown"
    return Subject(name, f"output on at up to {si(level_v, 'V')} either way", reason)


def _source(bench: OpenBench, rig: Rig, name: str) -> source_meter.SourceUnderTest:
    level_v = _source_level_v(bench, name)
    limits = bench.guard.limits
    worst_a = [
        limits.worst_case(level_v * wire.divider, wire.series_ohm)[1] * wire.junctions
        for wire in bench.wiring.driven_by(name)
    ]
    source = rig.sources[name]
    # Twice the worst case, and no less than the instrument's smallest range.
    compliance_a = max(2 * sum(worst_a), source.abilities.current_ranges_a[0])
    settings = SourceSettings("voltage", 2 * level_v, compliance_a)
    return source_meter.SourceUnderTest(source, settings, level_v)


def _daq(bench: OpenBench, rig: Rig, name: str) -> daq.DaqUnderTest | None:
    board = rig.daqs[name]
    inputs = tuple(c for c in bench.wiring.inputs(name) if c in board.abilities.inputs)
    outputs = tuple(c for c in bench.wiring.outputs(name) if c in board.abilities.outputs)
    if not inputs:
        return None
    reach_v = [bench.guard.largest_voltage(f"{name}/{channel}") for channel in outputs]
    level_v = min([*reach_v, *board.abilities.output_ranges_v[-1:]], default=1.0)
    rate_hz = min(_LARGEST_RATE_HZ, board.abilities.rate_limit_hz(len(inputs)) / 2)
    return daq.DaqUnderTest(board, inputs, outputs, FRACTION * level_v, float(math.floor(rate_hz)))


def _cells(bench: OpenBench, name: str) -> tuple[Cell, ...]:
    arrays = [array for array in bench.wiring.arrays if array.selector == name]
    return tuple(cell for array in arrays for cell in array.cells)[:_CELLS]
