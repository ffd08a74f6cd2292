"""Every mistake in a bench file gives one error with file, key, value and what was expected."""

from dataclasses import dataclass

import pytest

from mtjlab.bench.file import parse
from mtjlab.core.errors import BenchError

pytestmark = pytest.mark.usefixtures("stand_ins")


@dataclass(frozen=True)
class Mistake:
    """An edit of the good file, and what the message must hold."""

    name: str
    old: str
    new: str
    expected: tuple[str, ...]


MISTAKES = (
    Mistake(
        "missing table", "[limits]", "[limit]", ("limits: missing", "limit: unknown", "'limits'")
    ),
    Mistake("missing key", 'series = "10 kohm"\n', "", ("singles[0].series: missing", "ohm")),
    Mistake(
        "unknown key",
        'series = "10 kohm"',
        'serie = "10 kohm"',
        ('wiring.singles[0].serie = "10 kohm": unknown; did you mean', "'series'"),
    ),
    Mistake(
        "unknown key of an instrument",
        'resource = "Dev1"',
        'resource = "Dev1"\nressource = 3',
        ("instruments.daq.ressource = 3: unknown; did you mean 'resource'",),
    ),
    Mistake(
        "wrong unit",
        'series = "10 kohm"',
        'series = "10 kV"',
        ('wiring.singles[0].series = "10 kV"', "is in V; expected a value in ohm"),
    ),
    Mistake(
        "wrong type",
        'junction_v = "0.5 V"',
        "junction_v = true",
        ("limits.junction_v = true", "valid number", "> 0 V"),
    ),
    Mistake(
        "text for a number",
        "seed = 7",
        'seed = "7"',
        ('chip.seed = "7": input should be a valid integer',),
    ),
    Mistake("not a number", "tmr = 0.6", "tmr = nan", ("twin.junction.tmr = nan", "finite")),
    Mistake(
        "unknown driver",
        'driver = "keithley2400"',
        'driver = "keithly2400"',
        ('instruments.smu.driver = "keithly2400"', "did you mean 'keithley2400'?"),
    ),
    Mistake(
        "unknown driver option",
        'resource = "Dev1"',
        'resource = "Dev1"\noptions = { timeout = 3 }',
        ("instruments.daq.options.timeout = 3: unknown", "'timeout_s'"),
    ),
    Mistake(
        "wrong driver option",
        'resource = "Dev1"',
        'resource = "Dev1"\noptions = { timeout_s = "3 V" }',
        ('instruments.daq.options.timeout_s = "3 V"', "expected a value in s"),
    ),
    Mistake(
        "unknown twin option",
        "inputs = 16",
        "input = 16",
        ("twin.instruments.daq.input = 16: unknown; did you mean 'inputs'",),
    ),
    Mistake(
        "options for a twin that is not there",
        "[twin.instruments.daq]",
        "[twin.instruments.dac]",
        ("twin.instruments.dac: no instrument 'dac'", "'daq'"),
    ),
    Mistake(
        "fewer inputs than columns",
        'read = "daq/ai0:7"',
        'read = "daq/ai0:6"',
        ('wiring.singles[0].read = "daq/ai0:6": 7 inputs for 8 junctions', "columns 0:7"),
    ),
    Mistake(
        "more outputs than columns",
        'source = "daq/ao0:1"',
        'source = "daq/ao0:2"',
        ("wiring.singles[1].source", "3 outputs for 2 junctions", "expected one, or 2"),
    ),
    Mistake(
        "no range for an input",
        'read = "daq/ai0:7"\nrange = "1 V"',
        'read = "daq/ai0:7"',
        ("wiring.singles[0].range: missing; expected the input range in V",),
    ),
    Mistake(
        "a range for nothing",
        'read = "daq/ai8:9"\n',
        "",
        ('wiring.singles[1].range = "1 V": nothing is read here',),
    ),
    Mistake(
        "a source that is no instrument",
        'source = "smu"',
        'source = "smv"',
        ("wiring.singles[0].source = \"smv\": no instrument 'smv'; did you mean 'smu'?",),
    ),
    Mistake(
        "a board that is no instrument",
        'read = "daq/ai0:7"',
        'read = "dac/ai0:7"',
        ("wiring.singles[0].read", "no instrument 'dac'"),
    ),
    Mistake(
        "an output of a source-meter",
        'source = "smu"',
        'source = "smu/ao0"',
        ("wiring.singles[0].source", "'smu' is a source-meter", "expected 'smu' alone"),
    ),
    Mistake(
        "a board for an output",
        'source = "daq/ao0:1"',
        'source = "daq"',
        ("wiring.singles[1].source", "'daq' is a board", "'daq/ao0'"),
    ),
    Mistake(
        "a board for an input",
        'read = "daq/ai0:7"',
        'read = "daq"',
        ("wiring.singles[0].read", "'daq' names no input", "'daq/ai0'"),
    ),
    Mistake(
        "a channel that the board does not have",
        'read = "daq/ai8:9"',
        'read = "daq/ai15:16"',
        ("wiring.singles[1].read", "'daq' has no input 'ai16'", "it has daq/ai0:15"),
    ),
    Mistake(
        "two junctions on one input",
        'read = "daq/ai8:9"',
        'read = "daq/ai7:8"',
        ("wiring.singles[1].read", "daq/ai7 is already used by wiring.singles[0].read"),
    ),
    Mistake(
        "one cell wired twice",
        "row = 1",
        "row = 0",
        ("wiring.singles[1].columns", "(0, 0) is already used by wiring.singles[0].columns"),
    ),
    Mistake(
        "one resource, two spellings, two instruments",
        'resource = "Dev1"',
        'resource = "gpib::24"',
        ("instruments.daq.resource", "already used by instruments.smu.resource"),
    ),
    Mistake(
        "bad range",
        'columns = "0:7"',
        'columns = "0-7"',
        ('wiring.singles[0].columns = "0-7"', "expected a column", "'0:31'"),
    ),
    Mistake(
        "range that counts down",
        'read = "daq/ai0:7"',
        'read = "daq/ai7:0"',
        ("wiring.singles[0].read", "counts down"),
    ),
    Mistake(
        "negative resistance",
        'series = "10 kohm"',
        'series = "-10 kohm"',
        ('wiring.singles[0].series = "-10 kohm"', "out of range; expected > 0 ohm"),
    ),
    Mistake(
        "no resistance",
        'series = "10 kohm"',
        "series = 0",
        ("wiring.singles[0].series = 0", "expected > 0 ohm"),
    ),
    Mistake(
        "divider above 1", "divider = 0.04", "divider = 25", ("singles[1].divider = 25", "<= 1")
    ),
    Mistake("no divider", "divider = 0.04", "divider = 0", ("singles[1].divider = 0", "> 0")),
    Mistake(
        "no voltage",
        'junction_v = "0.5 V"',
        "junction_v = 0",
        ("limits.junction_v = 0", "expected > 0 V"),
    ),
    Mistake(
        "negative current",
        'junction_a = "50 uA"',
        'junction_a = "-50 uA"',
        ('limits.junction_a = "-50 uA"', "expected > 0 A"),
    ),
    Mistake(
        "operating above the hard limit",
        'soft_v = "0.3 V"',
        'soft_v = "0.6 V"',
        ('limits.soft_v = "0.6 V"', "above limits.junction_v = 500 mV"),
    ),
    Mistake(
        "r_min above r_max",
        'soft_v = "0.3 V"',
        'soft_v = "0.3 V"\nr_min = "9 kohm"\nr_max = "5 kohm"',
        ('limits.r_min = "9 kohm"', "above limits.r_max = 5 kohm"),
    ),
    Mistake(
        "limit above what an instrument can do",
        'junction_v = "0.5 V"',
        'junction_v = "300 V"',
        ('limits.junction_v = "300 V"', "above what 'smu' can do, 210 V"),
    ),
    Mistake(
        "current limit above what an instrument can do",
        'junction_a = "50 uA"',
        'junction_a = "50 A"',
        ('limits.junction_a = "50 A"', "above what 'smu' can do, 1.05 A"),
    ),
    Mistake(
        "input range that the board does not have",
        'read = "daq/ai0:7"\nrange = "1 V"',
        'read = "daq/ai0:7"\nrange = "20 V"',
        ('wiring.singles[0].range = "20 V"', "largest range, 10 V"),
    ),
    Mistake(
        "input that clips in the operating range",
        'read = "daq/ai0:7"\nrange = "1 V"',
        'read = "daq/ai0:7"\nrange = "0.2 V"',
        ('wiring.singles[0].range = "0.2 V"', "clip below limits.soft_v = 300 mV"),
    ),
    Mistake(
        "unfenced by voltage",
        "divider = 0.04",
        "divider = 1.0",
        (
            'wiring.singles[1].source = "daq/ao0:1": unfenced output: full scale 10 V',
            "up to 10 V and 500 uA",
            "limits are 500 mV and 50 uA",
            "A divider of 0.05 or less",
            "instruments.daq.accept_unfenced",
        ),
    ),
    Mistake(
        "unfenced by current",
        'series = "20 kohm"',
        'series = "1 kohm"',
        ("unfenced output", "400 uA", "series resistor of 8 kohm or more"),
    ),
    Mistake(
        "impossible TMR",
        "tmr = 0.6",
        "tmr = -2.0",
        ("twin.junction.tmr = -2.0", "must be above -1"),
    ),
    Mistake(
        "impossible dwell",
        "tmr = 0.6",
        'tau_p_s = "-1 us"',
        ('twin.junction.tau_p_s = "-1 us"', "must be positive"),
    ),
    Mistake(
        "impossible spread",
        "r_sigma = 0.05",
        "r_sigma = -0.05",
        ("twin.spread.r_sigma = -0.05", "must not be negative"),
    ),
    Mistake(
        "a fault where nothing is wired",
        "cell = [0, 5]",
        "cell = [0, 9]",
        ("twin.faults[0].cell = [0, 9]: no junction is wired there",),
    ),
    Mistake(
        "unknown fault",
        'kind = "slow"',
        'kind = "slw"',
        ('twin.faults[0].kind = "slw"', "'slow'"),
    ),
    Mistake(
        "a factor that means nothing",
        'kind = "slow"',
        'kind = "open"',
        ("twin.faults[0].factor = 100", "only 'slow'"),
    ),
    Mistake(
        "a third level where nothing is left",
        'kind = "slow"\nfactor = 100',
        'kind = "three_level"\nlevel = -1',
        ("twin.faults[0].level = -1", "0 is the resistance of P, 1 that of AP"),
    ),
    Mistake(
        "a drift that goes nowhere",
        'kind = "slow"\nfactor = 100',
        'kind = "drifting"',
        ("twin.faults[0]", "needs v50_v_per_s or ln_tau_per_s"),
    ),
    Mistake(
        "a correlation that no chip has",
        "r_sigma = 0.05",
        "r_tau_correlation = 1.5",
        ("twin.spread.r_tau_correlation = 1.5", "not be positive definite"),
    ),
    Mistake(
        "impossible temperature",
        "tmr = 0.6",
        'temperature_ref_k = "0 K"',
        ('twin.junction.temperature_ref_k = "0 K"', "must be positive"),
    ),
    Mistake(
        "a flicker band that ends before it begins",
        "tmr = 0.6",
        'flicker_lowest_hz = "10 kHz"\nflicker_highest_hz = "2 kHz"',
        ("twin.junction", "must lie below"),
    ),
    Mistake(
        "a measured junction where nothing is wired",
        "[twin.instruments.daq]",
        "[[twin.devices]]\ncell = [0, 99]\n[twin.instruments.daq]",
        ("twin.devices[0].cell = [0, 99]: no junction is wired there",),
    ),
    Mistake(
        "a measured junction that cannot be",
        "[twin.instruments.daq]",
        "[[twin.devices]]\ncell = [0, 5]\nr_p_ohm = -1.0\n[twin.instruments.daq]",
        ("twin.devices[0].r_p_ohm = -1.0", "must be positive"),
    ),
    Mistake(
        "a junction that was measured twice",
        "[twin.instruments.daq]",
        "[[twin.devices]]\ncell = [0, 5]\n[[twin.devices]]\ncell = [0, 5]\n[twin.instruments.daq]",
        ("twin.devices[1].cell = [0, 5]", "already twin.devices[0]"),
    ),
    Mistake(
        "two faults on one cell",
        "[twin.instruments.daq]",
        '[[twin.faults]]\ncell = [0, 5]\nkind = "open"\n[twin.instruments.daq]',
        ("twin.faults[1].cell = [0, 5]", "fault of twin.faults[0]"),
    ),
    Mistake(
        "one table where a list belongs",
        '[[wiring.singles]]\nrow = 1\ncolumns = "0:1"',
        '[[wiring.single]]\nrow = 1\ncolumns = "0:1"',
        ("wiring.single: unknown; did you mean 'singles'?",),
    ),
    Mistake(
        "an instrument with an impossible name",
        "[instruments.smu]",
        '[instruments."s/mu"]',
        ("instruments.s/mu", "is not a name"),
    ),
    Mistake("not TOML", "[chip]", "[chip", ("not TOML", "line 4, column 6")),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_mistake_is_named_with_file_key_value_and_expectation(
    good: str, mistake: Mistake
) -> None:
    assert mistake.old in good
    with pytest.raises(BenchError) as caught:
        parse(good.replace(mistake.old, mistake.new, 1), source="rack.toml")
    text = str(caught.value)
    assert text.startswith("bench file rack.toml: ")
    for fragment in mistake.expected:
        assert fragment in text


def test_several_mistakes_are_listed_one_per_line(good: str) -> None:
    text = good.replace('series = "10 kohm"', 'series = "10 V"', 1)
    text = text.replace('"keithley2400"', '"keithly2400"').replace('"0.3 V"', '"3 V"')
    with pytest.raises(BenchError) as caught:
        parse(text.replace("tmr = 0.6", "tmr = -3.0"), source="rack.toml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "bench file rack.toml: 4 mistakes"
    keys = {line.split(" = ")[0].strip() for line in lines[1:]}
    assert keys == {
        "wiring.singles[0].series",
        "instruments.smu.driver",
        "limits.soft_v",
        "twin.junction.tmr",
    }


def test_every_impossible_parameter_is_listed(good: str) -> None:
    text = good.replace("tmr = 0.6", "tmr = -3.0\nr_p_ohm = 0\ntau_ap_s = -1.0")
    with pytest.raises(BenchError) as caught:
        parse(text, source="x")
    assert all(key in str(caught.value) for key in ("junction.tmr", "r_p_ohm", "tau_ap_s"))


def test_an_empty_file_lists_every_table_it_lacks() -> None:
    with pytest.raises(BenchError) as caught:
        parse("", source="x")
    for table in ("bench", "chip", "instruments", "wiring", "limits"):
        assert f"{table}: missing" in str(caught.value)


def test_a_table_that_is_a_value_is_said_to_be_one(good: str) -> None:
    text = "chip = 3\n" + good.replace('[chip]\nid = "chip-1"\nseed = 7\n', "")
    with pytest.raises(BenchError, match="chip = 3: expected a table"):
        parse(text, source="x")


def test_an_accepted_unfenced_output_passes(good: str) -> None:
    text = good.replace("divider = 0.04", "divider = 1.0")
    loaded = parse(text.replace("unfenced = false", "unfenced = true"), source="x")
    assert loaded.file.instruments["daq"].accept_unfenced


def test_a_declared_resistance_changes_the_worst_case(good: str) -> None:
    bare = good.replace('series = "20 kohm"\ndivider = 0.04', 'series = "1 Mohm"')
    with pytest.raises(BenchError, match="unfenced"):
        parse(bare, source="x")
    parse(bare.replace("[limits]", '[limits]\nr_max = "12 kohm"'), source="x")


def test_one_mistake_in_the_only_entry_of_a_list_is_one_mistake(good: str) -> None:
    with pytest.raises(BenchError) as refused:
        parse(good.replace('series = "10 kohm"', 'series = "10 kV"'), source="b.toml")
    assert "mistakes" not in str(refused.value)
