"""Run files in, a checked bench file with their twin out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtjlab.bench.file import LoadedBench, parse
from mtjlab.calibration.bench_text import bench_text
from mtjlab.calibration.measured import Measured, measured
from mtjlab.core.errors import DataError, UsageError
from mtjlab.fitting.chip import Chip, fit_chip
from mtjlab.store import RunReader


@dataclass(frozen=True)
class FittedTwin:
    """A twin and where it came from.

    Attributes:
        chip: what was fitted.
        text: of the bench file.
        notes: what of the runs was left out.
    """

    chip: Chip
    text: str
    notes: tuple[str, ...]


def fitted(
    runs: Sequence[Path], out: Path | None, *, accuracy: float, devices: bool = True
) -> FittedTwin:
    """Fit a twin to runs of one chip, and write its bench file.

    Args:
        runs: run files, of any protocols, on benches with the same wiring.
        out: the file to write; None writes none.
        accuracy: relative error (95 %) that all voltages have in common.
        devices: with what is known of every single junction.

    Raises:
        UsageError: the file is there already, or cannot be written.
        DataError: the runs are of several chips, or tell nothing.
        StoreError, BenchError: a run cannot be read.
    """
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already and is not overwritten: name another file")
    found: list[Measured] = []
    for path in runs:
        with RunReader.open(path) as run:
            found.append(measured(run))
    bench = _one_bench(found)
    looks = [look for one in found for look in one.looks]
    notes = tuple(note for one in found for note in one.notes)
    if not looks:
        raise DataError("; ".join(notes) or "no runs")
    try:
        chip = fit_chip(looks, accuracy=accuracy)
    except ValueError as error:
        raise DataError(f"twin fit: {error}") from error
    text = bench_text(bench, chip, notes, devices=devices)
    parse(text, source=str(out or "the fitted twin"))
    if out is not None:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror or error}") from error
    return FittedTwin(chip, text, notes)


def _one_bench(found: Sequence[Measured]) -> LoadedBench:
    """The bench of the first run; the others must have the same chip and wiring."""
    first = found[0].bench
    for other in found[1:]:
        mine, theirs = first.file, other.bench.file
        if mine.chip.id != theirs.chip.id:
            raise DataError(
                f"runs of two chips, {mine.chip.id!r} and {theirs.chip.id!r}: fit each by itself"
            )
        if mine.wiring != theirs.wiring:
            raise DataError(
                f"the benches {mine.name!r} and {theirs.name!r} are not wired alike: fit their "
                "runs each by themselves"
            )
    return first
