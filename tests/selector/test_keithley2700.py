"""A 2700 with a 7709: what a cell closes, in which order, and what must be at 0 V before."""

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from drivers.keithley2700 import Keithley2700
from drivers.keithley2700_cabling import Keithley2700Options
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    BenchError,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotSafeError,
    Reported,
    WrongIdentity,
)
from mtjlab.core.interfaces import Selector, SourceSettings
from mtjlab.core.wiring import Cell
from mtjlab.testing import selector

CELLS = tuple(Cell(row, column) for row in range(3) for column in range(2))
IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 2700,0822752,B08  /A02"
SOURCE, GROUND, HALF = 1, 4, 5
VOLTAGE = SourceSettings("voltage", range=0.3, compliance=40e-6)


def tell(twin, message):
    """Somebody else on the bus."""
    twin.feed(message.encode() + b"\n")
    reply = bytes(twin.out).decode().removesuffix("\n")
    twin.out.clear()
    return reply


def channel(matrix_row, matrix_column):
    """Crosspoints count along the rows of the matrix (PA-771)."""
    return str(100 + (matrix_row - 1) * 8 + matrix_column)


def lines_of(bench, twin):
    """What the world has each line on."""
    return bench.simulated.world._arrays[0].lines


@pytest.fixture
def rig(bench):
    return bench.rig(lambda *_: None)


@pytest.fixture
def switch(rig):
    return rig.selectors["switch"]


@pytest.fixture
def twin(bench):
    return bench.simulated.twins["switch"]


