"""A bench between runs, as values: what each instrument said when it was last asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mtjlab.bench.check import ZERO_V, Row
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import MtjlabError
from mtjlab.core.interfaces import Channel, Daq, Instrument, Selector, SourceMeter
from mtjlab.core.units import si

Phase = Literal["closed", "opening", "connected", "in a run"]

NO_ANSWER, LENT = "no answer", "lent to the run"


@dataclass(frozen=True)
class InstrumentState:
    """One instrument, or one channel of it.

    Attributes:
        name: of the channel, such as `smu` or `smu.a`; of the instrument where it did not open.
        plugin: the driver.
        resource: where it is.
        identity: what it says of itself; "" before it has answered.
        state: in words, such as "on at 100 mV", "all open", or `NO_ANSWER`.
        output_on: None where it has no output, or does not say.
        level: of its output, V or A as `unit` says; of a board the one furthest from 0.
        unit: "" where there is no level.
        error: what went wrong last and what to do; "" if nothing has.
    """

    name: str
    plugin: str
    resource: str
    identity: str = ""
    state: str = NO_ANSWER
    output_on: bool | None = None
    level: float | None = None
    unit: str = ""
    error: str = ""

    @property
    def answers(self) -> bool:
        """Whether it did when it was last asked."""
        return self.state != NO_ANSWER


@dataclass(frozen=True)
class BenchState:
    """What is known of the bench that somebody sits at.

    Attributes:
        bench: its name; "" before one was chosen.
        source: path or shipped name.
        phase: "in a run" while a run has its instruments.
        twin: whether it is a simulated one.
        instruments: in the order of the bench file.
        limits: of junctions and outputs, a line each.
        words: what came of the last request, for people.
        wrong: whether that is bad news.
    """

    bench: str = ""
    source: str = ""
    phase: Phase = "closed"
    twin: bool = False
    instruments: tuple[InstrumentState, ...] = ()
    limits: tuple[str, ...] = ()
    words: str = ""
    wrong: bool = False

    @property
    def connected(self) -> bool:
        """Whether its links are open between runs."""
        return self.phase == "connected"

    @property
    def energised(self) -> bool:
        """Whether an output is on, whoever switched it on."""
        return any(one.output_on for one in self.instruments)

    @property
    def silent(self) -> tuple[str, ...]:
        """Instruments that did not answer: nobody knows where their outputs stand."""
        return tuple(one.name for one in self.instruments if not one.answers)

    @property
    def proved_off(self) -> bool:
        """Every instrument has answered since the last run, and none has an output on."""
        return bool(self.instruments) and all(
            one.state not in (NO_ANSWER, LENT) and not one.error and not one.output_on
            for one in self.instruments
        )


@dataclass(frozen=True)
class BenchChecked:
    """The table of `mtjlab check`; `error` says why there is none."""

    source: str
    rows: tuple[Row, ...] = ()
    error: str = ""


BenchEvent = BenchState | BenchChecked


def unopened(bench: OpenBench, name: str) -> InstrumentState:
    """A channel, or an instrument of the file that did not open, with the reason."""
    entry = bench.loaded.file.instruments[name.partition(".")[0]]
    why = bench.missing.get(name)
    error = "" if why is None else f"{why}. Mend it, then look again"
    state = NO_ANSWER if why is not None else "not simulated, so not there on this twin"
    return InstrumentState(name, entry.plugin, entry.resource, state=state, error=error)


def asked(bench: OpenBench, name: str, face: Instrument, identity: str = "") -> InstrumentState:
    """Ask one channel what it is and where its output stands; changes and measures nothing.

    Args:
        bench: open.
        name: of the face.
        face: raw.
        identity: known from before; "" asks.

    Raises:
        MtjlabError: no answer, or none that makes sense.
    """
    entry = bench.loaded.file.instruments[name.partition(".")[0]]
    if not identity or not isinstance(face, SourceMeter | Channel):
        identity = str(face.identify())
    found = InstrumentState(name, entry.plugin, entry.resource, identity, "ready")
    if isinstance(face, SourceMeter):
        return _source(found, face)
    if isinstance(face, Selector):
        closed = face.closed()
        return replace(found, state=f"closed: {', '.join(closed)}" if closed else "all open")
    if isinstance(face, Channel):
        return replace(found, state="only read")
    return _board(found, face, bench.wiring.outputs(name))


def _source(found: InstrumentState, source: SourceMeter) -> InstrumentState:
    said = source.state()
    unit = "V" if said.function == "voltage" else "A"
    level = si(said.level, unit)
    state = f"on at {level}" if said.output_on else f"off, set to {level}"
    return replace(found, state=state, output_on=said.output_on, level=said.level, unit=unit)


def _board(found: InstrumentState, board: Daq, outputs: Sequence[str]) -> InstrumentState:
    if not outputs:
        return replace(found, state="no wired outputs")
    try:
        volts = [float(value) for value in board.read(outputs)]
    except MtjlabError as error:
        return replace(found, state="outputs not read back", error=str(error))
    furthest = max(range(len(volts)), key=lambda index: abs(volts[index]))
    # Not `abs(..) >= ZERO_V`: a NaN is not zero.
    if abs(volts[furthest]) < ZERO_V:
        return replace(
            found, state=f"{len(volts)} outputs at 0 V", output_on=False, level=0.0, unit="V"
        )
    level_v = volts[furthest]
    state = f"{outputs[furthest]} at {si(level_v, 'V')}"
    return replace(found, state=state, output_on=True, level=level_v, unit="V")


def error_words(error: BaseException) -> str:
    """Of our own errors the message; of others the class, too."""
    return str(error) if isinstance(error, MtjlabError) else f"{type(error).__name__}: {error}"
