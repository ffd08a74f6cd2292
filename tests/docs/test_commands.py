"""Every command in the documentation runs; so do its Python pieces."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
PAGES = [
    HOME / "README.md",
    HOME / "data" / "README.md",
    *sorted((HOME / "docs").glob("*.md")),
]
WINDOW = "mtjlab gui"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def pieces(language: str) -> list[tuple[str, str]]:
    """(page, text) of each fenced piece."""
    return [
        (str(page.relative_to(HOME)), text)
        for page in PAGES
        for kind, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> list[tuple[str, str]]:
    """(page, line): the lines of `sh` pieces, without comments; `make` is what runs us."""
    lines = [
        (page, line.partition("  #")[0].strip())
        for page, text in pieces("sh")
        for line in text.splitlines()
    ]
    found = {(p, c) for p, c in lines if c and not c.startswith(("make", "source"))}
    return sorted((p, c) for p, c in found if not c.startswith(WINDOW))


def windows() -> list[tuple[str, str]]:
    """The same of commands that open a window, which stays until it is closed."""
    lines = [(page, line) for page, text in pieces("sh") for line in text.splitlines()]
    found = {(page, line.partition("  #")[0].strip()) for page, line in lines}
    return sorted((page, line) for page, line in found if line.startswith(WINDOW))


def environment(folder: Path) -> dict[str, str]:
    """The user's environment after `source .venv/bin/activate`, in a folder of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MTJLAB")}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with one run in it, for `show latest` and `plot latest`."""
    folder = tmp_path_factory.mktemp("docs")
    run = "mtjlab run noise_learning --seed 1 --set epochs=1"
    subprocess.run(
        run.split(), cwd=folder, env=environment(folder), check=True, capture_output=True
    )
    return folder


def test_the_pages_have_commands_and_code() -> None:
    assert len(commands()) >= 8
    assert len(pieces("python")) >= 2


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command"), commands())
def test_command(page: str, command: str, folder: Path) -> None:
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{page}: {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command"), windows())
def test_window(page: str, command: str, folder: Path) -> None:
    window = subprocess.Popen(
        [*command.split(), "--settings", "settings.ini"],
        cwd=folder,
        env=environment(folder) | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert window.stdout is not None
    said = window.stdout.readline()
    window.terminate()
    rest, _ = window.communicate(timeout=60)
    assert said.startswith("window open"), f"{page}: {command}\n{said}{rest}"
    assert window.returncode == 0


# The pieces of data/README.md name a run file; tests/store/test_readme.py gives them one.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "code"), [p for p in pieces("python") if p[0] != "data/README.md"]
)
def test_python(page: str, code: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{page}:\n{code}\n{done.stderr}"
