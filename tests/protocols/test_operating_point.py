"""The bias for a wanted duty cycle, against what the twin's junctions truly do there."""

import numpy as np
import pytest

from mtjlab.core.errors import BenchError, ParameterError

OWN = "cells=[[14,0],[14,3],[14,6]]"


@pytest.mark.parametrize("duty", [0.5, 0.2])
def test_junctions_with_a_source_each_are_brought_to_the_duty_cycle(lab, single_points, duty):
    outcome = lab.run("operating_point", "array", OWN, f"duty={duty}")
    assert outcome.status == "finished", outcome.error
    found = outcome.results
    assert [cell[:2] for cell in found["biases"]] == [[14, 0], [14, 3], [14, 6]]
    for (_, column, bias_v), (*_, seen) in zip(found["biases"], found["duty_cycles"], strict=True):
        # The true duty cycle: the search stops within 0.02, measured to within 0.02.
        true = single_points("array", bias_v).rates.occupancy[column]
        assert abs(true - duty) < 0.04
        assert abs(seen - true) < 0.03
    assert found["counts"]["reached"] == 3


def test_a_common_source_gets_the_best_compromise(lab, single_points):
    columns = list(range(8))
    cells = f"cells={[[0, column] for column in columns]}"
    outcome = lab.run("operating_point", "twin", cells)
    assert outcome.status == "finished", outcome.error
    found = outcome.results

    def deviation(bias_v):
        return ((single_points("twin", bias_v).rates.occupancy[columns] - 0.5) ** 2).sum()

    best = min(np.linspace(0.096, 0.103, 15), key=deviation)
    assert found["bias_v"] == pytest.approx(best, abs=0.8e-3)
    assert {bias for *_, bias in found["biases"]} == {found["bias_v"]}
    true = single_points("twin", found["bias_v"]).rates.occupancy[columns]
    np.testing.assert_allclose([duty for *_, duty in found["duty_cycles"]], true, atol=0.03)
    assert found["counts"]["compromise"] > 0
    assert any("one source" in note for note in found["notes"])
    table = lab.table(outcome, "junctions")
    for column, low, high in zip(
        columns, table["own_bias_v_low"], table["own_bias_v_high"], strict=True
    ):
        ends = [single_points("twin", v).rates.occupancy[column] for v in (low, high)]
        # Somewhat wider than the interval: one of eight may miss.
        assert ends[0] - 0.01 < 0.5 < ends[1] + 0.01


def test_stuck_and_slow_junctions_are_named_and_not_counted(lab):
    alone = lab.run("operating_point", "twin", "cells=[[0,0]]")
    outcome = lab.run("operating_point", "twin", "cells=[[0,0],[0,11],[0,23]]")
    assert outcome.status == "finished", outcome.error
    assert outcome.results["refused_cells"] == [[0, 11, "no_flips"], [0, 23, "too_slow"]]
    assert outcome.results["bias_v"] == pytest.approx(alone.results["bias_v"], abs=1.5e-3)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (("cells=[[0,11]]",), r"\(0, 11\) is no_flips"),
        (("cells=[[0,0]]", "max_bias_v=60m"), r"out_of_window, nearest 0\.2\d* at 60 mV"),
        (("cells=[[0,0]]", "max_tau_c_s=2u"), "too_slow, nearest"),
        (("cells=[[0,0]]", "min_tau_c_s=900u"), "too_fast, nearest"),
    ],
)
def test_what_cannot_be_reached_is_refused_with_the_nearest(lab, settings, match):
    outcome = lab.run("operating_point", "twin", *settings)
    with pytest.raises(BenchError, match=match):
        raise outcome.error
    assert outcome.status == "failed"


def test_a_stopped_search_gone_on_with_is_the_whole_one(lab):
    whole = lab.run("operating_point", "array", OWN)
    for cut in (3, 8):
        part = lab.run("operating_point", "array", OWN, stop_after=cut)
        assert part.status == "aborted"
        lab.same(whole, lab.go_on(part))


@pytest.mark.parametrize(
    ("bench", "settings", "error", "match"),
    [
        ("twin", ("max_bias_v=0.9",), ParameterError, "use at most"),
        ("twin", ("min_bias_v=-0.1",), ParameterError, "one side of 0"),
        ("twin", ("min_tau_c_s=1",), ParameterError, "less than max_tau_c_s"),
        ("array", ("cells=[[0,0]]",), BenchError, "in an array"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, match):
    def refused():
        outcome = lab.run("operating_point", bench, *settings)
        assert outcome.run_file is None
        raise outcome.error

    with pytest.raises(error, match=match):
        refused()
