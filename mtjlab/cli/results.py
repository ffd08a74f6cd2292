"""Results in words: the table at the end of a run and of `mtjlab show`."""

import math
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from mtjlab.core.result_words import LABELS


def results_table(title: str, results: Mapping[str, Any]) -> Table:
    """Known results with label and unit, the others by their name."""
    table = Table(title=title, title_justify="left", show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, (label, words) in LABELS.items():
        if name in results:
            value = results[name]
            table.add_row(label, "none (see notes)" if value is None else words(value))
    for name, value in results.items():
        if name not in LABELS and name != "notes" and isinstance(value, int | float | str):
            table.add_row(name, f"{value:.6g}" if isinstance(value, float) else str(value))
    return table


def plain(value: Any) -> Any:
    """JSON-able: NumPy scalars as numbers, arrays as lists, NaN and infinity as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
