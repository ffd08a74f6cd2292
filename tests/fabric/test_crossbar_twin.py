"""Crossbar on the twin of the `array` bench: closed forms, safety, learning, controls, warnings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell
from mtjlab.fabric.crossbar import Crossbar
from mtjlab.fabric.crossbar_options import CrossbarOptions
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.tasks import load_task, split
from mtjlab.learning.trainer import Trainer

XOR = (LayerShape(0, 2, 4, False), LayerShape(1, 4, 2, True))
WIDE = (LayerShape(0, 13, 8, True),)
SAMPLING = Sampling(20, 3.0, 3.0, 4, 4, 2, "on", 0.03, 200, 1e-3)
P_S, TMR = 1 / 5664.3, 0.63119
MID_S = P_S * (1 + 1 / (1 + TMR)) / 2
ALIKE = {"r_sigma": 0.0, "tmr_sigma": 0.0, "tau_sigma": 0.0, "v50_v": 0.0}
# Nothing but junctions between a row and the virtual ground of a column.
IDEAL = {
    'series = "50 ohm"': 'series = "1 mohm"',
    '_wire = "1 ohm"': '_wire = "0 ohm"',
    'tia_input = "1 ohm"': 'tia_input = "1 mohm"',
}


@contextmanager
def opened(
    changes: dict[str, str] | None = None, seed: int = 3, **twin: Any
) -> Iterator[tuple[OpenBench, Rig, list[str]]]:
    text = (resources.files("mtjlab.resources") / "benches" / "array.toml").read_text(
        encoding="utf-8"
    )
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    warnings: list[str] = []
    bench = OpenBench(
        parse(text, source="array", overrides=twin),
        generators=Generators(seed),
        notice=lambda level, said: warnings.append(said) if level == "warning" else None,
    )
    with bench:
        yield bench, bench.rig(lambda _s, _r: None), warnings


def part(rig: Rig, layers: Any = XOR, sampling: Sampling = SAMPLING, **options: Any) -> Crossbar:
    made = Crossbar(rig, layers, sampling, CrossbarOptions(**options), frozenset())
    made.prepare()
    return made


def numbers(rows: int, inputs: int, nodes: int, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    shapes = ((rows, inputs), (nodes, inputs), (nodes,))
    return tuple(np.clip(rng.normal(0, 0.7, s), -1.5, 1.5).astype(np.float32) for s in shapes)


def rests(rig: Rig) -> bool:
    return bool((np.abs(rig.daqs["daq"].read([f"ao{i}" for i in range(14)])) < 5e-3).all())


def test_sums_of_conductance_and_voltage_at_virtual_ground() -> None:
    """Junctions that are all alike: closed forms for calibration, weights, bias and energy."""
    amplifiers = {"offset_v": 0.0}
    with opened(IDEAL, instrument_noise=False, spread=ALIKE, amplifiers=amplifiers) as made:
        bench, rig, _ = made
        crossbar = part(rig, WIDE)
        seen = crossbar.calibrate()
        assert rests(rig)
        assert crossbar.transactions == 0
        assert seen.transactions > 5
        assert seen.junctions.shape == (8, 8)
        known = crossbar.state()
        # At V50 = 0 both dwell times are 40 us, so that tau_c is 20.
        assert known["tau_c_s"] == pytest.approx(20e-6, rel=0.1)
        assert np.allclose(known["mid_s"], MID_S, rtol=0.01)  # type: ignore[arg-type]
        rig.hold_junctions("stuck")
        x, w, b = numbers(6, 13, 8)
        crossbar.begin(6)
        answer = crossbar.forward(0, x, w, b)
        # One code of the converter is 0.002 units; a row beyond the window is there at 3 units.
        expected = P_S / MID_S * (np.clip(x[:, None] * w, -3, 3).sum(axis=2) + b)
        assert np.allclose(answer.activity, expected, atol=0.004, rtol=0.01)
        assert answer.output is answer.activity
        assert crossbar.transactions == 1
        assert rests(rig)
        assert all(bench.guard.setpoints[f"daq/ao{i}"] == 0.0 for i in range(14))
        rows_v = 0.05 * np.concatenate([x[:, None] * w, np.tile(b, (6, 1))[..., None]], axis=2)
        power_w = 8 * (MID_S * rows_v**2).sum(axis=2).mean()
        seconds = 48 * crossbar.honesty().sample_spacing_s / 8  # type: ignore[operator]
        assert crossbar.energy_j == pytest.approx(power_w * seconds, rel=0.25)


@pytest.mark.parametrize("offset_v", [0.0, 0.03])
def test_reads_scatter_about_the_measured_mean_response(offset_v: float) -> None:
    with opened() as (_, rig, _):
        crossbar = part(rig, offset_v=offset_v)
        crossbar.calibrate()
        x, w, b = numbers(1, 2, 4, seed=1)
        many = np.repeat(x, 300, axis=0)
        crossbar.begin(300)
        answer = crossbar.forward(0, many, w, b)
        assert np.array_equal(answer.output, np.tanh(answer.activity))
        clean = crossbar.clean(0, x, w, b)
        sd = answer.activity.std(axis=0)
        assert (sd > 0.005).all()
        # The mean response is that of all columns together; theirs differ by a few per cent.
        off = np.abs(answer.activity.mean(axis=0) - clean.activity[0])
        assert (off < 4.5 * sd / np.sqrt(300) + 0.04 * np.abs(w * x).sum(axis=1) + 0.02).all()
        zero = np.zeros((300, 2), np.float32)
        crossbar.begin(300)
        still = crossbar.forward(0, zero, w, 0 * b).activity
        error = np.hypot(still.std(axis=0) / np.sqrt(300), still.std(axis=0) / np.sqrt(200))
        assert (np.abs(still.mean(axis=0)) < 4.5 * error + 1e-3).all()
        slope = crossbar.slope(0, answer)
        assert np.allclose(slope, 1 - answer.output**2)


def test_one_block_per_layer_whatever_the_passes_and_a_state_that_goes_on() -> None:
    with opened() as (bench, rig, _):
        crossbar = part(rig)
        crossbar.calibrate()
        assert crossbar.cells == frozenset(Cell(i, j) for i in range(14) for j in range(8))
        x, _, _ = numbers(4, 2, 4)
        network = Network((2, 4, 2), np.random.default_rng(0), decorrelate=False)

        def steps(of: Crossbar) -> list[float]:
            rule, adam = NoiseBased(), Adam(0.01)
            labels = np.array([0, 1, 1, 0])
            return [rule.step(network, of, adam, x, labels).loss for _ in range(3)]

        steps(crossbar)
        assert crossbar.transactions == 6
        assert crossbar.prediction(8).transactions == 2
        assert rests(rig)
        saved, world, weights = crossbar.state(), bench.world_state(), network.state()
        expected = steps(crossbar)
        assert bench.simulated is not None
        bench.simulated.restore(world)
        network.restore(weights)
        again = Crossbar(rig, XOR, SAMPLING, CrossbarOptions(), frozenset())
        again.restore(saved)
        assert steps(again) == expected
        for name, value in crossbar.state().items():
            assert np.array_equal(again.state()[name], value), name  # type: ignore[arg-type]
        honesty = again.honesty()
        assert honesty.transactions == 12
        assert honesty.presented == 6 * 8 * 6
        assert (honesty.noise_ratio > 5).all()
        assert honesty.energy_j > 0


def learnt(seed: int, held: str, cap: int, **twin: Any) -> tuple[Trainer, Crossbar]:
    with opened(seed=seed, **twin) as (_, rig, _):
        sampling = replace(SAMPLING, junctions="on" if held == "free" else held)
        crossbar = part(rig, sampling=sampling)
        crossbar.calibrate()
        rig.hold_junctions(held)  # type: ignore[arg-type]
        trainer = Trainer(
            Network((2, 4, 2), rig.generators["weights"], decorrelate=False),
            NoiseBased(),
            Adam(0.1),
            crossbar,
            split(load_task("xor"), rig.generators["split"], test_count=0),
            rig.generators["split"],
            batch=4,
            epochs=10_000,
        )
        while trainer.reads < cap and trainer.reads_to_target is None:
            trainer.step()
            if trainer.evaluation_due:
                trainer.evaluate()
        return trainer, crossbar


def test_xor_is_learnt_from_the_noise_of_the_junctions() -> None:
    """Of ten seeds the median took 720 reads and the worst 1120."""
    trainer, crossbar = learnt(101, "free", 1600)
    assert trainer.reads_to_target is not None
    assert trainer.discarded == 0
    assert (crossbar.honesty().noise_ratio > 5).all()


@pytest.mark.parametrize("held", ["stuck", "mean"])
def test_without_any_noise_every_sample_is_discarded(held: str) -> None:
    trainer, crossbar = learnt(100, held, 80, instrument_noise=False)
    assert trainer.discarded == trainer.reads // 2
    assert trainer.updates == 0
    honesty = crossbar.honesty()
    assert not np.nan_to_num(honesty.noise_ratio).any()


def test_noise_of_the_instruments_alone_does_not_pass_for_that_of_junctions() -> None:
    trainer, crossbar = learnt(100, "mean", 400)
    assert trainer.discarded < trainer.reads // 2
    assert (crossbar.honesty().noise_ratio < 1).all()
    assert crossbar.honesty().below_instrument == 1.0


@pytest.mark.parametrize(("width_v", "warned"), [(0.005, True), (0.01, False)])
def test_a_current_that_falls_with_the_voltage_is_warned_of(width_v: float, warned: bool) -> None:
    """V50 / w = 10 and 5; it may be 8.3 at most."""
    slope = 0.5 / width_v
    junction = {"slope_p_per_v": -slope, "slope_ap_per_v": slope}
    with opened(fields=[], junction=junction, spread=ALIKE) as (_, rig, warnings):
        crossbar = part(rig, WIDE, offset_v=0.05, gain_v=0.02)
        crossbar.calibrate()
        text = [said for said in warnings if "negative differential conductance" in said]
        assert bool(text) == warned
        assert any("negative differential" in n for n in crossbar.honesty().notes) == warned
