"""The folders beside `mtjlab/` are packages of their own; another one of that name is refused."""

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("drivers", "protocols", "sim_backend")


def check_rooms() -> None:
    """Make sure each room is ours.

    Raises:
        ImportError: a room is missing or taken, naming the thief and the expected home.
    """
    home = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        spec = find_spec(room)
        if spec is None or spec.origin is None:
            raise ImportError(
                f"package {room!r} is missing; mtjlab's own belongs at {home / room}. "
                "Install mtjlab again, in an environment of its own"
            )
        found = Path(spec.origin).resolve().parent
        if found != home / room:
            raise ImportError(
                f"package {room!r} is taken from {found}, not from {home / room}. "
                "Leave that folder, or install mtjlab in an environment of its own"
            )
