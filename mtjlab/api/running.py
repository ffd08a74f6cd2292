"""A protocol from Python: the same plan, the same runner and the same file as `mtjlab run`."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mtjlab.api.loaded import LoadedRun
from mtjlab.api.opened import notice
from mtjlab.core.errors import MtjlabError
from mtjlab.core.events import Event, Notice
from mtjlab.core.places import bench_name, runs_dir
from mtjlab.runner import Run, plan

# Python takes a signal between two waits only.
_LOOK_EVERY_S = 0.2


def run(
    protocol: str,
    *,
    bench: str | None = None,
    seed: int | None = None,
    runs: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    listener: Callable[[Event], None] | None = None,
    **settings: Any,
) -> LoadedRun:
    """Run a protocol to its end and hand back its run file, loaded.

    Ctrl-C ends the run at the next step, once more at once; the bench is safe in either case.

    Args:
        protocol: its name, such as `noise_learning`.
        bench: bench file or shipped name; None: `$MTJLAB_BENCH`, else `twin`.
        seed: of the run; None: drawn and recorded.
        runs: folder of the run files; None: `$MTJLAB_RUNS`, else `runs`.
        parameters: by name, for those that are also an argument here.
        listener: told every event (`mtjlab.core.events`) in the run's thread; must not block.
        settings: parameters of the protocol, as in `task="xor"`, `bias_v="90 mV"`.

    Raises:
        UsageError: unknown protocol, parameter or bench, or a value out of its range.
        MtjlabError: what the run failed with; a note has the run file, if one was left.
        Aborted: Ctrl-C; the steps until then are in the run file.
    """
    given = {name: _plain(value) for name, value in {**(parameters or {}), **settings}.items()}
    planned = plan(
        protocol,
        bench_name(bench),
        parameters=given,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        runs_dir=runs_dir(None if runs is None else Path(runs)),
        command=f"mtjlab.run({protocol!r})",
    )
    execution = Run(planned, [_log, *([listener] if listener else [])])
    execution.start()
    _wait(execution)
    outcome = execution.outcome
    if outcome.error is not None:
        if outcome.run_file is not None:
            outcome.error.add_note(f"run file: {outcome.run_file}")
        raise outcome.error
    if outcome.run_file is None:
        raise MtjlabError(f"{protocol} left no run file")
    return LoadedRun(outcome.run_file)


def _wait(execution: Run) -> None:
    """Until the run has ended, whatever comes."""
    pressed = 0
    while True:
        try:
            if execution.wait(_LOOK_EVERY_S):
                return
        except KeyboardInterrupt:
            pressed += 1
            end = execution.stop if pressed == 1 else execution.abort
            end()


def _log(event: Event) -> None:
    if isinstance(event, Notice):
        notice(event.level, event.text)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's, paths as text; the models know no others."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__fspath__"):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
