"""Pictures and tables of what a view shows, written to files."""

import csv
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
import pyqtgraph.exporters
from PyQt5 import QtWidgets

ENDINGS = ("png", "svg", "csv")
# As on paper at 300 dots per inch across two columns.
PICTURE_WIDTH_PX = 1800


def choose(parent: QtWidgets.QWidget, name: str, save: Callable[[Path], None]) -> None:
    """Ask for a file with an open dialog that blocks nothing, then `save(path)`."""
    dialog = QtWidgets.QFileDialog(parent, f"Export {name}")
    dialog.setAcceptMode(QtWidgets.QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([f"{ending.upper()} (*.{ending})" for ending in ENDINGS])
    dialog.selectFile(f"{''.join(c if c.isalnum() else '_' for c in name)}.png")
    dialog.setDefaultSuffix("png")
    dialog.filterSelected.connect(
        lambda chosen: dialog.setDefaultSuffix(chosen.partition(" ")[0].lower())
    )
    dialog.fileSelected.connect(lambda chosen: save(Path(chosen)))
    dialog.setModal(False)
    dialog.open()


def save_picture(item: Any, path: Path) -> str:
    """One plot as PNG or SVG; returns what became of it."""
    kind = path.suffix.lower()
    try:
        if kind == ".png":
            exporter = pg.exporters.ImageExporter(item)
            exporter.parameters()["width"] = PICTURE_WIDTH_PX
        elif kind == ".svg":
            exporter = pg.exporters.SVGExporter(item)
        else:
            return f"{path}: a plot is saved as .png, .svg or .csv; nothing was written"
        if exporter.export(str(path)) is False:
            return f"{path} could not be written; is the folder there, and writable?"
    except OSError as error:
        return f"{path} could not be written: {error.strerror or error}"
    return f"written: {path}"


def save_curves(curves: Iterable[tuple[str, Any, Any]], path: Path) -> str:
    """Two columns a curve, of their own lengths; returns what became of it."""
    heads: list[str] = []
    columns: list[Sequence[float]] = []
    for name, x, y in curves:
        heads += [f"{name} x", f"{name} y"]
        columns += [x, y]
    return _write(path, heads, zip_longest(*columns, fillvalue=""))


def save_table(header: Sequence[str], rows: Any, path: Path) -> str:
    """A table as CSV; returns what became of it."""
    return _write(path, header, np.asarray(rows))


def _write(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        return f"{path} could not be written: {error.strerror or error}"
    return f"written: {path}"
