"""What is read from run files of each protocol."""

import math
from pathlib import Path

import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.bench.file import load
from mtjlab.calibration.from_map import dwells_of
from mtjlab.calibration.measured import Measured, measured
from mtjlab.fitting.look import log_error
from mtjlab.store import RunReader


def read(path: Path) -> Measured:
    with RunReader.open(path) as run:
        return measured(run)


@pytest.mark.parametrize(
    ("protocol", "junctions", "biases"),
    [("bias_sweep", 6, 3), ("telegraph", 6, 1), ("array_map", 16, 1), ("noise_learning", 12, 1)],
)
def test_looks_of_every_protocol(
    runs: dict[str, Path], bench: Path, protocol: str, junctions: int, biases: int
) -> None:
    found = read(runs[protocol])
    assert len({look.cell for look in found.looks}) == junctions
    assert len({look.bias_v for look in found.looks}) == biases
    twin = load(bench).file.twin
    assert twin is not None
    typical = twin.junction
    flips = [look for look in found.looks if look.verdict == "telegraph"]
    assert flips
    for look in flips:
        assert look.r_p_ohm.value == pytest.approx(typical.r_p_ohm, rel=0.5)
        assert look.v_p_v < look.v_ap_v < look.bias_v
        assert look.span_s == pytest.approx(0.02, rel=0.5)
        if math.isfinite(log_error(look.tau_p_s)) and log_error(look.tau_p_s) < 0.3:
            assert 0.1 < look.tau_p_s.value / look.tau_ap_s.value < 10.0 or biases > 1


def test_noise_is_told_where_samples_are_single_ones(runs: dict[str, Path], bench: Path) -> None:
    twin = load(bench).file.twin
    assert twin is not None
    noise_v = twin.instruments["daq"]["input_noise_v"][1]
    for protocol in ("telegraph", "noise_learning"):
        looks = [one for one in read(runs[protocol]).looks if one.sigma_v.known]
        assert looks
        for one in looks:
            assert one.input == ("daq", 1.0)
            assert one.sigma_v.value == pytest.approx(noise_v, rel=0.15)


def test_what_was_left_out_is_said(runs: dict[str, Path]) -> None:
    assert any("no two levels" in note for note in read(runs["noise_learning"]).notes)


def test_dwell_times_from_correlation_time_and_occupancy() -> None:
    p, ap = dwells_of(Estimate.positive(20e-6, 0.05), Estimate(0.2, 0.18, 0.22))
    assert p.value == pytest.approx(100e-6)
    assert ap.value == pytest.approx(25e-6)
    assert 1.0 / p.value + 1.0 / ap.value == pytest.approx(1.0 / 20e-6)
    assert log_error(p) > log_error(ap) > 0.05
    nothing, _ = dwells_of(Estimate.none("too fast"), Estimate(0.2, 0.1, 0.3))
    assert not nothing.known
