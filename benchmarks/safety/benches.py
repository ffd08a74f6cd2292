"""One served bench per instrument: its file, and the independent client that looks at it."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.safety import witness

_HEAD = """
[bench]
name = "{name}"
[chip]
id = "crash-test"
[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"
[twin]
"""
_SOURCE = """
[instruments.smu]
driver = "{driver}"
resource = "{resource}"
[[wiring.singles]]
row = 0
columns = 0
source = "{source}"
series = "10 kohm"
"""
_SECOND = """
[[wiring.singles]]
row = 0
columns = 1
source = "smu.b"
series = "10 kohm"
"""
_BOARD = """
[instruments.daq]
driver = "{driver}"
resource = "{resource}"
[[wiring.singles]]
row = 0
columns = 0
source = "daq/ao0"
series = "10 kohm"
divider = 0.04
read = "daq/ai0"
range = "1 V"
"""


@dataclass(frozen=True)
class Kind:
    """An instrument under test.

    Attributes:
        title: in the table.
        text: bench file.
        instrument: its name there.
        witness: from the served resource to an independent client.
        serve: module and words that serve it.
        monitor: where the witness looks, if not at the instrument's own resource.
    """

    title: str
    text: str
    instrument: str
    witness: Callable[[str], witness.Ask]
    serve: tuple[str, ...] = ("mtjlab", "serve")
    monitor: str = ""


@dataclass(frozen=True)
class Served:
    """A bench that a process of its own serves.

    Attributes:
        name: of the kind.
        bench: file to reach it by.
        ask: what its output really is.
        kill: it at once, as a fuse would.
    """

    name: str
    bench: Path
    ask: witness.Ask
    kill: Callable[[], None]


def _source(driver: str, resource: str, source: str = "smu") -> str:
    return _HEAD + _SOURCE.format(driver=driver, resource=resource, source=source)


BENCHES: dict[str, Kind] = {
    "keithley2400": Kind(
        "2400, TCP",
        _source("keithley2400", "TCPIP0::127.0.0.1::5025::SOCKET"),
        "smu",
        lambda r: witness.raw(r, ":OUTP?", ":SOUR:VOLT?"),
    ),
    "keithley2450": Kind(
        "2450, HiSLIP",
        _source("keithley2450", "TCPIP0::127.0.0.1::hislip0::INSTR"),
        "smu",
        lambda r: witness.visa(r, ":OUTP?", ":SOUR:VOLT?"),
    ),
    "keithley2602b": Kind(
        "2602B, TCP",
        _source("keithley2600", "TCPIP0::127.0.0.1::5025::SOCKET", "smu.a") + _SECOND,
        "smu",
        # Both channels in one number: neither may stay on.
        lambda r: witness.raw(
            r,
            "print(smua.source.output+smub.source.output)",
            "print(smua.source.levelv+smub.source.levelv)",
        ),
    ),
    "nidaqmx": Kind(
        "NI output board, gRPC",
        _HEAD + _BOARD.format(driver="nidaqmx", resource="Dev1"),
        "daq",
        lambda r: witness.ni_output(r, "ao0"),
    ),
    "daq_board": Kind(
        "DAQ board, pty",
        _HEAD + _BOARD.format(driver="daq_board", resource="ASRL1::INSTR"),
        "daq",
        # The register says both: a board's output is on when it is not at 0 V.
        lambda r: witness.raw(r, ":SOUR:VOLT? (@0)", ":SOUR:VOLT? (@0)"),
        serve=("benchmarks.safety.monitored",),
        monitor="daq.monitor",
    ),
}


@contextmanager
def serve(name: str) -> Iterator[Served]:
    """`mtjlab serve` of this kind's bench, in a process of its own."""
    kind = BENCHES[name]
    with tempfile.TemporaryDirectory() as folder:
        twin, bench = Path(folder, "twin.toml"), Path(folder, "bench.toml")
        twin.write_text(kind.text.format(name=name))
        process = subprocess.Popen(
            [sys.executable, "-m", *kind.serve, str(twin), "--write-bench", str(bench)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            resource = _resource(process, kind.monitor or kind.instrument)
            yield Served(name, bench, kind.witness(resource), process.kill)
        finally:
            process.terminate()
            process.communicate()


def _resource(process: "subprocess.Popen[str]", instrument: str) -> str:
    assert process.stdout is not None
    found = ""
    for line in process.stdout:
        words = line.split()
        if words and words[0] == instrument:
            found = words[1]
        if line.strip() == "ready":
            return found
    raise RuntimeError("`mtjlab serve` ended before it was ready")
