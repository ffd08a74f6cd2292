"""A program that puts 0.1 V on a served bench and then does what it is told to.

`python holder.py BENCH ACT`: prints `on PID_OF_SUPERVISOR` once the output is on, then
`wait`: nothing; `fork`: a child that sleeps and holds everything open; `renew`: holds its lease;
`leave`: closes the bench with the output on and goes on; `order`: makes it safe and leaves.
"""

import os
import sys
import time

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import MtjlabError, Unwatched
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings


def say(level: str, text: str) -> None:
    print(level, text, file=sys.stderr)


def main() -> int:
    bench = OpenBench(load(sys.argv[1]), generators=Generators(1), notice=say)
    act = sys.argv[2]
    source = bench.rig(lambda _stream, _rows: None).sources["smu"]
    source.configure(SourceSettings("voltage", 0.2, 1e-5))
    if act != "off":
        source.output(True)
        source.set_level(0.1)
    if act == "fork" and os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    assert bench._watch is not None
    print("on", bench._watch._process.pid, flush=True)
    if act == "order":
        bench.make_safe()
        bench.close()
    elif act == "leave":
        bench.close()
        print("closed", flush=True)
        sys.stdin.readline()
    elif act == "renew":
        try:
            while True:
                source.measure()
        except Unwatched as error:
            bench.make_safe()
            print(f"{type(error).__name__}", flush=True)
    else:
        time.sleep(60)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MtjlabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
