"""A `--faults` file: `[[twin.scenario]]` tables kept apart from the bench file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mtjlab.bench.mistakes import Mistakes
from mtjlab.bench.scenario_checks import check_scenario
from mtjlab.bench.scenario_tables import ScenarioFile
from mtjlab.bench.tables import InstrumentTable
from mtjlab.core.errors import BenchError


def read_scenario(path: Path, instruments: Mapping[str, InstrumentTable]) -> list[dict[str, Any]]:
    """Read and check a `--faults` file.

    Args:
        path: of the file.
        instruments: of the bench that it is for.

    Returns:
        Its tables as written, to be put behind those of the bench file.

    Raises:
        BenchError: not readable, or with every mistake in it.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"faults file {path}: not TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise BenchError(f"faults file {path}: not UTF-8: {error}; save it as UTF-8") from error
    except OSError as error:
        raise BenchError(
            f"faults file {path}: cannot be read: {error.strerror or error}; expected a TOML file "
            "with [[twin.scenario]] tables"
        ) from error
    mistakes = Mistakes(str(path), raw, what="faults file")
    try:
        file = ScenarioFile.model_validate(raw)
    except ValidationError as error:
        mistakes.add_invalid(error, ScenarioFile)
    else:
        check_scenario(file.twin.scenario, instruments, mistakes)
    mistakes.raise_if_any()
    tables: list[dict[str, Any]] = raw["twin"]["scenario"]
    return tables
