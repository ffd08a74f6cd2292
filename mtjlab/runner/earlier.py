"""What an earlier call of the same session has left: which steps are done, which can go on."""

from dataclasses import dataclass, field
from pathlib import Path

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.runner.again import resumed
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.plan import Plan
from mtjlab.runner.session_file import Session
from mtjlab.store import RunReader, run_files


@dataclass(frozen=True)
class Kept:
    """A step that has been done: its results, from its file."""

    outcome: Outcome


@dataclass(frozen=True)
class Earlier:
    """The newest run of each step of the newest call of a session.

    Attributes:
        session_id: of that call.
        files: step -> run file.
        begin: the step that is done anew, and those after it; None: what is not finished is gone
            on with.
    """

    session_id: str
    files: dict[str, Path]
    begin: str | None
    order: dict[str, int] = field(default_factory=dict)

    @classmethod
    def find(cls, session: Session, runs_dir: Path, begin: str | None) -> "Earlier":
        """Look through the run files, the newest first.

        Raises:
            UsageError: there is no earlier call, or no step of that name.
        """
        order = {step.name: index for index, step in enumerate(session.steps)}
        if begin is not None:
            session.index(begin)
        found, session_id = _newest(session.name, runs_dir, set(order))
        if session_id is None:
            raise UsageError(
                f"no run of session {session.name!r} below {runs_dir}: there is nothing to go on "
                "from; leave out --from and --resume"
            )
        return cls(session_id, found, begin, order)

    def seed(self, session: Session) -> int:
        """Of the session, from the runs that have one by their place."""
        for name, path in self.files.items():
            step = session.steps[self.order[name]]
            if step.seed is None:
                with RunReader.open(path) as run:
                    return run.header.seed - self.order[name]
        return session.drawn

    def of(self, planned: Plan) -> Kept | Plan | None:
        """What to do with a step: keep it, go on with its run, or (None) run it.

        Raises:
            UsageError: it was done otherwise than the session file says now, or not finished.
        """
        step = planned.link.step
        again = self.begin is not None and self.order[step] >= self.order[self.begin]
        path = self.files.get(step)
        if again or path is None:
            if path is None and self.begin is not None and not again:
                raise UsageError(
                    f"step {step!r} has not been run in {self.session_id}: begin with --from {step}"
                )
            return None
        with RunReader.open(path) as run:
            other = _otherwise(run, planned)
            if other:
                raise UsageError(
                    f"step {step!r} was done with {other} ({path}): begin with --from {step}"
                )
            if run.status == "finished":
                return Kept(
                    Outcome(
                        "finished",
                        results=run.results,
                        run_id=run.header.run_id,
                        run_file=path,
                        bench_time_s=run.bench_time_s,
                        wall_time_s=run.wall_time_s or 0.0,
                    )
                )
            if self.begin is not None or run.status == "running":
                raise UsageError(f"step {step!r} is {run.status_text} ({path}): finish it first")
            try:
                return resumed(run, runs_dir=planned.runs_dir)
            except StoreError:
                # It ended before its first checkpoint: there is nothing to go on from.
                return None


def _newest(name: str, runs_dir: Path, steps: set[str]) -> tuple[dict[str, Path], str | None]:
    found: dict[str, Path] = {}
    session_id: str | None = None
    for path in reversed(run_files(runs_dir) if runs_dir.is_dir() else []):
        try:
            with RunReader.open(path) as run:
                session, step = run.header.session, run.header.step
        except StoreError:
            continue
        if session_id is None and session.rpartition("-")[0] == name and step in steps:
            session_id = session
        if session == session_id and session and step in steps:
            found.setdefault(step, path)
        if len(found) == len(steps):
            break
    return found, session_id


def _otherwise(run: RunReader, planned: Plan) -> str:
    """What was different, in words; empty if nothing was."""
    header = run.header
    if header.protocol != planned.protocol_name:
        return f"protocol {header.protocol}"
    if header.bench_toml != planned.loaded.text:
        return f"another bench ({header.bench}, or the file has changed)"
    if header.seed != planned.seed:
        return f"seed {header.seed}, now {planned.seed}"
    now = planned.params.model_dump(mode="json")
    names = [name for name in now if header.parameters.get(name) != now[name]]
    if names:
        return f"{names[0]} = {header.parameters.get(names[0])!r}, now {now[names[0]]!r}"
    return ""
