"""`python -m mtjlab` and the console command."""

import signal
import sys

from mtjlab._rooms import check_rooms


def main() -> None:
    """Refuse shadowed rooms, then hand over to the command line."""
    try:
        check_rooms()
        # Imported only now: a shadowed room would fail inside these imports with a riddle.
        from mtjlab.cli.app import run_command_line

        run_command_line()
    except KeyboardInterrupt:
        # Before or after a verb: while a run is on, the run has the signal.
        sys.exit(5)
    finally:
        # All is said and safe; a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
