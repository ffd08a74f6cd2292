"""A session: several protocols, each given what the ones before it found.

[session]
bench = "array"
seed = 1

[[step]]
name = "map"
protocol = "array_map"

[[step]]
protocol = "noise_learning"
parameters = {task = "iris"}
use = {cells = "map.usable_cells"}
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import Field

from mtjlab.core.errors import UsageError, nearest
from mtjlab.core.parameters import Parameters, from_texts, read_file
from mtjlab.core.places import bench_name

OnFailure = Literal["stop", "continue"]


class SessionTable(Parameters):
    """`[session]`."""

    bench: str | None = Field(None, description="bench file or shipped name of the steps")
    seed: Annotated[int, Ge(0)] | None = Field(None, description="of the first step")
    on_failure: OnFailure = Field("stop", description="what a failed step does to the rest")


class StepTable(Parameters):
    """`[[step]]`."""

    protocol: str = Field(description="name of a protocol")
    bench: str | None = Field(None, description="none: that of the session")
    name: str | None = Field(None, description="for `use` of later steps; none: the protocol")
    parameters: dict[str, Any] = Field(default_factory=dict, description="as in --params")
    use: dict[str, str] = Field(
        default_factory=dict, description='parameter = "STEP.RESULT" of an earlier step'
    )
    seed: Annotated[int, Ge(0)] | None = Field(None, description="none: counted from the session's")
    on_failure: OnFailure | None = Field(None, description="none: as the session says")


class SessionTables(Parameters):
    """The whole file."""

    session: SessionTable = Field(default_factory=lambda: SessionTable.model_validate({}))
    step: list[StepTable] = Field(min_length=1, description="one table [[step]] for each run")


@dataclass(frozen=True)
class Use:
    """A parameter that is a result of an earlier step."""

    parameter: str
    step: str
    result: str


@dataclass(frozen=True)
class SessionStep:
    """One run of a session.

    Attributes:
        name: unique in the session.
        protocol: its name.
        bench: file or shipped name.
        parameters: as the file gives them.
        settings: `name=value` texts, which win.
        uses: parameters that earlier steps supply.
        seed: of the run; None: the session's plus the number of steps before.
        ends: whether its failure ends the session.
    """

    name: str
    protocol: str
    bench: str
    parameters: Mapping[str, Any]
    settings: tuple[str, ...]
    uses: tuple[Use, ...]
    seed: int | None
    ends: bool


@dataclass(frozen=True)
class Session:
    """What a session file says.

    Attributes:
        name: of the file, without its ending.
        bench: of the steps that say no other.
        seed: of the first step; None: whoever runs it draws one.
        steps: in their order.
        faults: a `--faults` file for the twin of all steps.
    """

    name: str
    bench: str
    seed: int | None
    steps: tuple[SessionStep, ...]
    faults: Path | None = None
    drawn: int = field(default_factory=lambda: secrets.randbelow(2**31))

    def index(self, name: str) -> int:
        """Position of a step.

        Raises:
            UsageError: no such step, with the nearest.
        """
        names = [step.name for step in self.steps]
        if name not in names:
            raise UsageError(f"session {self.name} has no step {name!r}; {nearest(name, names)}")
        return names.index(name)


def read_session(
    path: Path,
    *,
    bench: str | None = None,
    usual_bench: str | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
    faults: Path | None = None,
) -> Session:
    """Read a session file; `check_session` judges what it asks for.

    Args:
        path: TOML file.
        bench: in place of what the file says, of all steps.
        usual_bench: of a file that says none, in place of `bench_name()`.
        seed: in place of the file's.
        settings: `STEP.NAME=VALUE` texts.
        faults: a `--faults` file.

    Raises:
        UsageError: not such a file, or steps that cannot be told apart.
    """
    tables = from_texts(SessionTables, read_file(path), of=f"session file {path}")
    names = _names(path, tables.step)
    by_step = _settings(path, names, settings)
    about = tables.session
    common = bench_name(bench or _beside(path, about.bench) or usual_bench)
    return Session(
        path.stem,
        common,
        about.seed if seed is None else seed,
        tuple(
            SessionStep(
                name,
                table.protocol,
                bench or _beside(path, table.bench) or common,
                table.parameters,
                tuple(by_step[name]),
                tuple(_use(path, name, *given) for given in table.use.items()),
                table.seed,
                (table.on_failure or about.on_failure) == "stop",
            )
            for name, table in zip(names, tables.step, strict=True)
        ),
        faults,
    )


def _beside(path: Path, bench: str | None) -> str | None:
    """A bench file is looked for beside the session file first."""
    if bench is None:
        return None
    near = path.parent / bench
    return str(near) if near.is_file() else bench


def _names(path: Path, steps: Sequence[StepTable]) -> list[str]:
    names = [table.name or table.protocol.partition(":")[0] for table in steps]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"session file {path}: {names.count(twice[0])} steps are called {twice[0]!r}; give "
            "each a `name` of its own"
        )
    wrong = [name for name in names if not name or "." in name or "=" in name]
    if wrong:
        raise UsageError(f"session file {path}: {wrong[0]!r} is no name for a step; no . or =")
    return names


def _settings(path: Path, names: Sequence[str], settings: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in names}
    for setting in settings:
        step, dot, rest = setting.partition(".")
        if not dot or "=" in step or step not in found:
            raise UsageError(
                f"--set {setting!r}: of a session it is STEP.NAME=VALUE, and {path} has the steps "
                f"{', '.join(names)}"
            )
        found[step].append(rest)
    return found


def _use(path: Path, name: str, parameter: str, text: str) -> Use:
    step, dot, result = text.partition(".")
    if not (step and dot and result):
        raise UsageError(
            f"session file {path}: step {name!r}: use = {{{parameter} = {text!r}}}; expected "
            '"STEP.RESULT" of an earlier step'
        )
    return Use(parameter, step, result)
