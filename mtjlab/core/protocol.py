"""The contract between an experiment, the runner that executes it and the rig it is handed.

Between two yields of `steps`, and only there, the runner commits the rows emitted since the last
yield, saves, pauses, aborts or retries. Rows of an unfinished step never reach the file.
"""

import typing
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.aside import aside
from mtjlab.core.clock import Clock
from mtjlab.core.coil import FieldSource
from mtjlab.core.errors import BenchError, LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Daq, Selector, SourceMeter
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.parameters import Parameters
from mtjlab.core.wiring import Wiring

StateValue = NDArray[Any] | int | float | str | bool | None
State = Mapping[str, StateValue]
Hold = typing.Literal["stuck", "mean", "free"]
Results = dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """A declared series of rows in the run file.

    Attributes:
        name: dataset name below `/data`.
        dtype: of one element.
        shape: of one row; () for a scalar.
        unit: SI symbol, "" for a pure number.
        about: one line for whoever opens the file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    unit: str
    about: str = ""


@dataclass(frozen=True)
class Progress:
    """One committed step.

    Attributes:
        state: flat; all that the next `steps` needs to go on from here. What it holds is not
            changed until the next step is asked for.
        done, total: in the protocol's own unit of work.
        values: what a progress bar shows, such as loss and accuracy.
    """

    state: State
    done: float
    total: float
    values: Mapping[str, float | int | str | None] = field(default_factory=dict)


# A computation in another thread says so much oftener than that it is not hung.
_AT_LEAST_S = 10.0

A = typing.ParamSpec("A")
T = typing.TypeVar("T")


def _no_raw(name: str) -> AbstractContextManager[Any]:
    raise LimitError(f"raw access to {name}: there is no way around the guard; nothing was sent")


def cannot_hold(how: Hold) -> None:
    """`Rig.hold_junctions` of a bench that is no twin in this program."""
    raise BenchError(
        f"junctions = {how}: only a twin in this program can hold its junctions; on this bench use "
        "junctions=off where the fabric allows it, or try the control on an in-memory twin"
    )


def _no_hand_over() -> None:
    raise LimitError("the bench cannot be handed over: there is no way around the guard")


@dataclass(frozen=True)
class Rig:
    """The opened bench, by name, as a protocol sees it: guarded faces only.

    Attributes:
        bench: its name.
        twin: whether a simulated world is behind it.
        sources, daqs, selectors: guarded faces by instrument name (`smu`, `smu.a`).
        fields: field coils by the source-meter that drives them, which is not among `sources`.
        wiring, limits: of the bench file.
        clock: bench time.
        generators: of the run.
        emit: `emit(stream, rows)` with rows of shape (n, *row shape); committed at the next yield.
        notice: `notice(level, text)`; a sentence for log and screen.
        busy: `busy(seconds)`: before each piece of a computation that takes more than a tenth of
            a second of wall time while an output is on. STOP ends the run there (Aborted), and
            the supervisor would take a program that says nothing for more than 5 s for hung.
        raw: `with rig.raw("smu") as driver:` the driver itself, which can be set inside the block,
            unguarded. LimitError unless the bench file says `allow_raw = true`.
        hold_junctions: `hold_junctions(how)`: "stuck", every junction in P whatever its bias;
            "mean", each with its mean response at its bias, without telegraph; "free" again.
            BenchError unless the twin is in this program.
        chip: id of the one in the socket, "" where the bench file has none.
        hand_over: close every link, for code that opens the instruments itself; likewise. The
            bench is connected again and made safe when the run ends.
    """

    bench: str
    twin: bool
    sources: Mapping[str, SourceMeter]
    daqs: Mapping[str, Daq]
    selectors: Mapping[str, Selector]
    wiring: Wiring
    limits: JunctionLimits
    clock: Clock
    generators: Generators
    emit: Callable[[str, NDArray[Any]], None]
    notice: Callable[[str, str], None]
    busy: Callable[[float], None] = lambda _seconds: None
    raw: Callable[[str], AbstractContextManager[Any]] = _no_raw
    hand_over: Callable[[], None] = _no_hand_over
    hold_junctions: Callable[[Hold], None] = cannot_hold
    fields: Mapping[str, FieldSource] = field(default_factory=dict)
    chip: str = ""

    def compute(self, function: Callable[A, T], *arguments: A.args, **named: A.kwargs) -> T:
        """The result of a computation that takes long and has no place to say `busy` in.

        It runs in a thread of its own, so that STOP ends the run within a fiftieth of a second
        (Aborted) whatever it does.

        Args:
            function: pure: touches no instrument and nothing that anything else changes.
            *arguments: of it.
            **named: of it.
        """
        return aside(partial(function, *arguments, **named), lambda: self.busy(_AT_LEAST_S))

    def emit_row(self, stream: str, row: Any) -> None:
        """Emit a single row."""
        self.emit(stream, np.asarray(row)[np.newaxis])


P = typing.TypeVar("P", bound=Parameters)


class Protocol(typing.Protocol[P]):
    """A recipe for one experiment; what an entry point of `mtjlab.protocols` names.

    Constructed without arguments; holds nothing between calls.

    Attributes:
        parameters: the parameter model.
    """

    parameters: type[P]

    def resolve(self, params: P) -> P:
        """Fill in what depends on other parameters. Pure.

        Raises:
            ParameterError: the combination makes no sense.
        """
        ...

    def twin_overrides(self, params: P) -> dict[str, Any]:
        """Keys of the bench file's `[twin]` to change before it opens. Pure.

        Not empty on a real bench is a BenchError.
        """
        ...

    def streams(self, params: P, rig: Rig) -> list[Stream]:
        """The streams this run will emit. Pure: touches no instrument.

        Raises:
            BenchError: this bench cannot serve these parameters.
        """
        ...

    def setup(self, rig: Rig, params: P) -> None:
        """Bring the bench to its operating point. Emits nothing; runs before every (re)start."""
        ...

    def steps(self, rig: Rig, params: P, state: State | None) -> Generator[Progress, None, Results]:
        """Run from `state` (None: from the beginning) to the results.

        Yields at least once a second of bench time, or after each transaction that takes longer.
        """
        ...
