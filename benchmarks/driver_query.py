"""A driver's reading against a raw PyVISA query of the same text on the same twin, in memory."""

import pyvisa

from benchmarks.rows import Row, interleaved_s
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings


def rows() -> list[Row]:
    bench = OpenBench(load("twin"), generators=Generators(0), notice=lambda _l, _t: None)
    source = bench.rig(lambda _s, _r: None).sources["smu"]
    source.configure(SourceSettings("voltage", 0.2, 1e-3, nplc=0.01))
    source.output(True)
    assert bench.simulated is not None
    manager = pyvisa.ResourceManager(bench.simulated.ports.visa_library)
    raw = manager.open_resource(bench.loaded.file.instruments["smu"].resource)
    assert isinstance(raw, pyvisa.resources.MessageBasedResource)
    text = ":READ?;:FETCH?"
    driver_s, raw_s, ratio = interleaved_s(source.measure, lambda: raw.query(text), calls=300)
    bench.make_safe()
    bench.close()
    return [
        Row("driver_over_visa_query", ratio, "ratio", 2.5, "lower", 1.0),
        Row("driver_reading_us", driver_s * 1e6, "us", None, "lower", raw_s * 1e6),
    ]
