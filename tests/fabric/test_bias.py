"""Common bias: each source at bias / divider, and nobody at two levels."""

from typing import Any

import pytest

from mtjlab.bench.file import load, parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import BenchError, LimitError
from mtjlab.core.generators import Generators
from mtjlab.fabric.bias import CommonBias

ARRAY = load("array").text


def opened(text: str) -> OpenBench:
    return OpenBench(parse(text, source="a.toml"), generators=Generators(1), notice=print)


def rig_of(bench: OpenBench) -> Any:
    return bench.rig(lambda *_: None)


def test_sources_behind_different_dividers_get_levels_of_their_own() -> None:
    with opened(ARRAY) as bench:
        rig = rig_of(bench)
        bias = CommonBias(rig, rig.wiring.singles)
        assert bias.levels_v["smu"] == pytest.approx(0.119)
        assert bias.levels_v["daq/ao14"] == pytest.approx(0.119 / 0.04)
        bias.prepare()
        bias.set(1.0)
        (reading,) = bias.measure().values()
        assert reading.voltage_v == pytest.approx(0.119, abs=1e-3)
        # One volt at the junction's divider output is what the junctions see: 50 mV at V50.
        inputs = [j.read.channel for j in rig.wiring.singles]
        volts = [rig.daqs["daq"].read(inputs) for _ in range(200)]
        assert (sum(volts) / 200) == pytest.approx(0.05, abs=8e-3)
        bias.set(0.0)
        assert rig.daqs["daq"].read(inputs) == pytest.approx(0.0, abs=2e-3)
        bench.make_safe()


def test_the_run_wins_over_the_bench_file_and_that_over_the_default() -> None:
    with opened(ARRAY) as bench:
        rig = rig_of(bench)
        assert CommonBias(rig, rig.wiring.singles, 0.2).levels_v["daq/ao14"] == pytest.approx(5.0)
    with opened(load("twin").text) as bench:
        rig = rig_of(bench)
        assert CommonBias(rig, rig.wiring.singles).levels_v == {"smu": 0.1}


def test_one_source_cannot_stand_at_two_levels() -> None:
    split = ARRAY.replace('source = "daq/ao14:21"', 'source = "smu"')
    with opened(split) as bench:
        rig = rig_of(bench)
        with pytest.raises(BenchError, match=r"smu would have to stand at 2.975 V for junction"):
            CommonBias(rig, rig.wiring.singles)


def test_a_level_that_the_guard_would_refuse_is_refused_before_anything_is_on() -> None:
    with opened(load("twin").text) as bench:
        rig = rig_of(bench)
        with pytest.raises(LimitError, match="bias of smu = 600 mV"):
            CommonBias(rig, rig.wiring.singles, 0.6).prepare()
        assert not rig.sources["smu"].state().output_on


def test_a_bias_above_what_a_junction_survives_is_a_mistake_in_the_file() -> None:
    with pytest.raises(
        BenchError, match=r"wiring.singles\[1\].bias = \"0.8 V\": puts up to 800 mV"
    ):
        parse(
            ARRAY.replace(
                'range = "1 V"\nbias = "119 mV"\n\n', 'range = "1 V"\nbias = "0.8 V"\n\n'
            ),
            source="a.toml",
        )
