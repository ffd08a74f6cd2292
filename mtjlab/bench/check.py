"""What `mtjlab check` says of an opened bench. Asks and reads; energises and writes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mtjlab.bench.block_rows import block_rows
from mtjlab.bench.channels import shorten
from mtjlab.bench.coil_rows import coil_rows
from mtjlab.bench.fences import fence
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.wiring_checks import instrument_of
from mtjlab.core.driver import Driver
from mtjlab.core.errors import MtjlabError
from mtjlab.core.interfaces import (
    Daq,
    Instrument,
    Selector,
    SourceMeter,
)
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import Driven, SingleJunction, Wiring, largest_level_v

Section = Literal["instruments", "limits", "fences", "wiring", "host loss"]
Verdict = Literal["ok", "warn", "bad"]

# What an output may read back as and still be called 0 V.
ZERO_V = 5e-3


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        section: which part of the bench it is about.
        item: instrument, terminal or channel group.
        value: what was found.
        verdict: `bad` means: do not run on this bench.
        note: why, and what to do.
    """

    section: Section
    item: str
    value: str
    verdict: Verdict
    note: str = ""


def report(
    loaded: LoadedBench, faces: Mapping[str, Instrument], drivers: Mapping[str, Driver]
) -> list[Row]:
    """Judge an opened bench.

    Args:
        loaded: the bench file.
        faces: opened instruments by face name (`smu`, `smu.a`, `daq`).
        drivers: by instrument name.

    Returns:
        Rows by section. An instrument that does not answer is a `bad` row, never an exception.
    """
    wiring = loaded.file.wiring.resolve()
    limits = loaded.file.limits.junction()
    return [
        *_instruments(faces, wiring),
        *_limits(wiring, limits, faces),
        *_fences(loaded, wiring, limits, faces),
        *_wiring(wiring, faces),
        *_amplifiers(wiring, limits, faces),
        *(Row("wiring", *finding) for finding in block_rows(wiring, limits, faces)),
        *(Row("limits", *finding) for finding in coil_rows(wiring, faces)),
        *_host_loss(drivers),
    ]


def _instruments(faces: Mapping[str, Instrument], wiring: Wiring) -> Iterator[Row]:
    for name, face in faces.items():
        try:
            yield Row("instruments", name, str(face.identify()), "ok")
            yield from _outputs(name, face, wiring)
        except MtjlabError as error:
            yield Row("instruments", name, "no answer", "bad", str(error))


def _outputs(name: str, face: Instrument, wiring: Wiring) -> Iterator[Row]:
    """What each output is now, as the instrument itself says."""
    if isinstance(face, SourceMeter):
        state = face.state()
        level = si(state.level, "V" if state.function == "voltage" else "A")
        if not state.output_on:
            yield Row("instruments", f"{name} output", f"off, set to {level}", "ok")
        else:
            yield Row(
                "instruments",
                f"{name} output",
                f"on at {level}",
                "warn" if state.level == 0 else "bad",
                "found on; nothing was touched. `mtjlab safe` switches it off",
            )
    elif isinstance(face, Selector):
        closed = face.closed()
        verdict: Verdict = "warn" if closed else "ok"
        yield Row("instruments", f"{name} channels", ", ".join(closed) or "all open", verdict)
    elif isinstance(face, Daq):
        for channel in wiring.outputs(name):
            yield _board_output(name, face, channel)


def _board_output(name: str, daq: Daq, channel: str) -> Row:
    item = f"{name}/{channel} output"
    try:
        volts = float(daq.read([channel])[0])
    except MtjlabError as error:
        return Row("instruments", item, "not read back", "warn", str(error))
    if abs(volts) < ZERO_V:
        return Row("instruments", item, si(volts, "V"), "ok")
    note = "found energised; nothing was touched. `mtjlab safe` takes it to 0 V"
    return Row("instruments", item, si(volts, "V"), "bad", note)


