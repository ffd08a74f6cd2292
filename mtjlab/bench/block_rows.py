"""What `mtjlab check` says of hardware-timed blocks: charge, settling, clocks of two boards."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from mtjlab.bench.channels import shorten
from mtjlab.bench.settling import Settling
from mtjlab.core.interfaces import Daq, Instrument
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import Wiring


class Finding(NamedTuple):
    """A row of the section `wiring`."""

    item: str
    value: str
    verdict: Literal["ok", "warn", "bad"]
    note: str


def block_rows(
    wiring: Wiring, limits: JunctionLimits, faces: Mapping[str, Instrument]
) -> Iterator[Finding]:
    """One row or more for each board that reads something."""
    for name, face in faces.items():
        channels = tuple(wiring.inputs(name))
        if isinstance(face, Daq) and channels:
            settling = Settling(wiring, limits, name, face.abilities)
            yield from _charge(name, face, channels, settling, wiring.left_over)
            settled_s = settling.settled_s(channels)
            if settled_s > 0:
                yield Finding(
                    f"{_named(name, channels)} settling",
                    si(settled_s, "s"),
                    "ok",
                    f"from a step of an output until {wiring.left_over:g} of it is missing, by "
                    "series resistance, r_max and capacitance; blocks that keep earlier samples "
                    "are refused",
                )
    yield from _clocks(wiring, faces)


def _charge(
    name: str, daq: Daq, channels: tuple[str, ...], settling: Settling, most: float
) -> Iterator[Finding]:
    count, needed_s = len(channels), settling.charged_s(channels)
    if daq.abilities.simultaneous or count < 2:
        return
    item = f"{_named(name, channels)} charge"
    if daq.abilities.multiplexer is None:
        note = "nothing is known of the board's multiplexer: charge left is not judged"
        yield Finding(item, "unknown", "warn", note)
        return
    fastest_hz = daq.abilities.rate_limit_hz(count)
    left = settling.left(channels, fastest_hz)
    value = f"{left:.2g} left at {si(fastest_hz, 'S/s')} each"
    of = "of the difference to the channel before"
    if left <= most:
        yield Finding(item, value, "ok", f"{of}; [wiring] left_over is {most:g}")
    elif needed_s > settling.longest_s(count):
        yield Finding(
            item,
            f"{settling.left(channels, 1.0):.2g} left at any rate",
            "bad",
            f"{of}; [wiring] left_over is {most:g}. A channel needs {si(needed_s, 's')}, the "
            f"board stays {si(settling.longest_s(count), 's')}. Use smaller series resistors, "
            "buffers, or a board with a converter for each input",
        )
    else:
        yield Finding(
            item,
            value,
            "warn",
            f"{of}; [wiring] left_over is {most:g}, so that blocks of all of them above "
            f"{si(1 / (count * needed_s), 'S/s')} each are refused",
        )


def _clocks(wiring: Wiring, faces: Mapping[str, Instrument]) -> Iterator[Finding]:
    """Junctions that one board drives and another reads."""
    crossing: dict[tuple[str, str], list[str]] = {}
    for junction in wiring.singles:
        player = junction.source.partition("/")[0]
        if junction.read is not None and isinstance(faces.get(player), Daq):
            crossing.setdefault((player, junction.read.instrument), []).append(junction.source)
    for array in wiring.arrays:
        for player in dict.fromkeys(source.partition("/")[0] for source in array.sources):
            for read in array.reads:
                if read is not None and isinstance(faces.get(player), Daq):
                    crossing.setdefault((player, read.instrument), []).extend(
                        s for s in array.sources if s.startswith(f"{player}/")
                    )
    for (player, reader), sources in crossing.items():
        if player == reader:
            continue
        item = f"{shorten(list(dict.fromkeys(sources)))} read by {reader}"
        if wiring.clocked_together(player, reader):
            yield Finding(item, "on one clock", "ok", f"{reader} samples on the clock of {player}")
        else:
            yield Finding(
                item,
                "no shared clock",
                "warn",
                "blocks that step these outputs and read them are refused. Join the boards by a "
                f'cable, and declare [[wiring.clocks]] outputs = "{player}", inputs = "{reader}"',
            )


def _named(name: str, channels: tuple[str, ...]) -> str:
    return shorten([f"{name}/{channel}" for channel in channels])