@pytest.mark.parametrize("check", selector.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("face", ["raw", "guarded"])
def test_it_conforms(bench, rig, check, face):
    raw = bench.instruments["switch"]
    assert isinstance(raw, Selector)
    subject = selector.SelectorUnderTest(
        selector=raw if face == "raw" else rig.selectors["switch"],
        cells=CELLS,
        allowed=bench._permit.opened,
    )
    check(subject)


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("unselected", ["float", "ground", "bias_half"])
def test_a_cell_closes_its_own_crosspoints_and_the_rest(bench, switch, twin, cell, unselected):
    """Against the picture of the matrix, and against what the world's lines are on."""
    switch.connect([cell], unselected)
    rows = {0: 1, 1: 2, 2: 3}
    columns = {0: (5, 2), 1: (6, 3)}
    rest = {"float": None, "ground": GROUND, "bias_half": HALF}[unselected]
    expected = {channel(SOURCE, rows[cell.row]), channel(*columns[cell.column][::-1])}
    if rest is not None:
        expected |= {channel(rest, line) for row, line in rows.items() if row != cell.row}
        expected |= {channel(rest, c[0]) for column, c in columns.items() if column != cell.column}
    assert set(switch.closed()) == expected
    state = {"float": "float", "ground": "ground", "bias_half": "half"}[unselected]
    lines = lines_of(bench, twin)
    assert lines.rows == tuple("on" if row == cell.row else state for row in rows)
    assert lines.columns == tuple("on" if c == cell.column else state for c in columns)


def test_a_selected_junction_is_the_one_that_is_measured(bench, rig, switch):
    """Current of the source through one cell alone, against the current of its column."""
    smu, daq = rig.sources["smu"], rig.daqs["daq"]
    switch.connect([Cell(1, 1)], "float")
    smu.configure(VOLTAGE)
    smu.output(True)
    smu.set_level(0.2)
    reading = smu.measure()
    volts = np.mean([daq.read(["ai1", "ai0"]) for _ in range(200)], axis=0)
    assert 3e-6 < reading.current_a < 20e-6
    # A junction is P or AP: factor 1.6 between the two at most.
    assert 0.4 < abs(volts[0]) / (10e3 * reading.current_a) < 2.0
    assert abs(volts[1]) < 1e-3
    smu.output(False)


def test_every_move_opens_before_it_closes(bench, switch, twin):
    """Whatever comes after whatever: at no time is a line on two buses."""
    seen = []
    original = twin._move

    def watched(closed):
        original(closed)
        seen.append(twin.closed)

    twin._move = watched
    states = itertools.product(CELLS, ("ground", "float", "bias_half"))
    for cell, unselected in sorted(states, key=lambda s: (hash(str(s)) % 97, str(s))):
        switch.connect([cell], unselected)
    assert len(seen) > 30
    for closed in seen:
        columns = [(number - 1) % 8 for number in closed]
        assert len(set(columns)) == len(columns), closed


def test_the_settling_time_passes(bench, switch):
    clock = bench.simulated.world.clock
    for cell in CELLS:
        before_s = clock.now_s()
        switch.connect([cell], "ground")
        assert clock.now_s() - before_s >= 0.01


# The interlock ------------------------------------------------------------------------------------


def moves(switch):
    return [lambda: switch.connect([CELLS[0]], "ground"), switch.open_all]


def test_nothing_moves_while_our_source_is_up(rig, switch, twin):
    smu = rig.sources["smu"]
    switch.connect([CELLS[1]], "ground")
    before = twin.closed
    smu.configure(VOLTAGE)
    smu.output(True)
    smu.set_level(0.1)
    for move in moves(switch):
        with pytest.raises(LimitError, match="while smu is on at 100 mV; nothing was sent"):
            move()
    assert twin.closed == before
    smu.set_level(0.0)
    switch.open_all()
    assert twin.closed == ()


def test_nothing_moves_while_somebody_else_has_switched_a_source_on(bench, rig, switch, twin):
    switch.connect([CELLS[1]], "ground")
    before = twin.closed
    tell(bench.simulated.twins["smu"], ":SOUR:VOLT 0.25;:OUTP ON")
    for move in moves(switch):
        with pytest.raises(LimitError, match="while smu is on at 250 mV"):
            move()
    assert twin.closed == before
    tell(bench.simulated.twins["smu"], ":OUTP OFF")
    switch.open_all()


def test_nothing_moves_while_an_output_of_a_board_is_up(bench, rig, switch, twin):
    """Also one that this session has never touched: a board holds what it was given last."""
    board = bench.instruments["daq"]
    rig.daqs["daq"].write({"ao0": 1.0})
    with pytest.raises(LimitError, match="daq/ao0 holds 1 V"):
        switch.open_all()
    rig.daqs["daq"].write({"ao0": 0.0})
    switch.open_all()
    with bench._permit.opened():
        board.write({"ao0": 1.0})
    assert bench.guard.setpoints["daq/ao0"] == 0.0
    for move in moves(switch):
        with pytest.raises(LimitError, match=r"daq/ao0 reads back (1 V|99\d|1\.0)"):
            move()
    assert twin.closed == ()
    with bench._permit.opened():
        board.write({"ao0": 0.0})
    switch.connect([CELLS[0]], "float")


def test_nothing_moves_when_a_source_cannot_be_asked(bench, rig, switch, twin):
    switch.connect([CELLS[1]], "ground")
    before = twin.closed
    rig.sources["smu"].abort()
    bench.drivers["smu"].close()
    with pytest.raises(MtjlabError):
        switch.open_all()
    assert twin.closed == before


def test_the_safe_state_opens_it_after_the_sources(bench, rig, switch, twin):
    smu = rig.sources["smu"]
    switch.connect([CELLS[0]], "ground")
    smu.configure(VOLTAGE)
    smu.output(True)
    smu.set_level(0.2)
    made = bench.make_safe()
    assert [one.name for one in made].index("switch") > [one.name for one in made].index("smu")
    assert all(one.error is None for one in made)
    assert twin.closed == ()


# What is refused ----------------------------------------------------------------------------------


def test_the_page_shows_the_bench_of_these_tests(bench):
    page = Path(__file__).parents[2] / "docs" / "switches.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    shown = tomllib.loads(example)["instruments"]["switch"]
    entry = bench.loaded.file.instruments["switch"]
    assert (shown["driver"], shown["resource"]) == (entry.driver, entry.resource)
    assert Keithley2700Options(**shown["options"]) == Keithley2700Options(**entry.options)
    documented = set(re.findall(r"^\| `(\w+)` \|", page.read_text(), re.MULTILINE))
    assert documented == set(Keithley2700Options.model_fields)


def test_it_connects_one_array_that_is_cabled(opened, bench_text):
    for options, match in (
        ("row_lines = {0 = 1}\ncolumn_lines = {0 = 5, 1 = 6}\nbuses = {smu = 1}", "row_lines"),
        (
            "row_lines = {0 = 1, 1 = 2, 2 = 5}\ncolumn_lines = {0 = 5, 1 = 6}\n"
            'buses = {smu = 1, "daq/ai0" = 2, "daq/ai1" = 3}',
            "on one column of the matrix",
        ),
        (
            "row_lines = {0 = 1, 1 = 2, 2 = 3}\ncolumn_lines = {0 = 5, 1 = 6}\n"
            'buses = {smu = 1, "daq/ai0" = 2}',
            "'daq/ai1' is on no row of the matrix",
        ),
    ):
        with pytest.raises(BenchError, match=match):
            opened(options=options)


@pytest.mark.parametrize("missing", ["ground", "half"])
def test_a_state_that_is_not_cabled_is_refused(opened, missing):
    options = (
        "row_lines = {0 = 1, 1 = 2, 2 = 3}\ncolumn_lines = {0 = 5, 1 = 6}\n"
        'buses = {smu = 1, "daq/ai0" = 2, "daq/ai1" = 3, ground = 4, half = 5}'
    ).replace(f", {missing} = {4 if missing == 'ground' else 5}", "")
    bench = opened(options=options)
    switch = bench.rig(lambda *_: None).selectors["switch"]
    switch.connect([CELLS[0]], "float")
    before = switch.closed()
    unselected = "ground" if missing == "ground" else "bias_half"
    with pytest.raises(BenchError, match=f"'{missing}' is on no row of the matrix"):
        switch.connect([CELLS[1]], unselected)
    assert switch.closed() == before


def test_a_leaked_driver_can_be_read_but_not_moved(bench, twin):
    raw = bench.instruments["switch"]
    tell(twin, ":ROUT:MULT:CLOS (@101)")
    for action in (lambda: raw.connect([CELLS[0]], "float"), raw.open_all, raw.shutdown):
        with pytest.raises(LimitError):
            action()
    with pytest.raises(LimitError):
        raw._link.write(":ROUT:OPEN:ALL")
    assert raw.closed() == ("101",)


def test_abort_holds_until_shutdown(switch):
    switch.abort()
    with pytest.raises(Aborted):
        switch.connect([CELLS[0]], "float")
    switch.shutdown()
    switch.connect([CELLS[0]], "float")


# Instruments that lie -----------------------------------------------------------------------------


def lying(bench, **lies):
    """The driver of the bench, whose questions are answered with `lies` from now on."""
    driver = bench.drivers["switch"]
    ask = driver._link.ask
    left = {question: list(replies) for question, replies in lies.items()}

    def answer(question):
        for key, replies in left.items():
            if replies and re.search(key, question):
                return replies.pop(0)
        return ask(question)

    driver._link.ask = answer
    return driver


@pytest.mark.parametrize(
    ("lies", "error", "match"),
    [
        ({"CLOS": ["(@)", "(@)", "(@)", "(@)"]}, InstrumentError, "closed are none after"),
        ({"CLOS": ["(@101)", "(@102)"]}, BadReply, "nothing had changed"),
        ({"CLOS": ["101"] * 2}, BadReply, "no list of closed channels"),
        ({"ERR": ["-222,Out of range", "0,No error"]}, Reported, "-222"),
    ],
)
def test_a_move_without_proof_is_an_error(bench, twin, lies, error, match):
    driver = lying(bench, **lies)
    with bench._permit.opened(), pytest.raises(error, match=match):
        driver.connect([CELLS[0]], "ground")


def test_a_relay_that_sticks_is_found_out(bench, switch, twin):
    switch.connect([CELLS[0]], "ground")
    original = twin._move
    stuck = twin.closed[0]
    twin._move = lambda closed: original({*closed, stuck})
    with pytest.raises(InstrumentError, match="expected none"):
        switch.open_all()
    with pytest.raises(NotSafeError, match="read back closed after everything was opened"):
        switch.shutdown()


def test_relays_that_somebody_else_closed_are_opened(bench, switch, twin):
    """Also those that connect the multimeter."""
    tell(twin, ":ROUT:CLOS (@103);:ROUT:MULT:CLOS (@149,148)")
    assert twin.closed == (3, 48, 49, 50)
    switch.connect([CELLS[0]], "float")
    assert set(switch.closed()) == {"101", "113"}


@pytest.mark.parametrize(
    ("idn", "cards"),
    [(IDN.replace("2700", "2750"), None), ("ACME,7709,1,1", None), (IDN, "7700, NONE")],
)
def test_somebody_else_or_another_card_is_named(scripted_switch, idn, cards):
    exchanges = [("*IDN?", idn)] + ([("*OPT?", cards)] if cards else [])
    with pytest.raises(WrongIdentity):
        scripted_switch(exchanges)


@pytest.fixture
def scripted_switch(bench, monkeypatch):
    """Opens the driver against a list of questions and answers."""

    def make(exchanges):
        answers = dict(exchanges)
        twin = bench.simulated.twins["switch"]
        monkeypatch.setattr(twin, "identity", answers["*IDN?"])
        if "*OPT?" in answers:
            monkeypatch.setattr(type(twin), "cards", answers["*OPT?"])
        bench.reconnect()

    return make


def test_connecting_moves_nothing_and_says_what_is_closed(bench, twin):
    tell(twin, ":ROUT:MULT:CLOS (@101,113)")
    bench.reconnect()
    driver = bench.drivers["switch"]
    assert isinstance(driver, Keithley2700)
    assert driver.found == ("closed: 101, 113",)
    assert twin.closed == (1, 13)


@given(
    moves=st.lists(
        st.tuples(
            st.lists(st.sampled_from(CELLS), min_size=1, max_size=3),
            st.sampled_from(["ground", "float", "bias_half"]),
        ),
        max_size=6,
    )
)
@examples(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_goes_on_from_a_saved_state(opened, moves):
    first, second = opened(), opened()
    switch = first.rig(lambda *_: None).selectors["switch"]
    for cells, unselected in moves:
        switch.connect(cells, unselected)
    second.simulated.restore(first.simulated.state())
    assert second.drivers["switch"].closed() == switch.closed()
    twin = second.simulated.twins["switch"]
    assert lines_of(second, twin) == lines_of(first, twin)
