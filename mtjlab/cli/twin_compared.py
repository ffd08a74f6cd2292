"""How far a twin is from a run: tables, notes, and the panels of the picture."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from mtjlab.analysis.estimate import Z_95
from mtjlab.bench.file import LoadedBench
from mtjlab.calibration.observables import Observable
from mtjlab.core.units import si

if TYPE_CHECKING:
    from mtjlab.pictures.compare import Panel


def observable_table(found: Sequence[Observable]) -> Table:
    """One line for each observable; sigma is the combined uncertainty."""
    table = Table(title="twin less run", title_justify="left", pad_edge=False)
    names = ("", "n", "difference", "rms sigma", "< 2", "chip sigma", "scatter", "of the twin")
    for column in names:
        table.add_column(column, justify="right" if column else "left")
    for one in found:
        told = one.as_json()
        unit = "" if one.logarithmic else one.unit
        table.add_row(
            one.name,
            str(told["compared"]),
            f"{100 * told['mean_difference']:+.2g} %"
            if one.logarithmic
            else _signed(told["mean_difference"], unit),
            f"{told['rms_sigmas']:.2f}",
            f"{100 * told['within_2']:.0f} %",
            _plain(told["chip_sigmas"]),
            *(_plain(value, unit) for value in one.scatter),
        )
    return table


def result_table(rows: Sequence[tuple[str, float, float, float]]) -> Table:
    """Numbers among the results of the protocol."""
    table = Table(title="results", title_justify="left", pad_edge=False)
    for column in ("", "measured", "twin", "sigma"):
        table.add_column(column, justify="right" if column else "left")
    for name, measured, twin, sigmas in rows:
        table.add_row(name, f"{measured:.5g}", f"{twin:.5g}", _plain(sigmas))
    return table


def compare_notes(run: LoadedBench, twin: LoadedBench, repeats: int) -> list[str]:
    """What the tables take for granted."""
    notes = []
    table = twin.file.twin
    same = table is not None and run.tables().get("twin") == twin.tables().get("twin")
    if not same and (table is None or not table.devices):
        notes.append(
            "the junctions of this twin are drawn from its spread, and are not those of the run: "
            "only the chip as a whole, and its scatter, can agree"
        )
    if run.file.wiring != twin.file.wiring:
        notes.append(f"bench {twin.file.name!r} is not wired as that of the run")
    if repeats < 3:
        notes.append("results have no uncertainty from fewer than three runs: --repeats 5 makes it")
    return notes


def panels(found: Sequence[Observable]) -> "list[Panel]":
    """Of the picture."""
    from mtjlab.pictures.compare import Panel

    drawn = []
    for one in found:
        told = one.as_json()
        scales = (one.measured, one.twin) if one.logarithmic else (1.0, 1.0)
        drawn.append(
            Panel(
                f"{one.name}: {told['rms_sigmas']:.2f} sigma rms",
                one.unit,
                one.logarithmic,
                one.measured,
                one.twin,
                Z_95 * one.measured_error * scales[0],
                Z_95 * one.twin_error * scales[1],
            )
        )
    return drawn


def _signed(value: float, unit: str) -> str:
    return f"{'+' if value > 0 else ''}{si(value, unit, 3) if unit else f'{value:.3g}'}"


def _plain(value: float, unit: str = "") -> str:
    if not math.isfinite(value):
        return "-"
    return si(value, unit, 3) if unit else f"{value:.3g}"
