"""A run once more, from its own file: gone on with, or done again on the twin."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mtjlab.bench.file import load, parse
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import explain
from mtjlab.runner.continued import Begun
from mtjlab.runner.plan import ALONE, Link, OnError, Plan, recipe
from mtjlab.store import RunReader, check_runs_dir


def resumed(
    run: RunReader,
    *,
    bench: str | None = None,
    runs_dir: Path | None,
    command: str = "",
    on_error: OnError = "fail",
) -> Plan:
    """Go on from the last checkpoint, in a file of its own that has the earlier rows, too.

    On a twin in this process the rows are those of a run that was never interrupted, bit for bit.
    A real bench goes on as it is now.

    Args:
        run: that was aborted, failed or died.
        bench: another bench file; None: the one that the run began with, from its file.
        runs_dir: None for a dry run.
        command: the command line.
        on_error: as in `Plan`.

    Raises:
        StoreError: the run cannot be gone on with; ParameterError, BenchError: or not today.
    """
    return _plan(run, bench, runs_dir, command, on_error, Begun.of(run))


def replayed(run: RunReader, *, runs_dir: Path, command: str = "") -> Plan:
    """The whole run again on the twin of its bench, from what its file says.

    Raises:
        ParameterError, BenchError: this mtjlab does not know what was asked for then.
    """
    return _plan(run, None, runs_dir, command, "fail", None, on_twin=True)


def on_bench(
    run: RunReader, bench: str, *, runs_dir: Path, seed: int | None = None, command: str = ""
) -> Plan:
    """The whole run again on the twin of another bench, with its parameters.

    Args:
        run: any run.
        bench: bench file or shipped name.
        runs_dir: where the new run file goes.
        seed: None: that of the run.
        command: the command line.

    Raises:
        ParameterError, BenchError: this mtjlab, or that bench, does not know what was asked for.
    """
    planned = _plan(run, bench, runs_dir, command, "fail", None, on_twin=True)
    return planned if seed is None else replace(planned, seed=seed)


def _plan(
    run: RunReader,
    bench: str | None,
    runs_dir: Path | None,
    command: str,
    on_error: OnError,
    begun: Begun | None,
    *,
    on_twin: bool = False,
) -> Plan:
    header = run.header
    protocol = recipe(header.protocol)
    loaded = (
        parse(
            header.bench_toml,
            source=f"{header.bench} in {run.path}",
            overrides=dict(header.bench_overrides),
        )
        if bench is None
        else load(bench, overrides=dict(header.bench_overrides))
    )
    if runs_dir is not None:
        check_runs_dir(runs_dir)
    return Plan(
        header.protocol,
        protocol,
        _parameters(protocol, run),
        loaded,
        header.seed,
        runs_dir,
        command,
        on_error,
        begun=begun,
        on_twin=on_twin,
        link=Link(header.session, header.step, header.uses) if begun else ALONE,
    )


def _parameters(protocol: Any, run: RunReader) -> Any:
    try:
        return protocol.parameters.model_validate(dict(run.header.parameters))
    except ValidationError as error:
        lines = [f"{name}: {text}" for name, text in explain(error, protocol.parameters)]
        made_by = run.header.versions.get("mtjlab", "unknown")
        raise ParameterError(
            f"parameters in {run.path}, made by mtjlab {made_by}: "
            + "\n  ".join(lines)
            + "\n  Use the version that made it, or start a new run"
        ) from error
