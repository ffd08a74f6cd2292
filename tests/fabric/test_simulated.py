"""Simulated sources as parts: promises of every fabric, controls, spacings, resuming."""

import math
from typing import Any

import numpy as np
import pytest

from mtjlab.core import plugins
from mtjlab.core.errors import ParameterError
from mtjlab.core.generators import Generators
from mtjlab.fabric.part import LayerShape, Part, Sampling
from mtjlab.learning.serial_noise import Serial
from mtjlab.testing import fabric as promises

LAYERS = (LayerShape(0, 4, 8, False), LayerShape(1, 8, 3, True))
KINDS = ("gaussian", "bernoulli", "telegraph")
SERIES = {"order": "serial"}


class Rig:
    """As much of one as a formula may touch."""

    def __init__(self, seed: int = 1) -> None:
        self.generators = Generators(seed)


def sampling(**changes: Any) -> Sampling:
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
    return Sampling(**fixed | changes)


def build(name: str, rig: Rig | None = None, options: Any = None, **changes: Any) -> Part:
    kind: type[Part] = plugins.load("fabrics", name)
    chosen = kind.options.model_validate(options or {})
    return kind(rig or Rig(), LAYERS, sampling(**changes), chosen, frozenset())  # type: ignore[arg-type]


def calibrated(name: str, rig: Rig | None = None, options: Any = None, **changes: Any) -> Part:
    part = build(name, rig, options, **changes)
    part.prepare()
    part.calibrate()
    return part


def noise(part: Part, rows: int) -> np.ndarray:
    """What the part adds to sums of zero, (rows, 11)."""
    part.begin(rows)
    x = np.zeros((rows, 1), dtype=np.float32)
    layers = [
        part.forward(n, x, np.zeros((m, 1), np.float32), np.zeros(m, np.float32)).activity
        for n, m in enumerate((8, 3))
    ]
    return np.concatenate(layers, axis=1)


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [*KINDS, "in series"])
def test_they_do_what_a_fabric_promises(name: str, check: Any) -> None:
    rig = Rig()
    part = (
        calibrated("telegraph", rig, SERIES, sample_spacing=0.2)
        if name == "in series"
        else calibrated(name, rig)
    )

    def keep() -> Any:
        kept, drawn = part.state(), rig.generators.state()

        def put_back() -> None:
            part.restore(kept)
            rig.generators.restore(drawn)

        return put_back

    check(promises.FabricUnderTest(part, inputs=4, keep=keep))


@pytest.mark.parametrize("name", KINDS)
def test_a_new_one_goes_on_bit_by_bit_with_its_accounts(name: str) -> None:
    rig = Rig()
    first = calibrated(name, rig)
    noise(first, 7)
    kept, drawn = first.state(), rig.generators.state()
    rest = noise(first, 5)
    resumed_rig = Rig(99)
    resumed = build(name, resumed_rig)
    resumed.restore(kept)
    resumed_rig.generators.restore(drawn)
    np.testing.assert_array_equal(noise(resumed, 5), rest)
    assert resumed.honesty().presented == first.honesty().presented == 12 * 11


@pytest.mark.parametrize("name", KINDS)
def test_building_one_draws_nothing_and_takes_no_junction(name: str) -> None:
    rig = Rig()
    before = rig.generators.state()
    part = build(name, rig)
    part.prepare()
    assert rig.generators.state() == before
    assert part.cells == frozenset()
    assert not part.physical
    assert part.prediction(20).transactions == part.transactions == 0
    with pytest.raises(RuntimeError, match="before calibrate"):
        part.begin(1)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("junctions", ["off", "stuck", "mean"])
def test_a_control_leaves_the_instruments_noise_only(name: str, junctions: str) -> None:
    options = {"instrument_sigma": 0.02}
    part = calibrated(name, options=options, junctions=junctions)
    seen = noise(part, 4000)
    assert seen.std() == pytest.approx(0.02, rel=0.03)
    assert (part.honesty().noise_ratio == 0.0).all()
    silent = calibrated(name, options=options, junctions=junctions, instrument_noise="off")
    assert not noise(silent, 100).any()


