"""A slim version of `python -m benchmarks.twin_round_trip`: two hidden twins, measured and fitted.

Of 26 intervals that cover with 95 %, fewer than 21 do once in 400 times; the seeds are fixed.
"""

from pathlib import Path

import pytest

from benchmarks.twin_round_trip import SLIM, round_trip


@pytest.mark.slow
def test_hidden_twins_are_found(tmp_path: Path) -> None:
    rows = []
    for number in (100, 101):
        found, (right, there, wrong) = round_trip(number, SLIM, tmp_path)
        rows += found
        assert (right, wrong) == (there, 0)
    missed = [row for row in rows if not row.covered]
    assert len(rows) >= 26
    assert len(missed) <= 0.1 * len(rows), missed
