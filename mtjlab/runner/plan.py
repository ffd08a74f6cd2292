"""What a run will be: everything that can be settled without opening anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtjlab.bench.file import LoadedBench, load
from mtjlab.core import plugins
from mtjlab.core.parameters import Parameters, from_texts, read_file
from mtjlab.core.protocol import Protocol
from mtjlab.store import check_runs_dir


@dataclass(frozen=True)
class Plan:
    """A run that could start: everything validated, nothing opened.

    Attributes:
        protocol_name, protocol, params: resolved.
        loaded: the bench file with the protocol's twin overrides applied.
        seed: of the run.
        runs_dir: None for a dry run, which leaves no file and opens nothing real.
        command: the command line, for the run file.
    """

    protocol_name: str
    protocol: Protocol[Any]
    params: Parameters
    loaded: LoadedBench
    seed: int
    runs_dir: Path | None
    command: str = ""


def plan(
    protocol: str,
    bench: str,
    *,
    parameters_file: Path | None = None,
    settings: Sequence[str] = (),
    seed: int = 0,
    runs_dir: Path | None,
    command: str = "",
) -> Plan:
    """Settle protocol, parameters, bench and run folder.

    Raises:
        UsageError: unknown protocol, parameter or bench, or a value out of range.
        StoreError: the run folder cannot be written.
    """
    recipe: Protocol[Any] = plugins.load("protocols", protocol)()
    given = read_file(parameters_file) if parameters_file else {}
    params = recipe.resolve(from_texts(recipe.parameters, given, settings, of=protocol))
    loaded = load(bench, overrides=recipe.twin_overrides(params))
    if runs_dir is not None:
        check_runs_dir(runs_dir)
    return Plan(protocol, recipe, params, loaded, seed, runs_dir, command)
