"""A served bench for the length of a `with`: the server in a process of its own."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtjlab.bench.file import LoadedBench, load
from mtjlab.bench.toml_text import toml_text
from mtjlab.core.errors import BenchError

_READY_WITHIN_S = 60.0
_STOPS_WITHIN_S = 10.0


@contextmanager
def served(bench: str, *, seed: int = 0) -> Iterator[LoadedBench]:
    """Serve a bench, and give the bench file of its served instruments.

    When this process dies, the server goes on until nobody has asked anything for a while, so that
    a supervisor can still make its instruments safe.

    Args:
        bench: a shipped name or a path.
        seed: of the world's noise.

    Raises:
        BenchError: it cannot be served; the server's own words are on standard error.
    """
    with tempfile.TemporaryDirectory(prefix="mtjlab-served-") as folder:
        file = Path(folder) / "bench.toml"
        # A session of its own: Ctrl-C is for the program, whose bench must not vanish first.
        asked = [bench, "--write-bench", str(file), "--seed", str(seed), "--as-child"]
        process = subprocess.Popen(
            [sys.executable, "-m", "mtjlab", "serve", *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _await_ready(process, bench)
            yield load(file)
        finally:
            _end(process)


@contextmanager
def reached(loaded: LoadedBench, *, seed: int) -> Iterator[LoadedBench]:
    """A bench whose twin is to be served, where it is served: by a child of this process.

    Args:
        loaded: with `pace = "served"`.
        seed: of the world's noise.

    Raises:
        BenchError: as `served`.
    """
    with tempfile.TemporaryDirectory(prefix="mtjlab-twin-") as folder:
        file = Path(folder) / f"{loaded.file.name}.toml"
        file.write_text(toml_text(loaded.tables()), encoding="utf-8")
        with served(str(file), seed=seed) as bench:
            yield bench


def _await_ready(process: subprocess.Popen[str], bench: str) -> None:
    output = process.stdout
    assert output is not None
    late = threading.Timer(_READY_WITHIN_S, process.kill)
    late.start()
    try:
        ready = any(line == "ready\n" for line in output)
    finally:
        late.cancel()
        late.join()
    if not ready:
        raise BenchError(
            f"the bench {bench!r} is not served: its server left with {process.wait()}; its own "
            f"words stand above. Try it by hand: mtjlab serve {bench}"
        )


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
