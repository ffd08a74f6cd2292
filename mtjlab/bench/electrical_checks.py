"""Whether wiring and limits fit what the instruments can do: channels, ranges, fences, limits."""

from collections.abc import Mapping
from typing import Literal

from mtjlab.bench.channels import shorten
from mtjlab.bench.fences import fence
from mtjlab.bench.instrument_checks import Known
from mtjlab.bench.mistakes import Key, Mistakes
from mtjlab.bench.tables import InstrumentTable, LimitsTable
from mtjlab.bench.wiring_checks import instrument_of
from mtjlab.bench.wiring_tables import ArrayTable, SinglesTable, WiringTables
from mtjlab.core.units import si
from mtjlab.core.wiring import array_swing


def check_channels(wiring: WiringTables, known: Mapping[str, Known], mistakes: Mistakes) -> None:
    """Terminals must exist: `smu` on a source-meter, `daq/ai0` on a board, and not too many."""
    for at, group in wiring.groups():
        for terminal in dict.fromkeys(group.source):
            _check_channel(terminal, "output", known, (*at, "source"), mistakes)
        for terminal in group.read or ():
            _check_channel(terminal, "input", known, (*at, "read"), mistakes)


def _check_channel(
    terminal: str,
    what: Literal["input", "output"],
    known: Mapping[str, Known],
    key: Key,
    mistakes: Mistakes,
) -> None:
    name, _, channel = terminal.partition("/")
    facts = known.get(instrument_of(terminal), Known())
    prefix = "ai" if what == "input" else "ao"
    count = facts.inputs if what == "input" else facts.outputs
    if facts.kind == "source-meter" and channel:
        mistakes.add(
            key,
            f"{name!r} is a source-meter and has no {what} {channel!r}; expected "
            + (f"{name!r} alone" if what == "output" else "an input of a board"),
        )
    elif facts.kind == "board" and not channel and what == "output":
        mistakes.add(key, f"{name!r} is a board; expected one of its outputs, such as '{name}/ao0'")
    elif count is not None and channel:
        names = [f"{prefix}{number}" for number in range(count)]
        if channel not in names:
            have = shorten([f"{name}/{known_name}" for known_name in names]) or f"no {what}s"
            mistakes.add(key, f"{name!r} has no {what} {channel!r}; it has {have}")


def check_input_ranges(
    wiring: WiringTables,
    limits: LimitsTable | None,
    known: Mapping[str, Known],
    mistakes: Mistakes,
) -> None:
    """An input range exists on the board and does not clip below the operating limit.

    What an amplifier can put on its input depends on all rows; `mtjlab check` says it.
    """
    for at, group in wiring.groups():
        if group.range is None or group.read is None:
            continue
        key: Key = (*at, "range")
        largest_v = min(
            (
                max(facts.input_ranges_v)
                for facts in (known.get(instrument_of(t)) for t in group.read)
                if facts is not None and facts.input_ranges_v
            ),
            default=None,
        )
        if largest_v is not None and group.range > largest_v:
            mistakes.add(key, f"larger than the board's largest range, {si(largest_v, 'V')}")
        reads_junction = isinstance(group, SinglesTable)
        if reads_junction and limits is not None and group.range < limits.soft_v:
            mistakes.add(
                key,
                f"the input would clip below limits.soft_v = {si(limits.soft_v, 'V')}; "
                "expected at least that",
            )


def check_biases(wiring: WiringTables, limits: LimitsTable, mistakes: Mistakes) -> None:
    """The guard would refuse an operating bias whose worst case a junction does not survive."""
    for index, group in enumerate(wiring.singles):
        if group.bias is None:
            continue
        worst_v, worst_a = limits.junction().worst_case(group.bias, group.series)
        if worst_v > limits.junction_v or worst_a > limits.junction_a:
            mistakes.add(
                ("wiring", "singles", index, "bias"),
                f"puts up to {si(worst_v, 'V')} and {si(worst_a, 'A')} on a junction; limits are "
                f"{si(limits.junction_v, 'V')} and {si(limits.junction_a, 'A')}",
            )


def check_reach(limits: LimitsTable, known: Mapping[str, Known], mistakes: Mistakes) -> None:
    """A limit above what an instrument can do guards against nothing: it is a slip of the pen."""
    for name, facts in known.items():
        reach_v = facts.full_scale_v if facts.kind == "board" else facts.largest_v
        for key, limit, reach, unit in (
            ("junction_v", limits.junction_v, reach_v, "V"),
            ("junction_a", limits.junction_a, facts.largest_a, "A"),
        ):
            if reach is not None and limit > reach:
                mistakes.add(
                    ("limits", key),
                    f"above what {name!r} can do, {si(reach, unit)}; "
                    "expected what a junction survives",
                )


def check_fences(
    wiring: WiringTables,
    limits: LimitsTable,
    instruments: Mapping[str, InstrumentTable],
    known: Mapping[str, Known],
    mistakes: Mistakes,
) -> None:
    """Outputs of boards, which have no compliance, must be fenced or accepted as they are."""
    for at, group in wiring.groups():
        boards = {instrument_of(t): None for t in group.source if "/" in t}
        for name in boards:
            entry = instruments.get(name)
            if entry is None or entry.accept_unfenced:
                continue
            if known.get(name, Known()).kind == "source-meter":
                continue
            _check_fence(at, group, limits, name, known.get(name, Known()), mistakes)


def _check_fence(
    at: Key,
    group: SinglesTable | ArrayTable,
    limits: LimitsTable,
    name: str,
    facts: Known,
    mistakes: Mistakes,
) -> None:
    swing_v = swing_a = 1.0
    if isinstance(group, ArrayTable):
        swing_v, swing_a = array_swing(len(set(group.source)), group.selector is not None)
    found = fence(
        group.divider,
        group.series,
        facts.full_scale_v,
        limits.junction(),
        swing_v=swing_v,
        swing_a=swing_a,
    )
    if not found.holds:
        mistakes.add(
            (*at, "source"),
            f"unfenced output: {found} (divider {group.divider:g}, series "
            f"{si(group.series, 'ohm')}); limits are {si(limits.junction_v, 'V')} and "
            f"{si(limits.junction_a, 'A')}. {found.remedy[:1].upper()}{found.remedy[1:]}; "
            f"or set instruments.{name}.accept_unfenced = true",
        )
