"""The process of one run: an order comes in, events go out, the end of the pipe ends the run."""

import signal
import sys
import threading
from importlib import import_module
from typing import IO

from mtjlab.core.errors import MtjlabError
from mtjlab.runner.apart import frames
from mtjlab.runner.apart.bundle import Bundle
from mtjlab.runner.apart.order import Order
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.run import Run


def main() -> int:
    """Take one order, run it, tell its outcome."""
    # The owner of the terminal decides what Ctrl-C means, and tells us.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    out = _own_output()
    _warm()
    line = sys.stdin.readline()
    if not line:
        return 0
    outcome = Outcome()
    bundle = Bundle(out)
    try:
        run = Run(Order.of_text(line).plan(), [bundle.put])
    except Exception as error:
        outcome.error = error
    else:
        signal.signal(signal.SIGTERM, lambda _number, _frame: run.abort())
        threading.Thread(target=_obey, args=(run,), daemon=True).start()
        run.start()
        while not run.wait(1.0):
            pass
        outcome = run.outcome
    bundle.close()
    _tell(out, outcome)
    return 0


def _own_output() -> IO[bytes]:
    """Whatever prints must not come between the frames: it goes to the errors instead."""
    out = open(1, "wb", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr
    return out


def _warm() -> None:
    """What every run imports: while nobody waits."""
    for name in ("mtjlab.bench.simulate", "protocols.noise_learning"):
        import_module(name)


def _obey(run: Run) -> None:
    """Commands, one a line. The end of the pipe is the death of the owner."""
    commands = {
        "pause": run.pause,
        "resume": run.resume,
        "stop": run.stop,
        "abort": run.abort,
    }
    for line in sys.stdin:
        act = commands.get(line.strip())
        if act is not None:
            act()
    run.abort()


def _tell(out: IO[bytes], outcome: Outcome) -> None:
    """How it ended; a pipe that has gone has no reader to be told."""
    fields = {
        "status": outcome.status,
        "error": frames.error_fields(outcome.error),
        "results": outcome.results,
        "run_id": outcome.run_id,
        "run_file": outcome.run_file,
        "bench_time_s": outcome.bench_time_s,
        "wall_time_s": outcome.wall_time_s,
    }
    try:
        frames.write(out, "outcome", fields)
        out.flush()
    except OSError:
        return
    except MtjlabError as error:
        # Results that have no JSON form: the run file has refused them, too.
        fields |= {"results": {}, "error": frames.error_fields(error)}
        frames.write(out, "outcome", fields)
        out.flush()


if __name__ == "__main__":
    sys.exit(main())
