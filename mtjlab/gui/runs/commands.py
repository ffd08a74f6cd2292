"""The command line that does what a button of the runs dock does."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from mtjlab.store import FORMATS

# Action -> verb. Opening a run in the window is looking at it.
_VERBS = {
    "open": "show",
    "compare": "diff",
    "resume": "resume",
    "replay": "replay",
    "repair": "repair",
    "picture": "plot",
}


def commands(paths: Sequence[Path]) -> dict[str, str]:
    """By action, as a shell takes them; whether they can be done now is not asked.

    Args:
        paths: the selected run files.
    """
    names = [str(path) for path in paths]
    made = {name: shlex.join(["mtjlab", verb, *names]) for name, verb in _VERBS.items()}
    for form in FORMATS:
        made[form] = shlex.join(["mtjlab", "export", *names, "--to", form])
    return made
