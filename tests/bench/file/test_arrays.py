"""Arrays in a bench file: what is wired, what surrounds them, and every mistake by its key."""

import pytest

from mtjlab.bench.file import load, parse
from mtjlab.core.errors import BenchError
from mtjlab.core.wiring import Cell

ARRAY = """
[[wiring.arrays]]
rows = "10:11"
columns = "0:2"
source = "daq/ao2:3"
series = "50 ohm"
divider = 0.001
row_wire = 1.0
tia = "20 kohm"
read = "daq/ai10:12"
range = "10 V"

[limits]
r_min = "5 kohm"
"""
AROUND = """
solver = "exact"
ambient_k = "310 K"

[[twin.fields]]
rows = "10:11"
columns = "0:2"
field_t = "2 mT"

[[twin.cables]]
inputs = "daq/ai0:1"
capacitance_f = "100 pF"

[[twin.pickup]]
inputs = "daq/ai0"
amplitude_v = "1 mV"

[[twin.sources]]
sources = "smu"
noise_v = "10 uV"
settling_s = "1 us"

[twin.amplifiers]
bandwidth_hz = "100 kHz"
johnson_noise = true

[twin.junction]
"""


@pytest.fixture
def with_array(good: str, stand_ins: None) -> str:
    text = good.replace("\n[limits]\n", ARRAY, 1)
    return text.replace("\n[twin.junction]\n", AROUND, 1)


def mistakes(text: str) -> str:
    with pytest.raises(BenchError) as refused:
        parse(text, source="x")
    return str(refused.value)


def test_what_a_good_file_says(with_array: str) -> None:
    file = parse(with_array, source="x").file
    wiring = file.wiring.resolve()
    (array,) = wiring.arrays
    assert array.sources == ("daq/ao2", "daq/ao3")
    assert (array.series_ohm, array.tia_ohm, array.tia_input_ohm) == (50.0, 20e3, 1.0)
    assert wiring.cells[-6:] == tuple(Cell(r, c) for r in (10, 11) for c in range(3))
    assert list(wiring.inputs("daq"))[-3:] == ["ai10", "ai11", "ai12"]
    assert wiring.outputs("daq") == ("ao0", "ao1", "ao2", "ao3")
    assert [row.cell for row in wiring.driven_by("daq/ao3")] == [Cell(11, 0)]  # type: ignore[union-attr]
    assert file.twin is not None
    around = file.twin.surroundings()
    assert (around.solver, around.ambient_k) == ("exact", 310.0)
    assert around.field_t[Cell(11, 2)] == 2e-3
    assert around.capacitance_f == {"daq/ai0": 100e-12, "daq/ai1": 100e-12}
    assert around.sources["smu"].settling_s == 1e-6
    assert around.amplifier.johnson_noise


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"daq/ao2:3"', '"daq/ao1:3"', "arrays[0].source = \"daq/ao1:3\": 3 outputs for 2 rows"),
        ('"daq/ai10:12"', '"daq/ai10:11"', "2 inputs for 3 columns (columns 0:2); expected 3"),
        ('rows = "10:11"\ncolumns = "0:2"\nsource', 'rows = "1:2"\ncolumns = "0:2"\nsource',
         "junction (1, 0) is already used by wiring.singles[1].columns"),
        ('"daq/ai10:12"', '"daq/ai9:11"', "daq/ai9 is already used by wiring.singles[1].read"),
        ('tia = "20 kohm"\n', "", "wiring.arrays[0].tia: missing"),
        ('tia = "20 kohm"', 'tia = "-1 ohm"', "expected > 0 ohm"),
        ('range = "10 V"', "", "missing; expected the input range in V"),
        ('tia = "20 kohm"', 'tia = "20 kohm"\nselector = "mux"', "no instrument 'mux'"),
        ("divider = 0.001", "divider = 0.03", "puts up to 600 mV"),
        ('solver = "exact"', 'solver = "spice"', "twin.solver = \"spice\""),
        ('ambient_k = "310 K"', "ambient_k = 0.0", "twin.ambient_k"),
        ('field_t = "2 mT"', 'field_t = "2 mV"', "is in V; expected a value in T"),
        ('inputs = "daq/ai0:1"', 'inputs = "daq/ai0, ai10"', "output of an amplifier"),
        ('inputs = "daq/ai0:1"', 'inputs = "daq/ai15"', "no junction is wired to the input"),
        ('sources = "smu"', 'sources = "smv"', "no junction is wired to the source 'smv'"),
        ('bandwidth_hz = "100 kHz"', "bandwidth_hz = inf", "needs a finite bandwidth_hz"),
        ('capacitance_f = "100 pF"', 'capacitance_f = "-1 pF"', "expected >= 0 F"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(with_array: str, old: str, new: str, said: str) -> None:
    assert with_array.count(old) >= 1
    assert said in mistakes(with_array.replace(old, new, 1))


def test_a_field_twice_and_nowhere(with_array: str) -> None:
    again = '[[twin.fields]]\nrows = "11"\ncolumns = "2:3"\nfield_t = 0.0\n\n[twin.amplifiers]'
    said = mistakes(with_array.replace("[twin.amplifiers]", again))
    assert "twin.fields[1]: (11, 2) already has the field of twin.fields[0]" in said


@pytest.mark.parametrize("solver", ["exact", "linearised"])
def test_an_array_larger_than_the_memory_is_refused_before_it_is_made(
    with_array: str, solver: str
) -> None:
    large = with_array.replace('rows = "10:11"\ncolumns = "0:2"', 'rows = "10:65000"\n'
        'columns = "0:65000"', 1).replace('"exact"', f'"{solver}"')  # fmt: skip
    assert "of memory" in mistakes(large)


def test_nothing_wired_at_all(good: str, stand_ins: None) -> None:
    head, rest = good.split("[[wiring.singles]]", 1)
    text = head + "[wiring]\n\n[limits]" + rest.split("[limits]", 1)[1]
    assert "wiring: nothing is wired; expected [[wiring.singles]]" in mistakes(text)


def test_the_shipped_bench_is_the_one_that_the_design_names() -> None:
    file = load("array").file
    wiring = file.wiring.resolve()
    (array,) = wiring.arrays
    assert (len(array.rows), len(array.columns), array.tia_ohm) == (14, 8, 20e3)
    assert [j.source for j in wiring.singles] == [f"daq/ao{n}" for n in range(14, 22)] + ["smu"] * 3
    assert {j.series_ohm for j in wiring.singles} == {10e3}