@pytest.mark.parametrize(
    ("name", "options", "sd"),
    [
        ("gaussian", {"sigma": 0.05, "instrument_sigma": 0.01}, 0.05),
        ("bernoulli", {"level": 0.05, "occupancy": 0.2, "instrument_sigma": 0.01}, 0.04),
        ("telegraph", {"level": 0.05, "occupancy": 0.2, "instrument_sigma": 0.01}, 0.04),
    ],
)
def test_noise_and_noise_ratio_are_as_the_options_say(name: str, options: Any, sd: float) -> None:
    part = calibrated(name, options=options)
    seen = noise(part, 20_000)
    assert seen.std() == pytest.approx(math.hypot(sd, 0.01), rel=0.02)
    assert abs(seen.mean()) < 5 * sd / math.sqrt(seen.size / 2)
    found = part.honesty()
    np.testing.assert_allclose(found.noise_ratio, sd / 0.01)
    assert found.correlation.value is not None
    assert found.correlation.value < 0.05
    alone = calibrated(name, options=options, instrument_noise="off")
    assert noise(alone, 20_000).std() == pytest.approx(sd, rel=0.02)


def test_without_instrument_noise_there_is_no_ratio_and_it_says_why() -> None:
    found = calibrated("gaussian").honesty()
    assert np.isnan(found.noise_ratio).all()
    assert any("without instrument noise" in note for note in found.notes)


@pytest.mark.parametrize(
    ("changes", "spacing"),
    [
        ({}, 3.0),
        ({"sample_spacing": 0.1}, 0.3),
        ({"sample_spacing": 0.1, "smallest_batch": 2}, 1.5),
        ({"sample_spacing": 0.1, "pass_spacing": 0.0}, 0.1),
    ],
)
def test_reads_are_as_far_apart_as_the_run_asks(changes: Any, spacing: float) -> None:
    seen = noise(calibrated("telegraph", options={"instrument_sigma": 0.0}, **changes), 20_000)
    kept = float((seen[1:] * seen[:-1]).mean() / (seen**2).mean())
    assert kept == pytest.approx(math.exp(-spacing), abs=0.03)


def test_in_series_neighbours_share_noise_and_the_precision_knows() -> None:
    part = calibrated("telegraph", options=SERIES, sample_spacing=0.2)
    seen = noise(part, 20_000)
    neighbours = float((seen[:, 1:] * seen[:, :-1]).mean())
    assert neighbours / 0.06**2 == pytest.approx(math.exp(-0.2), abs=0.03)
    precision = part.precision
    assert isinstance(precision, Serial)
    assert precision.widths == (8, 3)
    assert precision.rho == pytest.approx(math.exp(-0.2))
    assert precision.white_ratio == pytest.approx((0.009 / 0.06) ** 2)
    assert any("inverse of their covariance" in note for note in part.honesty().notes)
    left = calibrated("telegraph", options=SERIES | {"undo": False}, sample_spacing=0.2)
    assert left.precision is None
    assert any("smeared" in note for note in left.honesty().notes)


def test_in_series_two_reads_too_close_are_refused_with_what_would_do() -> None:
    close = {"sample_spacing": 0.02, "pass_spacing": 0.0, "smallest_batch": 4}
    with pytest.raises(ParameterError, match="at least 14 samples"):
        build("telegraph", options=SERIES, **close)
    build("telegraph", options=SERIES, **close | {"smallest_batch": 14})
    # The default spacing of passes stretches the reads instead.
    part: Any = build("telegraph", options=SERIES, sample_spacing=0.02, smallest_batch=4)
    assert part.spacing == pytest.approx(3 / 44)


@pytest.mark.parametrize("name", KINDS)
def test_there_is_nothing_to_average(name: str) -> None:
    build(name, keep=1)
    with pytest.raises(ParameterError, match="keep = 4"):
        build(name, keep=4)


WIDE = (LayerShape(0, 4, 300, False), LayerShape(1, 300, 3, True))


def test_many_telegraphs_are_packed_and_go_on_bit_by_bit() -> None:
    kind = plugins.load("fabrics", "telegraph")

    def wide(rig: Rig) -> Any:
        return kind(rig, WIDE, sampling(sample_spacing=0.5), kind.options(), frozenset())

    def read(part: Any, rows: int) -> np.ndarray:
        part.begin(rows)
        x = np.zeros((rows, 1), dtype=np.float32)
        answer = part.forward(0, x, np.zeros((300, 1), np.float32), np.zeros(300, np.float32))
        return np.array(answer.activity)

    first = wide(Rig())
    first.calibrate()
    seen = read(first, 400)
    assert seen.std() == pytest.approx(math.hypot(0.06, 0.009), rel=0.02)
    kept = float((seen[1:] * seen[:-1]).mean()) / 0.06**2
    assert kept == pytest.approx(math.exp(-0.5), abs=0.02)
    assert any("first 256 nodes" in note for note in first.honesty().notes)
    state = first.state()
    rest = read(first, 3)
    resumed = wide(Rig(7))
    resumed.restore(state)
    np.testing.assert_array_equal(read(resumed, 3), rest)
