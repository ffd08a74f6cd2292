import numpy as np
import pytest

from mtjlab.core.errors import ParameterError
from mtjlab.learning.evaluate import Evaluation
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.simulated import Gaussian, Silent
from mtjlab.learning.tasks import load_task, split
from mtjlab.learning.trainer import Trainer

PARTS = split(load_task("iris"), np.random.default_rng(0))


def trainer(*, shuffle=None, noise=None, batch=10, epochs=3, decorrelation_rate=0.0, **more):
    network = Network((4, 8, 3), np.random.default_rng(1), decorrelate=decorrelation_rate > 0)
    return Trainer(
        network,
        NoiseBased(decorrelation_rate=decorrelation_rate),
        Adam(0.1, schedule="cosine", total_updates=60),
        HostSum((8, 3), noise or Gaussian(11, np.random.default_rng(2))),
        PARTS,
        shuffle or np.random.default_rng(3),
        batch=batch,
        epochs=epochs,
        **more,
    )


@pytest.mark.parametrize(("batch", "sizes"), [(10, [10] * 12), (50, [50, 50, 20]), (500, [120])])
def test_every_epoch_shows_every_sample_once_in_another_order(batch, sizes):
    this = trainer(batch=batch)
    epochs = []
    for _ in range(2):
        batches = [this.next_batch() for _ in sizes]
        assert [len(labels) for _, labels in batches] == sizes
        epochs.append(np.concatenate([x for x, _ in batches]))
    for shown in epochs:
        np.testing.assert_array_equal(np.sort(shown, axis=0), np.sort(PARTS.train_x, axis=0))
    assert not np.array_equal(epochs[0], epochs[1])


def test_samples_keep_their_labels():
    this = trainer()
    x, labels = this.next_batch()
    for row, label in zip(x, labels, strict=True):
        same = (PARTS.train_x == row).all(axis=1)
        assert label in PARTS.train_labels[same]


def test_counts():
    this = trainer(batch=50, epochs=2)
    while not this.finished:
        this.step()
    assert (this.steps, this.total_steps, this.updates, this.epoch) == (6, 6, 6, 2)
    assert this.reads == 2 * 2 * 120
    assert this.evaluation_reads == 0
    this.evaluate()
    assert this.evaluation_reads == 120
    assert this.reads == 480


def test_evaluations_are_due_every_so_many_steps():
    this = trainer(evaluate_every=4)
    due = []
    for _ in range(12):
        due.append(this.evaluation_due)
        this.step()
    assert [i for i, yes in enumerate(due) if yes] == [4, 8]


def test_without_noise_steps_count_and_updates_do_not():
    this = trainer(noise=Silent(11), epochs=1)
    before = this.network.state()
    while not this.finished:
        this.step()
    assert (this.steps, this.updates, this.discarded) == (12, 0, 120)
    for name, array in this.network.state().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("accuracies", "reached_at"),
    [
        ([0.95, 0.9, 0.95], None),
        ([0.9, 0.95, 0.96], 60),
        ([0.95, 0.95, 0.2], 40),
        ([0.96, 0.1, 0.97, 0.98, 0.99], 80),
        ([0.9499, 0.95], None),
    ],
)
def test_the_target_is_reached_at_the_second_of_two_in_a_row(monkeypatch, accuracies, reached_at):
    this = trainer()
    for accuracy in accuracies:
        this.step()
        monkeypatch.setattr(
            "mtjlab.learning.evaluate.noisy",
            lambda *given, a=accuracy: Evaluation(a, 1.0, 120),
        )
        this.evaluate()
    assert this.reads_to_target == reached_at


@pytest.mark.parametrize("pause_after", [5, 12, 17])
def test_restored_it_goes_on_bit_by_bit(pause_after):
    def go_on(this, until):
        while this.steps < until:
            this.step()
            if this.evaluation_due:
                this.evaluate()

    whole = trainer(decorrelation_rate=0.01)
    go_on(whole, 30)

    shuffle, noise = np.random.default_rng(3), np.random.default_rng(2)
    first = trainer(shuffle=shuffle, noise=Gaussian(11, noise), decorrelation_rate=0.01)
    go_on(first, pause_after)
    saved = first.state()
    bits = shuffle.bit_generator.state, noise.bit_generator.state
    go_on(first, pause_after + 3)

    shuffle, noise = np.random.default_rng(99), np.random.default_rng(98)
    second = trainer(shuffle=shuffle, noise=Gaussian(11, noise), decorrelation_rate=0.01)
    second.restore(saved)
    shuffle.bit_generator.state, noise.bit_generator.state = bits
    go_on(second, 30)
    expected = whole.state()
    assert second.state().keys() == expected.keys()
    for name, value in second.state().items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_the_state_is_flat_and_of_plain_values():
    this = trainer()
    this.step()
    for name, value in this.state().items():
        assert isinstance(name, str)
        assert value is None or isinstance(value, np.ndarray | int | float | str | bool)


def fitting(widths, fabric_widths):
    return Trainer(
        Network(widths, np.random.default_rng(0), decorrelate=False),
        NoiseBased(),
        Adam(0.1),
        HostSum(fabric_widths, Silent(sum(fabric_widths))),
        PARTS,
        np.random.default_rng(0),
        batch=10,
        epochs=1,
    )


@pytest.mark.parametrize(
    ("widths", "fabric_widths", "message"),
    [
        ((5, 8, 3), (8, 3), "4 features and 3 classes"),
        ((4, 8, 2), (8, 2), "the last 3"),
        ((4, 8, 3), (9, 3), r"layers of \(9, 3\) nodes, the network of \(8, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(widths, fabric_widths, message):
    with pytest.raises(ParameterError, match=message):
        fitting(widths, fabric_widths)


@pytest.mark.parametrize("name", ["batch", "epochs", "evaluate_every"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ParameterError, match=f"{name} = 0 must be at least 1"):
        trainer(**{name: 0})
