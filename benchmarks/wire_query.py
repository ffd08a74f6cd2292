"""A driver's reading over TCP against a raw PyVISA query of the same text, on one served twin.

Both wait for the same simulated integration. The limit beside them is a bare socket that sends
the same bytes and waits for the reply.
"""

import socket
import tempfile
from pathlib import Path

import pyvisa

from benchmarks.rows import Row, interleaved_s
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.bench.served import served
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings

# The bench `twin` with its source-meter alone, whose messages take no time by themselves.
_TWIN = "[twin.instruments.smu]\nlatency_s = 0.0\n"


def rows() -> list[Row]:
    text = load("twin").text.replace("[twin.junction]", f"{_TWIN}\n[twin.junction]")
    with tempfile.TemporaryDirectory() as folder:
        bench = Path(folder) / "bench.toml"
        bench.write_text(text)
        with served(str(bench)) as loaded:
            opened = OpenBench(loaded, generators=Generators(0), notice=lambda _l, _t: None)
            try:
                return _rows(opened)
            finally:
                opened.make_safe()
                opened.close()


def _rows(bench: OpenBench) -> list[Row]:
    source = bench.rig(lambda _s, _r: None).sources["smu"]
    source.configure(SourceSettings("voltage", 0.2, 1e-3, nplc=0.01))
    source.output(True)
    resource = bench.loaded.file.instruments["smu"].resource
    manager = pyvisa.ResourceManager("@py")
    raw = manager.open_resource(resource, read_termination="\n", write_termination="\n")
    assert isinstance(raw, pyvisa.resources.MessageBasedResource)
    # What the driver sends for a reading is its own affair: ask exactly that.
    asked = _sent(raw.visalib, source.measure)
    with socket.create_connection(("127.0.0.1", int(resource.split("::")[2]))) as bare:
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def round_trip() -> None:
            bare.sendall(asked)
            while not bare.recv(4096).endswith(b"\n"):
                pass

        question = asked.decode().rstrip("\n")
        driver_s, raw_s, ratio = interleaved_s(
            source.measure, lambda: raw.query(question), calls=300
        )
        _, bare_s, _ = interleaved_s(source.measure, round_trip, calls=300, rounds=3)
    raw.close()
    return [
        Row("driver_over_tcp_query", ratio, "ratio", 1.3, "lower", 1.0),
        Row("driver_reading_tcp_us", driver_s * 1e6, "us", None, "lower", raw_s * 1e6),
        Row("visa_query_tcp_us", raw_s * 1e6, "us", None, "lower", bare_s * 1e6),
    ]


def _sent(library, measure) -> bytes:  # type: ignore[no-untyped-def]
    said: list[bytes] = []
    write = library.write
    library.write = lambda session, data: (said.append(data), write(session, data))[1]
    try:
        measure()
    finally:
        del library.write
    (message,) = said
    return message
