"""`python -m mtjlab` and the console command."""

import signal
import sys
from typing import Any

from mtjlab._rooms import check_rooms
from mtjlab.core.errors import UsageError


def main() -> None:
    """Refuse shadowed rooms, then hand over to the command line."""
    try:
        check_rooms()
        # Imported only now: a shadowed room would fail inside these imports with a riddle.
        from mtjlab.cli.app import run_command_line

        run_command_line(window=_window)
    except KeyboardInterrupt:
        # Before or after a verb: while a run is on, the run has the signal.
        sys.exit(5)
    finally:
        # All is said and safe; a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _window(**asked: Any) -> int:
    # Qt is an extra, and takes its time: only `mtjlab gui` waits for it.
    try:
        from mtjlab.gui.app import open_window
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("PyQt5", "pyqtgraph"):
            raise
        raise UsageError(
            f"the window needs PyQt5 and pyqtgraph, which do not load here: {error}. Install them "
            "with: pip install 'mtjlab[gui]'"
        ) from error

    return open_window(**asked)


if __name__ == "__main__":
    main()
