"""The command line that does what an item of a queue asks for, as a shell takes it."""

import shlex
from collections.abc import Mapping
from typing import Any

from mtjlab.core.toml_value import toml_or_text, toml_value
from mtjlab.runner.queue_item import QueueItem


def command_of(item: QueueItem) -> str:
    """`mtjlab run ...`, `mtjlab resume ...` or `mtjlab replay ...`.

    Results that earlier items hand on are not in it: those need the whole queue as a session file.
    """
    if item.kind != "run":
        return shlex.join(["mtjlab", item.kind, str(item.source)])
    return run_command(item.protocol, item.bench, item.parameters, item.settings, item.seed)


def run_command(
    protocol: str,
    bench: str,
    parameters: Mapping[str, Any],
    settings: tuple[str, ...] = (),
    seed: int | None = None,
) -> str:
    """`mtjlab run PROTOCOL --bench BENCH --set ... --seed N`."""
    words = ["mtjlab", "run", protocol, "--bench", bench]
    given = [f"{name}={_value(value)}" for name, value in parameters.items() if value is not None]
    for text in (*given, *settings):
        words += ["--set", text]
    if seed is not None:
        words += ["--seed", str(seed)]
    return shlex.join(words)


def _value(value: Any) -> str:
    if isinstance(value, str) and value == value.strip() and toml_or_text(value) == value:
        return value
    return toml_value(value)
