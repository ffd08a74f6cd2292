"""A served bench with a back door, `python -m benchmarks.safety.monitored BENCH`.

A serial line carries one conversation: a witness on it would take the replies of whom it watches.
So every serial instrument is served a second time, over TCP, as `NAME.monitor`.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from mtjlab.bench.file import load
from mtjlab.bench.serve import BenchServer
from mtjlab.core.generators import Generators
from sim_backend.wire.server import WireServer


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("bench")
    options.add_argument("--write-bench", type=Path, required=True)
    given = options.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with BenchServer(load(given.bench), generators=Generators(0)) as server:
        door = WireServer(server.simulated.world.lock, server.clock)
        server.write_bench(given.write_bench)
        for name, resource in server.resources.items():
            print(name, resource)
            if resource.startswith("ASRL"):
                print(f"{name}.monitor", door.serve(server.simulated.twins[name], "tcp"))
        print("ready", flush=True)
        ended.wait()
        door.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
