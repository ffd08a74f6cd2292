"""A queue as a session file, which `mtjlab run FILE.toml` runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtjlab.bench.toml_text import toml_text
from mtjlab.core.errors import UsageError
from mtjlab.core.toml_value import toml_or_text
from mtjlab.runner.queue_item import QueueItem


def session_text(items: Sequence[QueueItem], folder: Path) -> str:
    """TOML; each item is a step with its own seed, whatever has become of it here.

    Args:
        items: of a queue.
        folder: in which the file will be; bench files below it are named from there, others in
            full, so that the session runs from anywhere.

    Raises:
        UsageError: nothing to write, or an item that goes on with, or repeats, another run.
    """
    again = [item.name for item in items if item.kind != "run"]
    if again:
        raise UsageError(
            f"{again[0]} goes on with, or repeats, a run file, which no session file can; take it "
            "out of the queue first, or use its own command line"
        )
    if not items:
        raise UsageError("the queue is empty: there is nothing to save")
    items = [replace(item, bench=_from(folder, item.bench)) for item in items]
    bench = Counter(item.bench for item in items).most_common(1)[0][0]
    steps = [_step(item, bench) for item in items]
    return toml_text({"session": {"bench": bench, "on_failure": "continue"}, "step": steps})


def _from(folder: Path, bench: str) -> str:
    file = Path(bench).resolve()
    if not file.is_file():
        return bench
    below = folder.resolve()
    return str(file.relative_to(below) if file.is_relative_to(below) else file)


def _step(item: QueueItem, bench: str) -> dict[str, Any]:
    texts = dict(setting.split("=", 1) for setting in item.settings)
    given = dict(item.parameters) | {
        name.strip(): toml_or_text(text.strip()) for name, text in texts.items()
    }
    step: dict[str, Any] = {"name": item.name, "protocol": item.protocol, "seed": item.seed}
    if item.bench != bench:
        step["bench"] = item.bench
    parameters = {name: value for name, value in given.items() if value is not None}
    if parameters:
        step["parameters"] = parameters
    if item.uses:
        step["use"] = {use.parameter: f"{use.step}.{use.result}" for use in item.uses}
    if item.on_failure == "stop":
        step["on_failure"] = "stop"
    return step
