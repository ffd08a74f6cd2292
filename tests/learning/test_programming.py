import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import ParameterError
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.programming import Programmed, programmed
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.simulated import Gaussian, Silent
from mtjlab.learning.tasks import load_task, split
from mtjlab.learning.trainer import Trainer


def rng(seed=0):
    return np.random.default_rng(seed)


class Recording(HostSum):
    """A fabric that keeps what weights it was shown."""

    def forward(self, layer, x, w, b):
        self.shown = getattr(self, "shown", [])
        self.shown.append((layer, w.copy(), b.copy()))
        return super().forward(layer, x, w, b)


def values(shape=(5, 4), seed=1, sd=1.0):
    return (sd * rng(seed).standard_normal(shape)).astype(np.float32)


def holding(w, **options):
    fabric = Programmed(HostSum((len(w),), Silent(len(w))), rng(), **options)
    return fabric, *fabric.held(0, w, np.zeros(len(w), dtype=np.float32))


@given(
    levels=st.integers(1, 40),
    limit=st.floats(0.1, 10.0),
    sd=st.floats(0.01, 5.0),
    seed=st.integers(0, 1000),
)
def test_levels_are_evenly_spaced_and_the_nearest_is_taken(levels, limit, sd, seed):
    w = values(seed=seed, sd=sd)
    fabric, held, bias = holding(w, levels=levels, limit=limit)
    step = limit / levels
    numbers = held / step
    np.testing.assert_allclose(numbers, np.round(numbers), atol=1e-4)
    assert np.abs(held).max() <= limit * (1.0 + 1e-6)
    inside = np.abs(w) <= limit
    assert (np.abs(held - w)[inside] <= 0.5 * step * (1.0 + 1e-4)).all()
    np.testing.assert_allclose(np.abs(held[~inside]), limit, rtol=1e-6)
    assert fabric.limited == np.count_nonzero(~inside)
    assert fabric.told == w.size + len(w)
    np.testing.assert_array_equal(bias, 0.0)


def test_programming_noise_has_its_sd_and_is_drawn_once_for_all_passes_of_a_step():
    w = np.zeros((200, 100), dtype=np.float32)
    fabric, held, bias = holding(w, noise=0.05)
    # The sd of 20000 normal numbers lies within 2.5 % of theirs but once in 10^6 seeds.
    assert held.std() == pytest.approx(0.05, rel=0.025)
    assert bias.std() > 0.0
    again, _ = fabric.held(0, w, np.zeros(200, dtype=np.float32))
    assert again is held
    assert fabric.programmings == 1
    w[3, 3] = 1e-6
    other, _ = fabric.held(0, w, np.zeros(200, dtype=np.float32))
    assert np.count_nonzero(other != held) > 19_000
    assert fabric.programmings == 2


def test_the_learner_keeps_its_own_numbers_and_the_fabric_sees_the_others():
    net = Network((4, 5, 3), rng(), decorrelate=False)
    before = net.state()
    inner = Recording((5, 3), Gaussian(8, rng(1)))
    fabric = Programmed(inner, rng(2), levels=2, limit=1.0)
    x = values((6, 4))
    NoiseBased().step(net, fabric, Adam(0.01), x, np.zeros(6, dtype=np.int64))
    assert all(np.isin(w, [-1.0, -0.5, 0.0, 0.5, 1.0]).all() for _, w, _ in inner.shown)
    assert len(np.unique(net.layers[0].w)) == 20
    assert not np.array_equal(net.layers[0].w, before["layer0.w"])
    clean = net.forward_clean(fabric, x)
    twin = Network((4, 5, 3), rng(), decorrelate=False)
    for layer, (w, b) in zip(
        twin.layers,
        [fabric.held(i, layer.w, layer.b) for i, layer in enumerate(net.layers)],
        strict=True,
    ):
        layer.w, layer.b = w, b
    np.testing.assert_array_equal(clean, twin.forward_clean(inner, x))


def test_every_trial_of_weight_perturbation_is_programmed_anew():
    net = Network((4, 3), rng(), decorrelate=False)
    fabric = Programmed(HostSum((3,), Silent(3)), rng(2), noise=0.01)
    rule = make_rule("spsa", rng=rng(3))
    for _ in range(5):
        rule.step(net, fabric, Adam(0.01), values((6, 4)), np.zeros(6, dtype=np.int64))
    assert fabric.programmings == 10


def test_asked_for_nothing_it_is_the_fabric_itself():
    fabric = HostSum((3,), Silent(3))
    assert programmed(fabric, rng()) is fabric
    assert isinstance(programmed(fabric, rng(), limit=2.0), Programmed)


def test_the_rest_is_the_fabric_s():
    fabric = HostSum((4, 3), Silent(7))
    shown = Programmed(fabric, rng(), limit=1.0)
    assert (shown.widths, shown.physical, shown.precision) == ((4, 3), False, None)
    passes = Network((2, 4, 3), rng(), decorrelate=False).clean_passes(shown, values((3, 2)))
    for layer in range(2):
        np.testing.assert_array_equal(
            shown.slope(layer, passes[layer]), fabric.slope(layer, passes[layer])
        )


def trainer(noise, shuffle, programming):
    parts = split(load_task("iris"), rng(), 30)
    fabric = Programmed(
        HostSum((8, 3), Gaussian(11, noise)), programming, levels=8, limit=2.0, noise=0.02
    )
    net = Network((4, 8, 3), rng(1), decorrelate=False)
    return Trainer(net, NoiseBased(), Adam(0.1), fabric, parts, shuffle, batch=10, epochs=2)


def test_restored_in_the_middle_a_run_with_programming_goes_on_bit_by_bit():
    whole = trainer(rng(2), rng(3), rng(4))
    generators = rng(2), rng(3), rng(4)
    first = trainer(*generators)
    for _ in range(7):
        whole.step()
        first.step()
    saved = first.state()
    bits = [g.bit_generator.state for g in generators]
    first.step()
    others = rng(92), rng(93), rng(94)
    second = trainer(*others)
    second.restore(saved)
    for generator, state in zip(others, bits, strict=True):
        generator.bit_generator.state = state
    for _ in range(9):
        whole.step()
        second.step()
    expected = whole.state()
    assert second.state().keys() == expected.keys()
    for name, value in second.state().items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.parametrize("levels", [4, 8])
def test_the_flowers_are_learnt_in_few_levels(levels):
    parts = split(load_task("iris"), rng(), 30)
    fabric = Programmed(HostSum((8, 3), Gaussian(11, rng(2))), rng(3), levels=levels, limit=2.0)
    net = Network((4, 8, 3), rng(1), decorrelate=False)
    adam = Adam(0.03)
    run = Trainer(net, NoiseBased(), adam, fabric, parts, rng(4), batch=10, epochs=25)
    while not run.finished:
        run.step()
    assert run.evaluate().accuracy > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 0, "limit": 1.0}, "weight_levels = 0"),
        ({"levels": 4}, "need a range"),
        ({"limit": 0.0}, "weight_limit = 0"),
        ({"limit": np.inf}, "weight_limit = inf"),
        ({"noise": -1.0}, "programming_noise = -1"),
        ({"noise": np.nan}, "programming_noise = nan"),
    ],
)
def test_programming_that_cannot_be_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        programmed(HostSum((3,), Silent(3)), rng(), **options)
