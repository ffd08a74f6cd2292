"""The laws that a linter cannot hold, and who guards the rooms."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtjlab import _rooms
from mtjlab.core import plugins
from mtjlab.core.errors import MtjlabError, UsageError

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("mtjlab", "drivers", "protocols", "sim_backend")


def sources() -> list[Path]:
    return [file for room in ROOMS for file in (HOME / room).rglob("*.py")]


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_root_module_imports_two_rooms_and_nobody_imports_it() -> None:
    ours = {m for m in imported(HOME / "pyvisa_mtjsim.py") if m.split(".")[0] in ROOMS}
    assert all(m.startswith("mtjlab.bench") or m == "sim_backend.ports.visa" for m in ours)
    assert not any("pyvisa_mtjsim" in imported(file) for file in sources())


def test_files_stay_short() -> None:
    long = {
        str(file.relative_to(HOME)): lines
        for file in sources()
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert long == {}


def test_nothing_reads_the_environment_but_one_place() -> None:
    readers = {
        str(file.relative_to(HOME))
        for file in sources()
        if re.search(r"os\.environ|getenv", file.read_text(encoding="utf-8"))
    }
    assert readers == {"mtjlab/core/places.py"}


def test_a_shadowed_room_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "__init__.py").touch()
    done = subprocess.run(
        [sys.executable, "-m", "mtjlab", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"package 'drivers' is taken from {tmp_path / 'drivers'}" in done.stderr


def test_rooms_in_place_pass() -> None:
    _rooms.check_rooms()


def test_every_plugin_loads_and_every_driver_has_a_twin() -> None:
    for group in ("drivers", "protocols", "fabrics", "twins"):
        working, broken = plugins.survey(group)  # type: ignore[arg-type]
        assert working
        assert broken == []
    assert set(plugins.names("drivers")) == set(plugins.names("twins"))


def test_an_unknown_plugin_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'keithley2400'"):
        plugins.load("drivers", "keithly2400")


def test_every_error_has_an_exit_code_of_the_contract() -> None:
    def below(kind: type[MtjlabError]) -> list[type[MtjlabError]]:
        return [kind, *(c for child in kind.__subclasses__() for c in below(child))]

    codes = {kind.__name__: kind.exit_code for kind in below(MtjlabError)}
    assert codes["UsageError"] == codes["BenchError"] == codes["DataError"] == 2
    assert codes["Timeout"] == codes["Overrun"] == codes["NotFound"] == 3
    assert (codes["LimitError"], codes["Aborted"], codes["NotSafeError"]) == (4, 5, 6)
    assert codes["StoreError"] == codes["MtjlabError"] == 1