def _limits(
    wiring: Wiring, limits: JunctionLimits, faces: Mapping[str, Instrument]
) -> Iterator[Row]:
    yield Row(
        "limits",
        "junction",
        f"{si(limits.hard_v, 'V')}, {si(limits.hard_a, 'A')}, operating {si(limits.soft_v, 'V')}",
        "ok",
        f"declared resistance {si(limits.r_min_ohm, 'ohm')} to {si(limits.r_max_ohm, 'ohm')}",
    )
    for terminals in _alike(wiring):
        driven = wiring.driven_by(terminals[0])
        level_v = largest_level_v(driven, limits)
        worst = [limits.worst_case(level_v * wire.divider, wire.series_ohm) for wire in driven]
        worst_v = max(v * wire.swing_v for (v, _), wire in zip(worst, driven, strict=True))
        worst_a = max(a * wire.swing_a for (_, a), wire in zip(worst, driven, strict=True))
        binding = "current" if worst_a >= limits.hard_a * (1 - 1e-9) else "voltage"
        needed_a = sum(a * wire.junctions for (_, a), wire in zip(worst, driven, strict=True))
        verdict, note = _supply(needed_a, _face(terminals[0], faces))
        yield Row(
            "limits",
            f"{shorten(terminals)} level",
            f"up to {si(level_v, 'V')}",
            verdict,
            f"worst case {si(worst_v, 'V')}, {si(worst_a, 'A')} at a junction; "
            f"the {binding} limit decides{note}",
        )


