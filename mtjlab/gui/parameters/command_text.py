"""The command line that does what a draft asks for."""

import shlex
from typing import Any

from mtjlab.core.toml_value import toml_or_text, toml_value
from mtjlab.gui.parameters.draft import Draft


def command_text(draft: Draft) -> str:
    """`mtjlab run ...`, as a shell takes it."""
    words = ["mtjlab", "run", draft.protocol, "--bench", draft.bench]
    for name, value in draft.parameters.items():
        words += ["--set", f"{name}={_value(value)}"]
    if draft.seed is not None:
        words += ["--seed", str(draft.seed)]
    return shlex.join(words)


def _value(value: Any) -> str:
    if isinstance(value, str) and value == value.strip() and toml_or_text(value) == value:
        return value
    return toml_value(value)
