"""`mtjlab twin`: a twin fitted to runs, and how far a twin is from a run."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mtjlab.cli.results import plain
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.errors import MtjlabError, UsageError
from mtjlab.core.places import runs_dir
from mtjlab.runner import on_bench
from mtjlab.store import RunReader, find_run

app = typer.Typer(
    name="twin",
    help="Fit a twin to runs, and compare it with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SAME_SEED = (
    "the run was made on a twin with this seed: its random numbers come again, and the agreement "
    "is better than chance allows; --seed takes others"
)


@app.command("fit")
def fit(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run files, ids, or latest.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Bench file to write; must not exist.")],
    accuracy: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Relative error of all voltages together, 95 %.")
    ] = 0.002,
    population: Annotated[
        bool,
        typer.Option("--population", help="Leave out the values of single junctions."),
    ] = False,
) -> None:
    """Fit a twin to the junctions of one or several runs, and write its bench file."""
    # Estimators compile: only who fits waits for them.
    from mtjlab.calibration.fit import fitted
    from mtjlab.cli.twin_tables import fit_table

    paths = [find_run(runs_dir(), run) for run in runs]
    made = fitted(paths, out, accuracy=accuracy, devices=not population)
    screen = Console(highlight=False, soft_wrap=True)
    screen.print(fit_table(made.chip))
    for note in (*made.chip.notes, *made.notes):
        screen.print(f"note: {note}", markup=False)
    screen.print(f"bench file: {out}", markup=False)


@app.command("compare")
def compare(
    run: Annotated[str, typer.Argument(help="Run file, run id, or latest.")],
    bench: Annotated[str, typer.Argument(help="Bench file or shipped name, on its twin.")],
    repeats: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="Runs of the twin; from three on, results have an uncertainty."
        ),
    ] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the twin's run [default: that of the run].")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="PNG or SVG [default: beside the run file].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run a run's protocol on a twin, and say how far each observable is."""
    from mtjlab.calibration.measured import Measured, measured
    from mtjlab.calibration.observables import observables, result_differences
    from mtjlab.cli.twin_compared import compare_notes, observable_table, panels, result_table

    path = find_run(runs_dir(), run)
    picture = out or path.with_suffix(".compare.png")
    if picture.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"picture {picture}: a picture ends in .png or .svg")
    with ExitStack() as stack:
        before = stack.enter_context(RunReader.open(path))
        signals = stack.enter_context(Signals(quiet=as_json))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compare-")))
        first = measured(before)
        first_seed = before.header.seed if seed is None else seed
        twins: list[Measured] = []
        results = []
        for number in range(repeats):
            planned = on_bench(before, bench, runs_dir=folder, seed=first_seed + number)
            outcome = execute(planned, signals, quiet=as_json)
            if outcome.error is not None or outcome.run_file is None:
                raise outcome.error or MtjlabError("the twin's run left no run file")
            results.append(outcome.results)
            if not number:
                with RunReader.open(outcome.run_file) as after:
                    twins.append(measured(after))
        found = observables(first.looks, twins[0].looks)
        differences = result_differences(before.results, results)
        notes = [*first.notes, *compare_notes(first.bench, twins[0].bench, repeats)]
        if before.header.twin and first_seed == before.header.seed:
            notes.append(SAME_SEED)
        # Matplotlib takes half a second to import: only who draws waits for it.
        from mtjlab.pictures.compare import compare_picture

        compare_picture(before, twins[0].bench.file.name, panels(found), picture)
        if as_json:
            told = {
                "observables": [one.as_json() for one in found],
                "results": [
                    dict(zip(("name", "measured", "twin", "sigmas"), row, strict=True))
                    for row in differences
                ],
                "notes": notes,
                "picture": str(picture),
            }
            typer.echo(json.dumps(plain(told)))
            return
        screen = Console(highlight=False, soft_wrap=True)
        for table in (observable_table(found), result_table(differences)):
            screen.print(table)
        for note in notes:
            screen.print(f"note: {note}", markup=False)
        screen.print(f"picture: {picture}", markup=False)
