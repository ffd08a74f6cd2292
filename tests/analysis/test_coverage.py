"""A slim version of `python -m benchmarks.coverage`: 120 traces in three of its regimes.

Of 120 intervals that cover with 95 % each, fewer than 103 cover once in 20 000 times.
"""

import pytest

from benchmarks.coverage import REGIMES, Regime, Table, others, sweeps, traces_of

TRACES, LEAST = 120, 103
CHOSEN = [one for one in REGIMES if one.step_over_tau != 0.3 and one.ratio != 1.0][:3]


def check(table: Table) -> None:
    for where, count in table.counts.items():
        assert count.covered >= LEAST, where


@pytest.mark.parametrize("regime", CHOSEN, ids=lambda regime: regime.name)
def test_intervals_of_a_trace(regime: Regime):
    table = Table()
    traces_of(regime, TRACES, table, samples=5_000)
    check(table)


def test_intervals_of_curves():
    table = Table()
    sweeps(18, table, samples=1_500)
    for where, count in table.counts.items():
        # Of 18, fewer than 12 cover once in 60 000 times.
        assert count.covered >= 12, where


def test_intervals_between_junctions():
    table = Table()
    others(TRACES, table, samples=2_000)
    check(table)
