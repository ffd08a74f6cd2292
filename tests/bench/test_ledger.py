"""How long a junction stood at which voltage, by hand and by the ledger."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.ledger import EDGES_V, Account, Ledger, chip_file, read
from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import LimitError, StoreError
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.wiring import ArrayWiring, Cell, SingleJunction, Wiring

LIMITS = JunctionLimits(0.5, 50e-6, 0.3)
SINGLES = Wiring(
    (
        SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None),
        SingleJunction(Cell(0, 1), "smu", 10e3, 0.5, None),
        SingleJunction(Cell(0, 2), "daq/ao0", 10e3, 1.0, None),
    )
)


def ledger(
    limits: JunctionLimits = LIMITS, wiring: Wiring = SINGLES, file: Path | None = None
) -> tuple[Ledger, VirtualClock]:
    clock = VirtualClock()
    return Ledger(wiring, limits, clock, file=file), clock


def test_a_level_is_booked_for_as_long_as_it_stood_on_every_junction_behind_it() -> None:
    book, clock = ledger()
    book.stands("smu", 0.2)
    clock.sleep(3.0)
    book.stands("smu", -0.4)
    clock.sleep(2.0)
    book.stands("smu", 0.0)
    clock.sleep(100.0)
    book.settle()
    whole, half = book.accounts[Cell(0, 0)], book.accounts[Cell(0, 1)]
    assert whole.binned_s[EDGES_V.index(0.2)] == pytest.approx(3.0)
    assert whole.binned_s[EDGES_V.index(0.4)] == pytest.approx(2.0)
    assert whole.above_soft_s == pytest.approx(2.0)
    assert half.binned_s[EDGES_V.index(0.1)] == pytest.approx(3.0)
    assert half.above_soft_s == 0
    assert Cell(0, 2) not in book.accounts
    assert "junction (0, 0) longest: 5 s; above 300 mV at most 2 s" in book.words()


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(0.0, 100.0)), max_size=30))
def test_no_second_under_voltage_is_lost(levels: list[tuple[float, float]]) -> None:
    book, clock = ledger()
    for volts, seconds in levels:
        book.stands("smu", volts)
        clock.sleep(seconds)
    book.rests()
    expected = sum(seconds for volts, seconds in levels if volts)
    account = book.accounts.get(Cell(0, 0), Account())
    assert account.binned_s.sum() == pytest.approx(expected, abs=1e-9)


def test_a_block_counts_by_its_samples_and_not_by_its_extremes() -> None:
    book, clock = ledger()
    book.stands("daq/ao0", 0.4)
    clock.sleep(1.0)
    book.played("daq/ao0", np.array([0.1] * 90 + [-0.4] * 10), 0.01)
    account = book.accounts[Cell(0, 2)]
    assert account.binned_s[EDGES_V.index(0.1)] == pytest.approx(0.9)
    assert account.above_soft_s == pytest.approx(0.1)


def test_a_row_of_an_array_is_every_junction_on_it() -> None:
    array = ArrayWiring((4, 5), (0, 2), ("daq/ao0", "daq/ao1"), 1e3, 1.0, 1, 1, 1e4, 1, (None,) * 2)
    book, clock = ledger(wiring=Wiring(arrays=(array,)))
    book.stands("daq/ao1", 0.1)
    clock.sleep(1.0)
    book.settle()
    assert set(book.accounts) == {Cell(5, 0), Cell(5, 2)}


def test_time_above_the_operating_range_is_counted_over_the_life_of_the_chip(
    tmp_path: Path,
) -> None:
    limits = JunctionLimits(0.5, 50e-6, 0.3, above_soft_s=10.0)
    file = chip_file(tmp_path, "wafer7")
    for run in range(2):
        book, clock = ledger(limits, file=file)
        book.check("smu", 0.4)
        book.stands("smu", 0.4)
        clock.sleep(6.0)
        book.stands("smu", 0.0)
        book.write(f"run {run}")
    book, _ = ledger(limits, file=file)
    assert book.above_soft_s(Cell(0, 0)) == pytest.approx(12.0)
    with pytest.raises(LimitError, match=r"400 mV on junction \(0, 0\).*12 s.*10 s"):
        book.check("smu", 0.4)
    book.check("smu", 0.3)
    book.check("daq/ao0", 0.4)


def test_a_booking_is_written_once(tmp_path: Path) -> None:
    file = chip_file(tmp_path, "a")
    book, clock = ledger(file=file)
    book.stands("smu", 0.1)
    clock.sleep(1.0)
    book.write("r")
    book.write("r")
    clock.sleep(2.0)
    book.write("r")
    assert [json.loads(line)["run"] for line in file.read_text().splitlines()] == ["r", "r"]
    assert read(file)[Cell(0, 0)].binned_s.sum() == pytest.approx(3.0)
    assert math.isclose(book.accounts[Cell(0, 0)].binned_s.sum(), 3.0)


def test_a_line_cut_by_a_death_is_left_out_and_any_other_is_named(tmp_path: Path) -> None:
    file = chip_file(tmp_path, "a")
    book, clock = ledger(file=file)
    book.stands("smu", 0.1)
    clock.sleep(1.0)
    book.write("r")
    whole = file.read_text()
    file.write_text(whole + whole[: len(whole) // 2])
    assert read(file)[Cell(0, 0)].binned_s.sum() == pytest.approx(1.0)
    file.write_text("{}\n" + whole)
    with pytest.raises(StoreError, match=r"a\.jsonl, line 1"):
        read(file)


def test_a_chip_without_a_file_has_no_past(tmp_path: Path) -> None:
    assert read(chip_file(tmp_path, "new")) == {}
