import numpy as np
import pytest

from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.simulated import Gaussian, Silent


def network(seed: int = 0, *, decorrelate: bool = True) -> Network:
    return Network((4, 8, 3), np.random.default_rng(seed), decorrelate=decorrelate)


def inputs(rows: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((rows, 4)).astype(np.float32)


def test_everything_is_float32_and_has_its_shape():
    net = network()
    assert net.nodes == 11
    assert [layer.w.shape for layer in net.layers] == [(8, 4), (3, 8)]
    assert [layer.r.shape for layer in net.layers] == [(4, 4), (8, 8)]
    passes = net.forward(HostSum((8, 3), Silent(11)), inputs(5), repeats=2)
    assert [p.decorrelated.shape for p in passes] == [(10, 4), (10, 8)]
    assert all(p.activity.dtype == p.output.dtype == np.float32 for p in passes)


def test_the_same_seed_gives_the_same_first_weights():
    np.testing.assert_array_equal(network(3).layers[0].w, network(3).layers[0].w)
    assert not np.array_equal(network(3).layers[0].w, network(4).layers[0].w)


def test_forward_is_decorrelate_then_weigh_then_activate():
    net = network()
    rng = np.random.default_rng(1)
    for layer in net.layers:
        layer.r += 0.1 * rng.standard_normal(layer.r.shape).astype(np.float32)
        layer.c += rng.standard_normal(layer.c.shape).astype(np.float32)
        layer.b += rng.standard_normal(layer.b.shape).astype(np.float32)
    x = inputs(6)
    first, last = net.layers
    hidden = np.tanh((x @ first.r.T + first.c) @ first.w.T + first.b)
    expected = (hidden @ last.r.T + last.c) @ last.w.T + last.b
    fabric = HostSum((8, 3), Silent(11))
    np.testing.assert_allclose(net.forward_clean(fabric, x), expected, rtol=1e-5, atol=1e-5)
    noiseless = net.forward(fabric, x)[-1].output
    np.testing.assert_allclose(noiseless, expected, rtol=1e-5, atol=1e-5)


def test_all_reads_are_announced_at_once_as_the_batch_and_then_the_batch_again():
    seen = []

    class Recording(HostSum):
        def begin(self, rows):
            seen.append(("begin", rows))
            super().begin(rows)

        def forward(self, layer, x, w, b):
            seen.append((layer, x.copy()))
            return super().forward(layer, x, w, b)

    x = inputs(5)
    fabric = Recording((8, 3), Silent(11))
    network(decorrelate=False).forward(fabric, x, repeats=3)
    assert [event[0] for event in seen] == ["begin", 0, 1]
    assert seen[0] == ("begin", 15)
    np.testing.assert_array_equal(seen[1][1], np.concatenate([x, x, x]))


def test_the_clean_pass_touches_no_noise():
    def never(rows):
        raise AssertionError("the fabric was read")

    net = network()
    assert net.forward_clean(HostSum((8, 3), never), inputs(2)).shape == (2, 3)


def test_state_is_a_copy_and_restores_bit_by_bit():
    net, other = network(1), network(2)
    saved = net.state()
    net.layers[0].w += 1.0
    net.layers[1].r += 1.0
    other.restore(saved)
    pristine = network(1)
    for here, there in zip(other.layers, pristine.layers, strict=True):
        for name in ("w", "b", "r", "c"):
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_without_decorrelation_its_matrices_are_neither_used_nor_saved():
    net = network(decorrelate=False)
    before = net.forward_clean(HostSum((8, 3), Silent(11)), inputs(3))
    net.layers[0].r += 5.0
    after = net.forward_clean(HostSum((8, 3), Silent(11)), inputs(3))
    np.testing.assert_array_equal(before, after)
    assert set(net.state()) == {"layer0.w", "layer0.b", "layer1.w", "layer1.b"}


def test_a_state_of_another_shape_is_refused():
    wider = Network((4, 9, 3), np.random.default_rng(0), decorrelate=False)
    with pytest.raises(ValueError, match=r"layer0\.w: saved \(9, 4\), here \(8, 4\)"):
        network(decorrelate=False).restore(wider.state())


@pytest.mark.parametrize("widths", [(4,), (), (4, 0, 3)])
def test_widths_that_are_no_network_are_refused(widths):
    with pytest.raises(ValueError, match="widths"):
        Network(widths, np.random.default_rng(0), decorrelate=False)


def test_rows_that_were_not_announced_are_refused():
    fabric = HostSum((8, 3), Gaussian(11, np.random.default_rng(0)))
    fabric.begin(4)
    layer = network().layers[0]
    with pytest.raises(ValueError, match="5 rows, but 4 were announced"):
        fabric.forward(0, inputs(5), layer.w, layer.b)


def test_leaky_relu_is_an_activation_of_the_fabric():
    net = network(decorrelate=False)
    fabric = HostSum((8, 3), Silent(11), activation="leaky_relu")
    answer = net.forward(fabric, inputs(50))[0]
    negative = answer.activity < 0
    np.testing.assert_allclose(answer.output[negative], 0.01 * answer.activity[negative])
    np.testing.assert_array_equal(answer.output[~negative], answer.activity[~negative])


def test_first_weights_may_be_smaller() -> None:
    usual, small = (
        Network((400, 300), np.random.default_rng(1), decorrelate=False, scale=scale)
        for scale in (1.0, 0.5)
    )
    assert usual.layers[0].w.std() == pytest.approx(400**-0.5, rel=0.01)
    np.testing.assert_array_equal(small.layers[0].w, usual.layers[0].w / 2)
