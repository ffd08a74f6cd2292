"""What a run will be: everything that can be settled without opening anything."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from mtjlab.bench.file import LoadedBench, load, parse
from mtjlab.core import plugins
from mtjlab.core.errors import LimitError
from mtjlab.core.events import RunStarted
from mtjlab.core.parameters import Parameters, from_texts, read_file
from mtjlab.core.protocol import Protocol, Rig, Stream
from mtjlab.core.provenance import revision, versions
from mtjlab.runner.continued import Begun
from mtjlab.runner.pace import PaceName
from mtjlab.store import RunHeader, check_runs_dir

OnError = Literal["pause", "fail"]


@dataclass(frozen=True)
class Link:
    """The place of a run in a session or sweep; empty for a run by itself.

    Attributes:
        session: id that its runs have in common.
        step: name of this one.
        uses: parameter -> `run id:result` that it was taken from.
    """

    session: str = ""
    step: str = ""
    uses: Mapping[str, str] = field(default_factory=dict)


ALONE = Link()


@dataclass(frozen=True)
class Plan:
    """A run that could start: everything validated, nothing opened.

    Attributes:
        protocol_name, protocol, params: resolved.
        loaded: the bench file with the protocol's twin overrides applied.
        seed: of the run.
        runs_dir: None for a dry run, which leaves no file and opens nothing real.
        command: the command line, for the run file.
        on_error: when an instrument does not come back: `pause` safe and wait for a person, or
            `fail` safe with exit code 3.
        begun: the run that this one goes on with; None starts afresh.
        on_twin: put a real bench on its twin.
        link: to the other runs of a session or sweep.
        pace: `realtime` holds a twin in this process back to the wall clock; same bytes.
    """

    protocol_name: str
    protocol: Protocol[Any]
    params: Parameters
    loaded: LoadedBench
    seed: int
    runs_dir: Path | None
    command: str = ""
    on_error: OnError = "fail"
    begun: Begun | None = None
    on_twin: bool = False
    link: Link = ALONE
    pace: PaceName = "virtual"

    def header(self, run_id: str, *, twin: bool) -> RunHeader:
        """What the run file says of the run before its first row."""
        return RunHeader(
            run_id=run_id,
            protocol=self.protocol_name,
            bench=self.loaded.file.name,
            chip=self.loaded.file.chip.id,
            twin=twin,
            seed=self.seed,
            bench_toml=self.loaded.text,
            bench_overrides=dict(self.loaded.overrides),
            parameters=self.params.model_dump(mode="json"),
            versions=versions(),
            revision=revision(),
            host=platform.node(),
            started=datetime.now(UTC),
            command=self.command,
            allow_raw=self.loaded.file.bench.allow_raw,
            resumed_from=self.begun.run_id if self.begun else "",
            session=self.link.session,
            step=self.link.step,
            uses=dict(self.link.uses),
        )

    def started(
        self, run_id: str, run_file: Path | None, rig: Rig, streams: Sequence[Stream]
    ) -> RunStarted:
        """What listeners are told of the run before its first row."""
        return RunStarted(
            run_id,
            self.protocol_name,
            rig.bench,
            rig.twin,
            self.seed,
            str(run_file or ""),
            tuple(streams),
            self.params.model_dump(mode="json"),
        )


def plan(
    protocol: str,
    bench: str,
    *,
    parameters_file: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    faults_file: Path | None = None,
    settings: Sequence[str] = (),
    seed: int = 0,
    runs_dir: Path | None,
    command: str = "",
    on_error: OnError = "fail",
    link: Link = ALONE,
    bench_toml: str | None = None,
) -> Plan:
    """Settle protocol, parameters, bench and run folder.

    `settings` win over `parameters`, and these over the file. With `bench_toml`, the text of the
    bench file, `bench` only names it.

    Raises:
        UsageError: unknown protocol, parameter or bench, or a value out of range.
        LimitError: a recipe that goes around the guard, on a bench that does not allow it.
        StoreError: the run folder cannot be written.
    """
    kind = recipe(protocol)
    given = (read_file(parameters_file) if parameters_file else {}) | dict(parameters or {})
    params = kind.resolve(from_texts(kind.parameters, given, settings, of=protocol))
    overrides = kind.twin_overrides(params)
    loaded = (
        load(bench, overrides=overrides, faults=faults_file)
        if bench_toml is None
        else parse(bench_toml, source=bench, overrides=overrides, faults=faults_file)
    )
    if getattr(kind, "unguarded", False) and not loaded.file.bench.allow_raw:
        raise LimitError(
            f"{protocol} opens its instruments itself, past the guard, and the bench "
            f"{loaded.file.name!r} does not allow it; nothing was opened. Put `allow_raw = true` "
            "into [bench]"
        )
    if runs_dir is not None:
        check_runs_dir(runs_dir)
    return Plan(protocol, kind, params, loaded, seed, runs_dir, command, on_error, link=link)


def recipe(name: str) -> Protocol[Any]:
    """One of our protocols by name, or `kind:target`: a recipe of another house.

    Raises:
        UsageError: no such protocol, or it does not load.
    """
    kind, foreign, target = name.partition(":")
    made: Protocol[Any] = (
        plugins.load("recipes", kind)(target) if foreign else plugins.load("protocols", name)()
    )
    return made
