"""`python -m mtjlab` and the console command."""

from mtjlab._rooms import check_rooms


def main() -> None:
    """Refuse shadowed rooms, then hand over to the command line."""
    check_rooms()
    # Imported only now: a shadowed room would fail inside these imports with a riddle.
    from mtjlab.cli.app import run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
