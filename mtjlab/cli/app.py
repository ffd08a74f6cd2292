"""The console command: verbs, exit codes, and errors in words instead of tracebacks."""

import json
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from rich.console import Console

from mtjlab import __version__
from mtjlab.cli import (
    analyse,
    check,
    diff,
    export,
    find,
    gui,
    plot,
    replay,
    resume,
    run,
    runs,
    safe,
    serve,
    show,
    sweep,
    twin,
)
from mtjlab.cli.execution import report_unread
from mtjlab.cli.gui import Window
from mtjlab.core.errors import Aborted, MtjlabError, UsageError

app = typer.Typer(
    name="mtjlab",
    help="Teach neural networks on magnetic tunnel junctions by their own noise.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("show")(show.show)
app.command("plot")(plot.plot)
app.command("analyse")(analyse.analyse)
app.command("runs")(runs.runs)
app.command("note")(runs.note)
app.command("tag")(runs.tag)
app.command("diff")(diff.diff)
app.command("export")(export.export)
app.command("repair")(runs.repaired)
app.command("resume")(resume.resume)
app.command("replay")(replay.replay)
app.command("sweep")(sweep.sweep)
app.command("gui")(gui.gui)
app.command("find")(find.find)
app.command("check")(check.check)
app.command("safe")(safe.safe)
app.command("serve")(serve.serve)
app.add_typer(twin.app)

_TYPER_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mtjlab {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Add --debug anywhere for a traceback."""


def run_command_line(
    arguments: Sequence[str] | None = None, *, window: Window | None = None
) -> NoReturn:
    """Run one verb and leave with its exit code.

    Args:
        arguments: None for those of the process.
        window: opens the window and returns the exit code; the verbs know no Qt.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        code = typer.main.get_command(app).main(
            [a for a in given if a != "--debug"],
            prog_name="mtjlab",
            standalone_mode=False,
            obj=window,
        )
    except typer.TyperException as error:
        code = UsageError.exit_code
        if "--json" in given:
            typer.echo(json.dumps(report_unread(error.format_message(), code)))
        else:
            errors.print(f"error: {error.format_message()}\nTry `mtjlab --help`", markup=False)
    except (typer.Abort, KeyboardInterrupt):
        code = Aborted.exit_code
    except MtjlabError as error:
        if debug:
            errors.print_exception()
        errors.print(f"error: {error}", markup=False)
        code = error.exit_code
    except Exception as error:
        if debug:
            errors.print_exception()
        errors.print(
            f"error: {type(error).__name__}: {error}\n"
            "This is a mistake in mtjlab, not in what you typed. Add --debug for the traceback.",
            markup=False,
        )
        code = 1
    # Typer's own code for Ctrl-C in a verb that does not handle it.
    if code == _TYPER_INTERRUPTED:
        code = Aborted.exit_code
    sys.exit(code if isinstance(code, int) else 0)
