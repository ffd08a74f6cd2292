"""The notebook of the documentation runs from top to bottom, and holds no outputs."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "python.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    told = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (told["nbformat"], told["nbformat_minor"]) == (4, 5)
    return [cell for cell in told["cells"] if cell["cell_type"] == kind]


def test_it_holds_no_outputs_and_every_cell_has_an_id_of_its_own() -> None:
    code = cells("code")
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    ids = [cell["id"] for cell in (*code, *cells("markdown"))]
    assert len(set(ids)) == len(ids)


def test_its_cells_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MTJLAB_BENCH", raising=False)
    names: dict[str, Any] = {}
    for cell in cells("code"):
        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}:{cell['id']}", "exec"), names)
    assert names["run"].results["train_accuracy"] >= 0.75
    assert names["picture"].stat().st_size > 10_000
