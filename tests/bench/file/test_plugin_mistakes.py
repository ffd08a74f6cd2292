"""Drivers and twins that are missing or broken are said at the key that asks for them."""

from typing import Any

import pytest

from mtjlab.bench.file import parse
from mtjlab.core.errors import BenchError


class Options:
    """Stands in for an options model that takes anything."""

    @classmethod
    def model_validate(cls, given: Any) -> Any:
        return given


class Plain:
    """Declares no abilities: neither source-meter nor board is known of it."""

    options_model = Options


def test_a_driver_that_does_not_load_is_said_with_its_reason(good: str, install: Any) -> None:
    both = {"keithley2400": Plain, "nidaqmx": Plain}
    install({"keithley2400": None, "nidaqmx": Plain}, both)
    with pytest.raises(BenchError) as caught:
        parse(good, source="x")
    assert "instruments.smu.driver" in str(caught.value)
    assert "does not load: No module named 'vendor'" in str(caught.value)


def test_a_driver_without_options_model_is_broken(good: str, install: Any) -> None:
    both = {"keithley2400": Plain, "nidaqmx": Plain}
    install({"keithley2400": object, "nidaqmx": Plain}, both)
    with pytest.raises(BenchError, match=r"instruments\.smu\.options.* has no options_model"):
        parse(good, source="x")


def test_only_a_simulated_bench_needs_twins(good: str, install: Any) -> None:
    install({"keithley2400": Plain, "nidaqmx": Plain}, {"nidaqmx": Plain})
    with pytest.raises(BenchError, match="needs a twin of each instrument: no twin named"):
        parse(good, source="x")
    parse(good[: good.index("[twin]")], source="x")


def test_a_board_that_declares_nothing_is_taken_to_reach_10_v(good: str, install: Any) -> None:
    both = {"keithley2400": Plain, "nidaqmx": Plain}
    install(both, both)
    parse(good, source="x")
    with pytest.raises(BenchError, match="unfenced output: full scale 10 V"):
        parse(good.replace("divider = 0.04", "divider = 0.1"), source="x")
