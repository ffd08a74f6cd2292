"""Pages that show a file and what to do with it: it is written, and every line runs in turn."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", ["analyse.md", "protocols.md", "sessions.md", "sweeps.md"])
def test_what_the_page_shows_works(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MTJLAB_RUNS", "MTJLAB_BENCH"):
        monkeypatch.delenv(name, raising=False)
    pieces = FENCE.findall((DOCS / page).read_text(encoding="utf-8"))
    lines = []
    for kind, text in pieces:
        if kind == "toml" and text.startswith("# "):
            (tmp_path / text.split()[1]).write_text(text, encoding="utf-8")
        elif kind == "console":
            lines += text.splitlines()
    assert lines
    for line in lines:
        command = [Path(sys.executable).parent / "mtjlab", *line.split()[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
