"""Recorded noise as a part: what the recording says, how it is shared out, controls, resuming."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.core.generators import Generators
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.fabric.recorded import RecordedPart
from mtjlab.fabric.recordings import Averaged, Idealised, Stored
from mtjlab.learning.serial_noise import Serial
from mtjlab.runner import Run, plan
from mtjlab.testing import fabric as promises
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching

LAYERS = (LayerShape(0, 4, 8, False), LayerShape(1, 8, 3, True))
RHO, INTERVAL_S, SAMPLES = 0.838, 5e-6, 60_000
TAU_C_S = -INTERVAL_S / math.log(RHO)
# The reference rig, V.
MEAN_V, LEVEL_V, SIGMA_V = 42.092e-3, 5.9316e-3, 0.90841e-3


class Rig:
    def __init__(self) -> None:
        self.generators = Generators(1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    rng = np.random.default_rng(5)
    step = switching(Rates(np.ones(1), np.full(1, 0.5)), -math.log(RHO))
    upper = propagate(rng.random(1) < 0.5, step, rng.random((SAMPLES, 1)))[:, 0]
    volts = MEAN_V + np.where(upper, LEVEL_V, -LEVEL_V) + SIGMA_V * rng.standard_normal(SAMPLES)
    path = tmp_path_factory.mktemp("recorded") / "trace.csv"
    np.savetxt(path, volts, fmt="%.7e", header="Sample Interval,5e-6\nV", comments="")
    return str(path)


def build(recording: str, rig: Rig | None = None, options: Any = None, **changes: Any) -> Any:
    fixed: dict[str, Any] = {
        "keep": None,
        "pass_spacing": 3.0,
        "sample_spacing": 3.0,
        "batch": 10,
        "smallest_batch": 10,
        "passes": 2,
        "junctions": "on",
        "survey_s": 0.1,
        "reference_reads": 1000,
        "max_tau_c_s": 1e-3,
    }
    chosen = RecordedPart.options.model_validate({"argument": recording} | (options or {}))
    return RecordedPart(
        rig or Rig(),  # type: ignore[arg-type]
        LAYERS,
        Sampling(**fixed | changes),
        chosen,  # type: ignore[arg-type]
        frozenset(),
    )


def calibrated(recording: str, **given: Any) -> Any:
    part = build(recording, **given)
    part.calibrate()
    return part


def noise(part: Any, rows: int) -> np.ndarray:
    part.begin(rows)
    x = np.zeros((rows, 1), dtype=np.float32)
    layers = [
        part.forward(n, x, np.zeros((m, 1), np.float32), np.zeros(m, np.float32)).activity
        for n, m in enumerate((8, 3))
    ]
    return np.concatenate(layers, axis=1)


def test_it_says_what_is_in_the_recording(recording: str) -> None:
    found = build(recording).found
    assert found.mean_v == pytest.approx(MEAN_V, abs=2e-4)
    assert found.sd_v == pytest.approx(LEVEL_V, rel=0.01)
    assert found.sigma_v == pytest.approx(SIGMA_V, rel=0.02)
    assert found.serial.rho == pytest.approx(RHO, abs=5 * found.serial.rho_error)
    assert found.tau_c_s == pytest.approx(TAU_C_S, rel=0.1)


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"order": "serial", "stride": 1}])
def test_it_does_what_a_fabric_promises(recording: str, options: Any, check: Any) -> None:
    part = calibrated(recording, options=options)

    def keep() -> Any:
        kept = part.state()
        return lambda: part.restore(kept)

    check(promises.FabricUnderTest(part, inputs=4, keep=keep))


def test_reads_are_as_far_apart_as_the_run_asks(recording: str) -> None:
    part = calibrated(recording)
    wanted = math.ceil(3 * part.found.tau_c_s / INTERVAL_S - 0.01)
    assert part.stride == wanted in (16, 17, 18)
    seen = noise(part, 1000)
    kept = float((seen[1:] * seen[:-1]).mean() / (seen**2).mean())
    assert kept == pytest.approx(RHO**wanted, abs=0.05)
    found = part.honesty()
    assert found.sample_spacing_s == pytest.approx(wanted * INTERVAL_S)
    assert found.pass_spacing_s == pytest.approx(10 * wanted * INTERVAL_S)
    assert found.slowest_tau_c_s == part.found.tau_c_s
    np.testing.assert_allclose(found.noise_ratio, LEVEL_V / SIGMA_V, rtol=0.03)


def test_the_published_order_shares_noise_and_the_precision_knows(recording: str) -> None:
    part = calibrated(recording, options={"order": "serial", "stride": 1})
    seen = noise(part, 2000)
    neighbours = float((seen[:, 1:] * seen[:, :-1]).mean())
    assert neighbours == pytest.approx((LEVEL_V / 0.1) ** 2 * RHO, rel=0.05)
    precision = part.precision
    assert isinstance(precision, Serial)
    assert precision.rho == part.found.serial.rho
    assert precision.white_ratio == pytest.approx((SIGMA_V / LEVEL_V) ** 2, rel=0.3)
    assert any("order = serial" in note for note in part.honesty().notes)
    coarse = build(recording, options={"order": "serial", "stride": 3})
    assert coarse.precision.rho == pytest.approx(part.found.serial.rho**3)
    assert build(recording, options={"order": "serial", "undo": False}).precision is None
    assert build(recording).precision is None


def test_a_resumed_part_goes_on_where_it_was(recording: str) -> None:
    part = calibrated(recording)
    noise(part, 7)
    kept = part.state()
    rest = noise(part, 5)
    resumed = build(recording)
    resumed.restore(kept)
    np.testing.assert_array_equal(noise(resumed, 5), rest)


def test_what_begins_again_is_said(recording: str) -> None:
    part = calibrated(recording)
    noise(part, 9_000)
    assert any("begun again" in note for note in part.honesty().notes)


def test_controls(recording: str) -> None:
    still = calibrated(recording, junctions="off")
    assert noise(still, 4000).std() == pytest.approx(SIGMA_V / 0.1, rel=0.03)
    assert (still.honesty().noise_ratio == 0.0).all()
    assert not noise(calibrated(recording, junctions="off", instrument_noise="off"), 9).any()
    ideal = noise(calibrated(recording, instrument_noise="off"), 3000)
    assert len(np.unique(ideal)) == 2
    assert np.ptp(ideal) == pytest.approx(2 * LEVEL_V / 0.1, rel=0.01)


def test_keep_averages_successive_samples(recording: str) -> None:
    part = build(recording, keep=4)
    assert part.found.sigma_v == pytest.approx(SIGMA_V / 2, rel=0.03)
    # Of four samples of a telegraph: 4 + 6 rho + 4 rho^2 + 2 rho^3 over 16.
    share = (4 + 6 * RHO + 4 * RHO**2 + 2 * RHO**3) / 16
    assert part.found.sd_v == pytest.approx(LEVEL_V * math.sqrt(share), rel=0.02)
    assert build(recording, keep=4, instrument_noise="off").found.sigma_v < SIGMA_V
    averaged = Averaged(Stored(recording, None), 4)
    plain = Stored(recording, None).read(8, 8).reshape(2, 4).mean(axis=1)
    np.testing.assert_allclose(averaged.read(2, 2), plain)
    assert averaged.interval_s == pytest.approx(4 * INTERVAL_S)
    assert averaged.samples == SAMPLES // 4


def test_idealised_samples_are_levels(recording: str) -> None:
    stored = Stored(recording, None)
    levels = build(recording).found.levels
    volts = Idealised(stored, levels).read(100, 50)
    np.testing.assert_array_equal(volts == levels.high_v, stored.read(100, 50) > levels.threshold_v)


def test_what_cannot_be_is_said_before_anything_is_on(recording: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="recorded:PATH"):
        build("")
    with pytest.raises(DataError, match="no such file"):
        build(str(tmp_path / "none.csv"))
    with pytest.raises(DataError, match="Record for longer"):
        build(recording, options={"stride": 5000})
    flat = tmp_path / "white.csv"
    rng = np.random.default_rng(0)
    np.savetxt(flat, rng.standard_normal(5000), header="Sample Interval,5e-6\nV", comments="")
    with pytest.raises(ParameterError, match="no two levels"):
        build(str(flat), instrument_noise="off")


@pytest.mark.slow
def test_noise_learning_learns_from_it(recording: str, tmp_path: Path) -> None:
    settings = ["task=xor", f"fabric=recorded:{recording}", "stop_at_target=true"]
    run = Run(plan("noise_learning", "twin", settings=settings, seed=1, runs_dir=tmp_path))
    run.start()
    assert run.wait(60)
    assert run.outcome.error is None
    results = run.outcome.results
    assert results["reads_to_target"] is not None
    assert results["transactions"] == 0
    assert results["noise_ratio"] == pytest.approx(LEVEL_V / SIGMA_V, rel=0.03)