def _alike(wiring: Wiring) -> list[list[str]]:
    """Source terminals of one instrument that drive the same networks, together."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for terminal in wiring.sources():
        network = sorted(_network(wiring.driven_by(terminal)))
        groups.setdefault((instrument_of(terminal), *network), []).append(terminal)
    return list(groups.values())


def _face(terminal: str, faces: Mapping[str, Instrument]) -> Instrument | None:
    return faces.get(terminal.partition("/")[0])


def _supply(needed_a: float, face: Instrument | None) -> tuple[Verdict, str]:
    """Whether a source-meter can drive all its junctions at once, each in its worst case."""
    if not isinstance(face, SourceMeter):
        return "ok", ""
    reach_a = max(face.abilities.current_ranges_a) * face.abilities.overrange
    if needed_a <= reach_a:
        return "ok", ""
    return "warn", (
        f"; all junctions together could take {si(needed_a, 'A')}, the instrument "
        f"gives {si(reach_a, 'A')}: the common bias would sag"
    )


def _fences(
    loaded: LoadedBench,
    wiring: Wiring,
    limits: JunctionLimits,
    faces: Mapping[str, Instrument],
) -> Iterator[Row]:
    """Full scale at the junction, for every output; only source-meters have a compliance."""
    for terminals in _alike(wiring):
        face = _face(terminals[0], faces)
        if isinstance(face, SourceMeter):
            yield Row("fences", shorten(terminals), "programmable compliance", "ok")
        if not isinstance(face, Daq):
            continue
        full_scale_v = max(face.abilities.output_ranges_v, default=0.0)
        accepted = loaded.file.instruments[instrument_of(terminals[0])].accept_unfenced
        for network in dict.fromkeys(_network(wiring.driven_by(terminals[0]))):
            divider, series_ohm, swing_v, swing_a = network
            found = fence(
                divider, series_ohm, full_scale_v, limits, swing_v=swing_v, swing_a=swing_a
            )
            value = f"divider {divider:g}, series {si(series_ohm, 'ohm')}"
            if found.holds:
                yield Row("fences", shorten(terminals), value, "ok", str(found))
            elif accepted:
                note = f"{found}; accepted by accept_unfenced = true"
                yield Row("fences", shorten(terminals), value, "warn", note)
            else:
                note = f"{found}; {found.remedy}"
                yield Row("fences", shorten(terminals), value, "bad", note)


def _network(driven: Iterable[Driven]) -> Iterator[tuple[float, float, float, float]]:
    return ((wire.divider, wire.series_ohm, wire.swing_v, wire.swing_a) for wire in driven)


def _wiring(wiring: Wiring, faces: Mapping[str, Instrument]) -> Iterator[Row]:
    singles = wiring.singles
    if singles:
        yield Row("wiring", "junctions", f"{len(singles)} single", "ok", _places(singles))
    unread = [str(junction.cell) for junction in singles if junction.read is None]
    for array in wiring.arrays:
        lines = f"rows {shorten(array.rows)}, columns {shorten(array.columns)}"
        size = f"{len(array.rows)} x {len(array.columns)} array"
        yield Row("wiring", "junctions", size, "ok", lines)
        unread += [
            f"column {column}"
            for column, read in zip(array.columns, array.reads, strict=True)
            if read is None
        ]
    if unread:
        yield Row("wiring", "unread", ", ".join(unread), "warn", "nothing measures these")
    for terminal in wiring.sources():
        if _face(terminal, faces) is None:
            note = f"the opened outputs are {', '.join(faces) or 'none'}"
            yield Row("wiring", terminal, "no such source", "bad", note)
    for name, face in faces.items():
        if isinstance(face, Daq):
            yield from _board(name, face, wiring)


def _amplifiers(
    wiring: Wiring, limits: JunctionLimits, faces: Mapping[str, Instrument]
) -> Iterator[Row]:
    """What the amplifiers of an array reach with all rows at their largest, against the input."""
    for array in wiring.arrays:
        reads = [read for read in array.reads if read is not None]
        if not reads:
            continue
        column_a = 0.0
        for wire in array.row_wires:
            level_v = largest_level_v(wiring.driven_by(wire.source), limits)
            face = _face(wire.source, faces)
            if isinstance(face, Daq):
                level_v = min(level_v, max(face.abilities.output_ranges_v, default=level_v))
            column_a += limits.worst_case(level_v * wire.divider, wire.series_ohm)[1]
        reach_v, range_v = column_a * array.tia_ohm, min(read.range_v for read in reads)
        clips = reach_v > range_v
        yield Row(
            "wiring",
            f"{shorten([read.address for read in reads])} amplifiers",
            f"up to {si(reach_v, 'V')}",
            "warn" if clips else "ok",
            f"all rows at their largest, every junction at r_min; the range is {si(range_v, 'V')}"
            + (": use a smaller feedback resistor, or fewer or smaller row voltages" * clips),
        )


def _places(singles: Iterable[SingleJunction]) -> str:
    rows: dict[int, list[int]] = {}
    for junction in singles:
        rows.setdefault(junction.cell.row, []).append(junction.cell.column)
    return "; ".join(f"row {row}, columns {shorten(columns)}" for row, columns in rows.items())


def _board(name: str, daq: Daq, wiring: Wiring) -> Iterator[Row]:
    wires, abilities = wiring.inputs(name), daq.abilities
    for what, used, there in (
        ("inputs", tuple(wires), abilities.inputs),
        ("outputs", tuple(wiring.outputs(name)), abilities.outputs),
    ):
        missing = [channel for channel in used if channel not in there]
        if missing:
            have = shorten([f"{name}/{channel}" for channel in there]) or "none"
            yield Row("wiring", f"{name} {what}", ", ".join(missing), "bad", f"it has {have}")
    if not wires:
        return
    channels = shorten([f"{name}/{channel}" for channel in wires])
    rate_hz = abilities.rate_limit_hz(len(wires))
    yield Row(
        "wiring",
        channels,
        f"{len(wires)} inputs, {si(rate_hz, 'S/s')} each",
        "ok",
        "simultaneous"
        if abilities.simultaneous
        else "multiplexed: one after the other, with charge left from the channel before",
    )
    wanted_v = max(wire.range_v for wire in wires.values())
    largest_v = max(abilities.input_ranges_v)
    if wanted_v > largest_v:
        note = f"the board's largest is {si(largest_v, 'V')}"
        yield Row("wiring", f"{name} range", si(wanted_v, "V"), "bad", note)


def _host_loss(drivers: Mapping[str, Driver]) -> Iterator[Row]:
    for name, driver in drivers.items():
        uncovered = driver.host_loss.lower().startswith("nothing")
        yield Row("host loss", name, driver.host_loss, "warn" if uncovered else "ok")
