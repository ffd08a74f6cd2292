"""What a run was made with: versions of what computes, and the state of the checkout."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

RECORDED = (
    "mtjlab",
    "numpy",
    "scipy",
    "pyvisa",
    "pymeasure",
    "nidaqmx",
    "h5py",
    "pydantic",
)


def versions() -> dict[str, str]:
    """Package -> version, and Python's own."""
    return {"python": platform.python_version(), **{name: version(name) for name in RECORDED}}


def revision() -> str:
    """Git revision of the checkout this runs from, `+changes` if it differs; "" for a wheel."""
    home = Path(__file__).resolve().parents[2]
    if not (home / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(home), "describe", "--always", "--dirty=+changes", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
