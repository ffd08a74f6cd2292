import numpy as np
import pytest

from mtjlab.core.errors import DataError
from mtjlab.learning import evaluate
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.simulated import Gaussian

LABELS = np.array([0, 1, 2])
ROWS = np.zeros((3, 2), dtype=np.float32)


def silent_network() -> Network:
    """Logits are the noise: all weights are zero."""
    net = Network((2, 3), np.random.default_rng(0), decorrelate=False)
    net.layers[0].w[...] = 0.0
    return net


def answering(*classes_by_read):
    """A fabric whose read k of sample s is largest at classes_by_read[k][s]."""

    def noise(rows):
        return np.eye(3, dtype=np.float32)[np.concatenate(classes_by_read)]

    return HostSum((3,), noise)


def test_noisy_is_one_read():
    result = evaluate.noisy(silent_network(), answering([0, 1, 1]), ROWS, LABELS)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.reads == 3


def test_majority_is_a_vote_of_the_reads():
    fabric = answering([0, 1, 1], [0, 2, 2], [1, 1, 2])
    result = evaluate.majority(silent_network(), fabric, ROWS, LABELS, votes=3)
    assert result.accuracy == 1.0
    assert result.reads == 9


def test_the_mean_logit_decides_between_classes_with_as_many_votes():
    logits = np.array([[5, 0, 0], [0, 1, 0]], dtype=np.float32)
    fabric = HostSum((3,), lambda rows: logits)
    for label, right in ((0, 1.0), (1, 0.0), (2, 0.0)):
        result = evaluate.majority(silent_network(), fabric, ROWS[:1], np.array([label]), votes=2)
        assert result.accuracy == right


def test_one_confident_read_does_not_outvote_two():
    logits = np.array([[9, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float32)
    fabric = HostSum((3,), lambda rows: logits)
    result = evaluate.majority(silent_network(), fabric, ROWS[:1], np.array([1]), votes=3)
    assert result.accuracy == 1.0


def test_one_confident_read_outvotes_two_in_the_mean():
    logits = np.array([[9, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float32)
    fabric = HostSum((3,), lambda rows: logits)
    result = evaluate.averaged(silent_network(), fabric, ROWS[:1], np.array([0]), reads=3)
    assert (result.accuracy, result.reads) == (1.0, 3)


def test_the_mean_of_reads_approaches_the_clean_answer():
    rng = np.random.default_rng(1)
    net = Network((3, 3), rng, decorrelate=False)
    x = rng.standard_normal((300, 3)).astype(np.float32)
    labels = net.forward_clean(HostSum((3,), Gaussian(3, rng)), x).argmax(axis=1)
    fabric = HostSum((3,), Gaussian(3, rng, sigma=0.5))
    by_reads = [
        evaluate.averaged(net, fabric, x, labels, reads=reads).accuracy for reads in (1, 8, 200)
    ]
    assert by_reads[0] < by_reads[1] < by_reads[2]
    assert by_reads[2] > 0.97


def test_clean_reads_nothing():
    net = Network((2, 3), np.random.default_rng(0), decorrelate=False)
    net.layers[0].w[...] = [[1, 0], [0, 1], [-1, -1]]
    x = np.array([[1, 0], [0, 1], [-1, -1]], dtype=np.float32)

    def never(rows):
        raise AssertionError("the fabric was read")

    result = evaluate.clean(net, HostSum((3,), never), x, LABELS)
    assert (result.accuracy, result.reads) == (1.0, 0)


def test_a_vote_beats_a_single_read():
    net = Network((3, 3), np.random.default_rng(0), decorrelate=False)
    net.layers[0].w[...] = np.eye(3)
    x = np.tile(np.eye(3, dtype=np.float32), (200, 1))
    labels = np.tile(LABELS, 200)
    fabric = HostSum((3,), Gaussian(3, np.random.default_rng(1), sigma=0.8))
    single = evaluate.noisy(net, fabric, x, labels).accuracy
    vote = evaluate.majority(net, fabric, x, labels, votes=9).accuracy
    assert single < vote - 0.1


@pytest.mark.parametrize(
    "measure", [evaluate.noisy, evaluate.majority, evaluate.averaged, evaluate.clean]
)
def test_an_empty_part_is_said_to_be_empty(measure):
    with pytest.raises(DataError, match="no sample to evaluate"):
        measure(silent_network(), answering([]), ROWS[:0], LABELS[:0])
