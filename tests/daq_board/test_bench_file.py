"""What a bench file with a DAQ board must agree on: fences, channels, options, ports."""

import pytest

from mtjlab.bench.file import parse
from mtjlab.bench.simulate import simulate
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators

REAL = """
[bench]
name = "real"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[instruments.daq]
driver = "daq_board"
resource = "/dev/ttyACM0"
[[wiring.singles]]
row = 0
columns = 0
source = "daq/ao0"
series = "10 kohm"
divider = {divider}
"""


def test_fences_count_on_the_most_that_the_specification_allows():
    parse(REAL.format(divider=0.05), source="real")
    with pytest.raises(BenchError, match=r"full scale 10 V"):
        parse(REAL.format(divider=0.06), source="real")


def test_a_twin_says_what_its_outputs_reach():
    parse(REAL.format(divider=0.2) + "[twin]\n", source="twin")
    with pytest.raises(BenchError, match=r"full scale 2\.5 V"):
        parse(REAL.format(divider=0.21) + "[twin]\n", source="twin")


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        ("outputs = 0", "ao0"),
        ("bits = 20", "bits"),
        ("input_ranges_v = [1.0, 0.5, 2.0]", "ascending"),
        ("input_noise_v = [1e-5]", "one value for each"),
        ("dead_man_s = 0", "dead_man_s"),
    ],
)
def test_options_of_the_twin(twin, words):
    with pytest.raises(BenchError, match=words):
        _simulated(REAL.format(divider=0.05) + f"[twin.instruments.daq]\n{twin}\n")


def _simulated(text):
    return simulate(parse(text, source="twin"), generators=Generators(1))


def test_a_real_bench_can_be_tried_on_its_twin_by_any_name_of_its_port():
    for port in ("/dev/ttyACM0", "COM3", "ASRL/dev/ttyACM0::INSTR"):
        text = REAL.format(divider=0.05).replace("/dev/ttyACM0", port)
        made = simulate(parse(text, source="real"), generators=Generators(1))
        line = made.ports.serial.open(port)
        line.write(b"SYST:SYNC? 7\n")
        assert line.read(100) == b"7\n"
        with pytest.raises(OSError, match="no serial port"):
            made.ports.serial.open("COM99")
