"""The page on NI boards names every option there is, and every product."""

import re
from pathlib import Path

from drivers.nidaqmx import NiDaq
from sim_backend.twins.ni_products import PRODUCTS
from sim_backend.twins.nidaqmx import NiBoardOptions

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ni-boards.md").read_text(encoding="utf-8")


def rows(heading: str) -> set[str]:
    """Names in the first column of the tables below a heading."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_options() -> None:
    assert rows("Options of the driver") == set(NiDaq.options_model.model_fields)
    assert rows("Options of the twin") == set(NiBoardOptions.model_fields) | set(PRODUCTS)
