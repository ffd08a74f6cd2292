"""Crosstalk on the twin, and the shared resistance of a row solved in closed form."""

import itertools

import numpy as np
import pytest

from mtjlab.analysis.slope import line_of
from mtjlab.bench.file import load
from mtjlab.core.errors import BenchError
from mtjlab.core.wiring import Cell
from protocols.crosstalk.conductance import against_position, leaks
from protocols.crosstalk.groups import Group
from protocols.crosstalk.pairs import no_sums, pairs_of, shared
from protocols.crosstalk.results import _undo_feedback

ARRAY = load("array").file.wiring.resolve().arrays[0]


def test_independent_junctions_are_within_chance(lab):
    cells = "cells=[[0,0],[0,1],[0,2],[0,3],[0,4],[0,11]]"
    outcome = lab.run("crosstalk", "twin", cells, "duration_s=0.2")
    assert outcome.status == "finished", outcome.error
    pairs = lab.table(outcome, "pairs")
    assert len(pairs["row"]) == 15
    # 15 intervals of 95 %: more than 4 misses once in a thousand suites.
    assert np.sum((pairs["correlation_low"] > 0) | (pairs["correlation_high"] < 0)) <= 4
    assert outcome.results["correlated"] == []


def test_sneak_paths_are_those_of_the_other_three_junctions(lab, truth):
    outcome = lab.run("crosstalk", "everything", "cells=[[4,0],[5,1]]", "duration_s=0.05")
    assert outcome.status == "finished", outcome.error
    r_ohm = 1.0 / truth("everything").g_p_s[-4:]  # (4,0) (4,1) (5,0) (5,1), in P at so little
    around = {(4, 0): r_ohm[1] + r_ohm[3] + r_ohm[2], (5, 1): r_ohm[2] + r_ohm[0] + r_ohm[1]}
    found = outcome.results["sneak_s"]
    assert [tuple(one[:2]) for one in found] == [(4, 0), (5, 1)]
    for row, column, value, low, high in found:
        assert low <= value <= high
        assert value == pytest.approx(1.0 / around[row, column], rel=0.08)


def test_stopped_and_gone_on_with_has_the_same_bytes(lab):
    settings = ("cells=[[14,0],[14,3],[2,1],[5,1]]", "duration_s=0.02")
    whole = lab.run("crosstalk", "array", *settings)
    part = lab.run("crosstalk", "array", *settings, stop_after=2)
    again = lab.go_on(part)
    assert again.status == "finished", again.error
    lab.same(whole, again)


def test_what_a_flip_takes_from_its_neighbours_is_the_shared_resistance():
    """One row behind 50 ohm, 4 ohm a segment, every current solved for each of the 16 states."""
    rng = np.random.default_rng(1)
    bias_v, series_ohm, wire_ohm, columns = 0.01, 50.0, 4.0, 4
    r_p = 5600.0 * (1.0 + 0.05 * rng.standard_normal(columns))
    table = np.zeros((2**columns, columns))
    ground = np.arange(columns)
    segments = np.minimum.outer(ground, ground) + 1.0
    for number, states in enumerate(itertools.product((0, 1), repeat=columns)):
        r_ohm = r_p * (1.0 + 0.63 * np.array(states))
        # V = (R_k + own and shared segments) I_k + series x sum I
        table[number] = np.linalg.solve(
            np.diag(r_ohm) + wire_ohm * segments + series_ohm, np.full(columns, bias_v)
        )
    n = 400_000
    states = rng.random((n, columns)) < 0.5
    index = states @ (2 ** np.arange(columns)[::-1])
    noise_v = 1e-4 * rng.standard_normal((n, columns))
    traces_v = -ARRAY.tia_ohm * table[index] + noise_v
    cells = tuple(Cell(0, column) for column in range(columns))
    reads = tuple(read for read in ARRAY.reads[:columns] if read is not None)
    group = Group("row", "daq", cells, reads, {}, bias_v, ARRAY)
    _, found = pairs_of(group, traces_v, noise_v)
    mean_a = table[index].mean(axis=0)
    conductance_s = mean_a / (bias_v - series_ohm * mean_a.sum())
    sums = shared(no_sums(), group, traces_v, found, conductance_s)
    rows = np.column_stack([np.zeros(columns), ground, *np.zeros((2, columns)), conductance_s])
    segment, front = _undo_feedback(rows, *line_of(sums))
    # At the middle of the fit, where what is shared is known best, three standard errors.
    middle_ohm = front.value + 1.5 * segment.value
    assert middle_ohm == pytest.approx(series_ohm + 1.5 * wire_ohm, abs=9.0)
    assert front.low - 3.0 <= series_ohm <= front.high + 3.0
    assert segment.covers(wire_ohm)


def test_resistance_against_position_holds_the_wires():
    rng, inside = np.random.default_rng(2), 0
    rows, columns = np.indices((14, 8)).reshape(2, -1)
    along = np.array([(np.minimum(c, np.arange(8)) + 1).sum() for c in columns])
    for _ in range(200):
        r_ohm = 7000.0 + 3.0 * along + 2.0 * (14 - rows) + 200.0 * rng.standard_normal(112)
        table = np.column_stack([rows, columns, *np.zeros((2, 112)), 1.0 / r_ohm])
        row_wire, column_wire = against_position(ARRAY, table)
        inside += row_wire.covers(3.0) + column_wire.covers(2.0)
    assert 362 <= inside <= 395  # of 400, nominally 380
    few, _ = against_position(ARRAY, table[:4])
    assert "8 in several rows and columns" in str(few.reason)
    leak = leaks(ARRAY, table)
    # 13 others of 7 kohm against one ohm of amplifier and 14 segments of one ohm.
    assert leak[0] == pytest.approx(15.0 / (7000.0 / 13.0), rel=0.1)


@pytest.mark.parametrize(
    ("bench", "cells", "words"),
    [
        ("twin", "cells=[[0,0]]", "alone on daq"),
        ("everything", "cells=[[1,0],[1,1]]", "no input reads them"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, cells, words):
    outcome = lab.run("crosstalk", bench, cells)
    assert outcome.run_file is None
    with pytest.raises(BenchError, match=words):
        raise outcome.error
