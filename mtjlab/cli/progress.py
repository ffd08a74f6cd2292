"""What a run shows while it goes on: a bar on a terminal, lines elsewhere, nothing with --json."""

import sys
import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mtjlab.core.events import Mailbox, Notice, RunEnded, RunStarted, StateChanged, StepDone

LINE_EVERY = 0.1


def watch(mailbox: Mailbox, *, quiet: bool, resume: Callable[[], None] | None = None) -> None:
    """Show events until the run has ended.

    Args:
        mailbox: of the run.
        quiet: show nothing.
        resume: called when somebody at the terminal presses Enter while the run is paused.
    """
    console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[values]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("opening", total=1.0, values="")
        shown = 0.0
        while True:
            event = mailbox.get(0.2)
            if isinstance(event, RunEnded):
                return
            if isinstance(event, StepDone):
                shown = _show_step(bar, task, event, console, shown)
            elif isinstance(event, RunStarted):
                badge = " (simulated twin)" if event.twin else ""
                bar.update(task, description=event.protocol)
                console.print(
                    f"{event.protocol} on bench {event.bench}{badge}, seed {event.seed}",
                    markup=False,
                )
            elif isinstance(event, Notice):
                prefix = "" if event.level == "info" else f"{event.level}: "
                console.print(f"{prefix}{event.text}", markup=False)
            elif isinstance(event, StateChanged) and event.state == "safe":
                console.print("outputs off, read back", markup=False)
            elif isinstance(event, StateChanged) and event.state == "paused" and resume is not None:
                console.print("Enter goes on, Ctrl-C stops", markup=False)
                threading.Thread(target=_await_enter, args=(resume,), daemon=True).start()


def _await_enter(resume: Callable[[], None]) -> None:
    # Without a terminal there is nobody to press it, and the end of the input means nothing.
    if sys.stdin.readline():
        resume()


def _show_step(
    bar: Progress, task: TaskID, event: StepDone, console: Console, shown: float
) -> float:
    words = "  ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in event.values.items()
    )
    bar.update(task, completed=event.done, total=event.total, values=words)
    fraction = event.done / event.total if event.total else 1.0
    if bar.disable and fraction >= shown + LINE_EVERY:
        console.print(f"{fraction:4.0%}  {words}", markup=False)
        return fraction
    return shown
