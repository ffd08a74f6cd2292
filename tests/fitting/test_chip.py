"""Chips with known parameters, as a perfect instrument would see them, and their fit.

Of 40 intervals that cover with 95 %, fewer than 33 do once in 4 000 times.
"""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.fitting.chip import fit_chip
from mtjlab.fitting.look import Look
from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from tests.fitting.chips import looks_at

KIND = JunctionParameters(
    r_p_ohm=4800.0,
    tmr=0.9,
    tmr_half_v=0.25,
    v_ref_v=45e-3,
    tau_p_s=60e-6,
    tau_ap_s=40e-6,
    slope_p_per_v=-40.0,
    slope_ap_per_v=65.0,
)
SPREAD = Spread(r_sigma=0.06, tmr_sigma=0.05, tau_sigma=0.3, v50_v=2e-3)
# Where both dwell times of KIND are equal: its ln tau_P - ln tau_AP is 0.405 at 45 mV.
V50_V = 45e-3 + math.log(1.5) / 105.0


def chip(
    seed: int, *, kind: JunctionParameters = KIND, faults: tuple[Fault, ...] = (), n: int = 16
):
    return Devices.draw(kind, SPREAD, faults, n, seed)


@pytest.mark.parametrize("curvature", [0.0, 300.0])
def test_intervals_hold_the_truth(curvature: float) -> None:
    kind = replace(KIND, curvature_p_per_v2=curvature, curvature_ap_per_v2=-curvature)
    covered: Counter[str] = Counter()
    chips = 40
    for seed in range(chips):
        found = fit_chip(looks_at(chip(seed, kind=kind), np.random.default_rng(seed)), accuracy=0.0)
        r, d = found.resistances, found.dwells
        assert d is not None
        x = d.v_ref_v - kind.v_ref_v
        truth: list[tuple[str, Estimate, float]] = [
            ("r_p", r.r_p_ohm, kind.r_p_ohm),
            ("tmr", r.tmr, kind.tmr),
            ("half", r.tmr_half_v, kind.tmr_half_v),
            ("r_sigma", r.r_sigma, SPREAD.r_sigma),
            ("tmr_sigma", r.tmr_sigma, SPREAD.tmr_sigma),
            ("tau_p", d.tau_p_s, kind.tau_p_s * math.exp(-40.0 * x + curvature * x**2)),
            ("tau_ap", d.tau_ap_s, kind.tau_ap_s * math.exp(65.0 * x - curvature * x**2)),
            ("slope_p", d.slopes_p[0], -40.0 + 2.0 * curvature * x),
            ("slope_ap", d.slopes_ap[0], 65.0 - 2.0 * curvature * x),
            ("tau_sigma", d.tau_sigma, SPREAD.tau_sigma),
            ("v50_sigma", d.v50_sigma_v, SPREAD.v50_v),
        ]
        if not curvature:
            truth.append(("v50", d.v50_v, V50_V))
        else:
            assert len(d.slopes_p) == 2, "a curvature this large is seen"
            truth.append(("curvature", d.slopes_p[1], curvature))
        for name, estimate, true in truth:
            covered[name] += estimate.covers(true)
    assert min(covered.values()) >= 33, covered


def test_bad_junctions_are_found_and_named_and_do_not_count() -> None:
    faults = (
        Fault(2, "short"),
        Fault(5, "open"),
        Fault(7, "stuck_p"),
        Fault(8, "stuck_ap"),
        Fault(11, "slow", factor=200.0),
    )
    found = fit_chip(looks_at(chip(4, faults=faults), np.random.default_rng(4)), accuracy=0.0)
    assert {one.cell[1]: one.kind for one in found.found} == {f.index: f.kind for f in faults}
    slow = found.found[-1]
    assert slow.factor is not None
    # The fault comes on top of what the junction's own tau is: within three scatters.
    assert abs(math.log(slow.factor / 200.0)) < 3 * SPREAD.tau_sigma
    without = fit_chip(looks_at(chip(4), np.random.default_rng(4)), accuracy=0.0)
    assert found.resistances.r_p_ohm.value == pytest.approx(
        without.resistances.r_p_ohm.value, rel=0.03
    )


def test_what_a_run_says_of_a_dead_junction_counts_with_what_others_show() -> None:
    looks = looks_at(chip(4, faults=(Fault(2, "short"),)), np.random.default_rng(4))
    said = Look((0, 2), "map", 0.1, "short", 0.05)
    (found,) = fit_chip([*looks, said], accuracy=0.0).found
    assert (found.cell, found.kind) == ((0, 2), "short")


def test_one_bias_tells_no_slopes_and_says_so() -> None:
    found = fit_chip(looks_at(chip(1), np.random.default_rng(1), np.array([0.1])), accuracy=0.0)
    d = found.dwells
    assert d is not None
    assert d.assumed
    assert not d.slopes_p[0].known
    assert "one bias only" in (d.slopes_p[0].reason or "")
    assert d.tau_p_s.reason == "with the default slopes"
    assert any("bias_sweep" in note for note in found.notes)
    assert not found.resistances.tmr_half_v.known


def test_one_junction_tells_no_scatter_and_says_so() -> None:
    found = fit_chip(looks_at(chip(1, n=1), np.random.default_rng(1)), accuracy=0.0)
    assert found.dwells is not None
    assert not found.resistances.r_sigma.known
    assert not found.dwells.tau_sigma.known
    assert any("single junction" in note for note in found.notes)


def test_a_silent_junction_where_none_would_flip_is_not_called_stuck() -> None:
    looks = looks_at(chip(3), np.random.default_rng(3))
    quiet = Look((0, 99), "run", 0.1, "one level", 1e-6, only_v=36e-3, only_ohm=4800.0)
    (found,) = fit_chip([*looks, quiet], accuracy=0.0).found
    assert found.kind is None
    assert "would be usual" in found.words


def test_a_junction_that_flipped_once_where_others_flip_often_is_slow() -> None:
    looks = looks_at(chip(3), np.random.default_rng(3))
    once = [
        replace(one, tau_p_s=Estimate.none("once", low=0.1), tau_ap_s=Estimate.none("once"))
        if one.cell == (0, 4)
        else one
        for one in looks
    ]
    found = fit_chip(once, accuracy=0.0)
    assert [(one.cell, one.kind) for one in found.found] == [((0, 4), "slow")]
    assert "lower bound" in found.found[0].words
    assert (found.found[0].factor or 0.0) > 20.0
    # Its resistances are its own all the same.
    assert (0, 4) in [device.cell for device in found.devices]


def test_three_levels_are_not_fitted() -> None:
    looks = looks_at(chip(3), np.random.default_rng(3))
    odd = [replace(one, verdict="three levels") if one.cell == (0, 4) else one for one in looks]
    (found,) = fit_chip(odd, accuracy=0.0).found
    assert (found.cell, found.kind) == ((0, 4), "three_level")


def test_a_chip_without_a_telegraph_is_refused() -> None:
    quiet = Look((0, 0), "run", 0.1, "one level", 1.0, only_v=36e-3, only_ohm=4800.0)
    with pytest.raises(ValueError, match="not one of 1 junctions shows two levels"):
        fit_chip([quiet], accuracy=0.0)


def test_the_accuracy_of_the_instruments_widens_resistances_alone() -> None:
    looks = looks_at(chip(2), np.random.default_rng(2))
    fine, coarse = (fit_chip(looks, accuracy=a).resistances for a in (0.0, 0.05))
    assert coarse.r_p_ohm.high > 1.05 * fine.r_p_ohm.value > fine.r_p_ohm.high
    assert coarse.r_sigma == fine.r_sigma
