"""The map of a twin's chip against what its junctions truly are."""

import numpy as np
import pytest

from mtjlab.core.errors import BenchError, ParameterError
from protocols.array_map.judging import VERDICTS

# A nominal 95 % interval of 30 junctions misses more than 5 in 30 with a chance below 2 %.
MOST_MISSED = 1 / 6

FAULTS = "".join(
    f'\n[[twin.faults]]\ncell = [0, {column}]\nkind = "{kind}"\n'
    for column, kind in ((1, "short"), (2, "open"), (3, "stuck_p"), (4, "three_level"))
)


def missed(table, name, true, chosen):
    inside = (table[f"{name}_low"] <= true) & (true <= table[f"{name}_high"])
    return float(np.mean(~inside[chosen]))


def test_true_values_lie_within_the_stated_intervals(lab, single_points, truth):
    outcome = lab.run("array_map", "twin", "duration_s=0.1", seed=3)
    assert outcome.status == "finished", outcome.error
    table = lab.table(outcome, "junctions")
    devices, point = truth("twin"), single_points("twin", 0.1)
    alive = table["verdict"] == 0
    assert alive.sum() == 30
    assert outcome.results["counts"] == {
        **dict.fromkeys(VERDICTS, 0),
        "alive": 30,
        "stuck": 1,
        "slow": 1,
    }
    tau_c_s = 1.0 / np.maximum(point.rates.total_hz, 1e-9)
    occupancy = point.rates.occupancy
    for name, true in (
        ("tau_c_s", tau_c_s),
        ("occupancy_ap", occupancy),
        ("amplitude_v", point.v_ap - point.v_p),
        ("r_p_ohm", 1.0 / devices.g_p_s),
        ("r_ap_ohm", 1e4 * point.v_ap / (0.1 - point.v_ap)),
    ):
        assert missed(table, name, true, alive) <= MOST_MISSED, name
    # 16-bit converter noise of 32 uV against a telegraph of two Bernoulli levels.
    ratio = (point.v_ap - point.v_p) * np.sqrt(occupancy * (1 - occupancy)) / 32e-6
    np.testing.assert_allclose(table["noise_ratio"][alive], ratio[alive], rtol=0.15)
    assert [0, 11] not in outcome.results["usable_cells"]
    assert [0, 11, "stuck"] in outcome.results["masked_cells"]


def test_each_fault_has_its_verdict(lab, bench_like):
    bench = bench_like("twin", ('junction_a = "50 uA"', 'junction_a = "60 uA"'), add=FAULTS)
    cells = "cells=[[0,0],[0,1],[0,2],[0,3],[0,4]]"
    outcome = lab.run("array_map", bench, cells, "duration_s=0.3")
    assert outcome.status == "finished", outcome.error
    found = [VERDICTS[int(code)] for code in lab.table(outcome, "junctions")["verdict"]]
    assert found == ["alive", "short", "open", "stuck", "three_levels"]
    assert outcome.results["usable_cells"] == [[0, 0]]


def test_a_confirmation_no_longer_than_a_look_is_none(lab):
    outcome = lab.run(
        "array_map", "twin", "cells=[[0,0],[0,11]]", "confirm_s=0.1", "duration_s=0.1"
    )
    assert len(lab.table(outcome, "junctions")["verdict"]) == 2
    assert outcome.results["counts"]["stuck"] == 1


def test_a_row_at_a_time_sees_each_junction_of_an_array(lab, truth):
    cells = "cells=[[0,0],[0,7],[7,3],[13,0],[13,7],[15,1]]"
    outcome = lab.run("array_map", "array", cells)
    assert outcome.status == "finished", outcome.error
    table = lab.table(outcome, "junctions")
    assert outcome.results["counts"]["alive"] == 6
    singles = 11
    devices = truth("array")
    for row, column, low, high in zip(
        *(table[name] for name in ("row", "column", "r_p_ohm_low", "r_p_ohm_high")), strict=True
    ):
        if row < 14:
            true = 1.0 / devices.g_p_s[singles + int(row) * 8 + int(column)]
            assert low <= true <= high, (row, column)


def test_floating_lines_show_a_network_and_say_so(lab, truth):
    cells = "cells=[[4,0],[5,1],[1,1],[1,0]]"
    outcome = lab.run("array_map", "everything", cells, "unselected=float")
    assert outcome.status == "finished", outcome.error
    table = lab.table(outcome, "junctions")
    assert set(table["verdict"]) == {VERDICTS.index("conducts")}
    notes = "\n".join(outcome.results["notes"])
    assert "network resistance (sneak paths: the other lines float)" in notes
    assert "network resistance (2 junctions in parallel on k2602b.a)" in notes
    assert outcome.results["usable_cells"] == []
    alone = lab.run("array_map", "everything", "cells=[[4,0],[5,1]]")
    assert alone.results["usable_cells"] == [[4, 0], [5, 1]]
    table, true = lab.table(alone, "junctions"), 1.0 / truth("everything").g_p_s[[-4, -1]]
    assert ((table["r_p_ohm_low"] <= true) & (true <= table["r_p_ohm_high"])).all()


@pytest.mark.parametrize(
    ("bench", "cells", "cut"),
    [("array", "[[14,0],[0,0],[0,1],[1,5]]", 4), ("everything", "[[4,0],[5,1],[1,0]]", 6)],
)
def test_a_stopped_map_gone_on_with_has_the_same_bytes(lab, bench, cells, cut):
    settings = (f"cells={cells}", "duration_s=0.01")
    whole = lab.run("array_map", bench, *settings)
    part = lab.run("array_map", bench, *settings, stop_after=cut)
    assert part.status == "aborted"
    again = lab.go_on(part)
    assert again.status == "finished", again.error
    lab.same(whole, again)


@pytest.mark.parametrize(
    ("bench", "settings", "error", "words"),
    [
        ("twin", ("cells=[[3,3]]",), BenchError, r"\(3, 3\) is not wired"),
        ("twin", ("cells=[[0,1],[0,1]]",), ParameterError, "named twice"),
        ("twin", ("bias_v=[0.0]",), BenchError, "0 V shows no junction"),
        ("twin", ("bias_v=[0.6]",), ParameterError, "use at most"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, words):
    outcome = lab.run("array_map", bench, *settings)
    assert isinstance(outcome.error, error)
    assert outcome.run_file is None
    with pytest.raises(error, match=words):
        raise outcome.error
