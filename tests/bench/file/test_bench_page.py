"""The page on the bench file knows every key, and its own example is a good file."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from mtjlab.bench import scenario_tables, surroundings_tables, tables, wiring_tables
from mtjlab.bench.file import parse

PAGE = (Path(__file__).parents[3] / "docs" / "bench-file.md").read_text(encoding="utf-8")
TABLES = (
    tables.BenchTable,
    tables.ChipTable,
    tables.InstrumentTable,
    wiring_tables.SinglesTable,
    wiring_tables.ArrayTable,
    wiring_tables.CoilTable,
    tables.LimitsTable,
    tables.TwinTable,
    tables.JunctionTable,
    tables.SpreadTable,
    tables.FaultTable,
    surroundings_tables.FieldTable,
    surroundings_tables.CableTable,
    surroundings_tables.PickupTable,
    surroundings_tables.SourcesTable,
    surroundings_tables.AmplifierTable,
    scenario_tables.IncidentTable,
)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_has_its_line(table: type[BaseModel]) -> None:
    lines = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    documented = {key for line in lines for key in re.findall(r"`(\w+)`", line)}
    assert set(table.model_fields) <= documented


@pytest.mark.usefixtures("stand_ins")
def test_the_example_is_a_real_bench_without_mistakes() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = parse(example, source="docs/bench-file.md").file
    assert file.twin is None
    assert len(file.wiring.resolve().singles) == 10
