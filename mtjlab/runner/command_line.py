"""The command line that does what an item of a queue asks for, as a shell takes it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtjlab.core.places import runs_dir
from mtjlab.core.toml_value import toml_or_text, toml_value
from mtjlab.runner.pace import PaceName
from mtjlab.runner.queue_item import QueueItem


def command_of(item: QueueItem, out: Path) -> str:
    """`mtjlab run ...`, `mtjlab resume ...` or `mtjlab replay ...`.

    Results that earlier items hand on are not in it: those need the whole queue as a session file.

    Args:
        item: of a queue.
        out: where its run file goes; said where the verb would put it elsewhere.
    """
    if item.kind == "run":
        asked = (item.protocol, item.bench, item.parameters, item.settings, item.seed)
        return run_command(*asked, pace=item.pace, out=out)
    # A replay leaves no file unless it is told where.
    words = ["mtjlab", item.kind, str(item.source)]
    return shlex.join(words + (["--out", str(out)] if item.kind == "replay" else _out(out)))


def run_command(
    protocol: str,
    bench: str,
    parameters: Mapping[str, Any],
    settings: tuple[str, ...] = (),
    seed: int | None = None,
    *,
    pace: PaceName = "virtual",
    out: Path,
) -> str:
    """`mtjlab run PROTOCOL --bench BENCH --set ... --seed N`, and `--out` as in `command_of`."""
    words = ["mtjlab", "run", protocol, "--bench", bench]
    given = [f"{name}={_value(value)}" for name, value in parameters.items() if value is not None]
    for text in (*given, *settings):
        words += ["--set", text]
    if seed is not None:
        words += ["--seed", str(seed)]
    if pace != "virtual":
        words += ["--pace", pace]
    return shlex.join(words + _out(out))


def session_command(file: Path, *, out: Path) -> str:
    """`mtjlab run FILE.toml`, and `--out` as in `command_of`."""
    return shlex.join(["mtjlab", "run", str(file), *_out(out)])


def _out(out: Path) -> list[str]:
    return [] if out.resolve() == runs_dir().resolve() else ["--out", str(out)]


def _value(value: Any) -> str:
    if isinstance(value, str) and value == value.strip() and toml_or_text(value) == value:
        return value
    return toml_value(value)
