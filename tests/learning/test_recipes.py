import numpy as np
import pytest

from mtjlab.core.errors import ParameterError
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.recipes import Size, recipe
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.simulated import Silent, Telegraph
from mtjlab.learning.tasks import load_task, split, task_names
from mtjlab.learning.trainer import Trainer


def train(name: str, seed: int, *, noise=None) -> Trainer:
    """A run by the recipe, each part with a generator of its own, until the target or the end."""
    settings = recipe(name, ["telegraph"])
    rng = [np.random.default_rng([seed, part]) for part in range(4)]
    task = load_task(name)
    parts = split(task, rng[0], test_count=settings["test_count"])
    widths = (task.x.shape[1], *settings["hidden"], parts.classes)
    network = Network(widths, rng[1], decorrelate=False)
    noise = noise or Telegraph(network.nodes, rng[2], spacing=3.0, sigma=0.009)
    steps = settings["epochs"] * -(-len(parts.train_labels) // settings["batch"])
    trainer = Trainer(
        network,
        NoiseBased(reads=2),
        Adam(
            settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            schedule=settings["schedule"],
            total_updates=steps,
        ),
        HostSum(widths[1:], noise),
        parts,
        rng[3],
        batch=settings["batch"],
        epochs=settings["epochs"],
    )
    while not trainer.finished and trainer.reads_to_target is None:
        trainer.step()
        if trainer.evaluation_due:
            trainer.evaluate()
    return trainer


@pytest.mark.parametrize(("name", "median", "limit"), [("iris", 2400, 4000), ("xor", 1200, 2400)])
def test_the_recipe_reaches_the_target_in_the_reads_it_should(name, median, limit):
    reads = [train(name, seed).reads_to_target for seed in range(500, 520)]
    reached = [r for r in reads if r is not None]
    assert len(reached) == 20
    assert np.median(reached) <= median
    assert sum(r <= limit for r in reached) >= 18


def test_without_noise_nothing_is_learnt():
    trainer = train("iris", 1, noise=Silent(11))
    assert trainer.reads_to_target is None
    assert trainer.updates == 0


@pytest.mark.parametrize("name", task_names())
def test_every_shipped_task_has_a_recipe_that_may_be_changed_without_harm(name):
    settings = recipe(name, ["node_noise"])
    settings["hidden"].append(99)
    settings["batch"] = -1
    assert recipe(name, ["node_noise"])["hidden"][-1] != 99
    assert recipe(name, ["node_noise"])["batch"] > 0


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'iris'"):
        recipe("iri", ["node_noise"])


def test_a_task_that_nobody_has_tried_gets_settings_by_its_size():
    small = recipe("csv:a.csv", ["gaussian"], size=Size(samples=200, features=5, classes=4))
    large = recipe("idx:m", ["gaussian"], size=Size(samples=10_000, features=784, classes=10))
    assert set(small) == set(large) == set(recipe("iris", []))
    assert small["test_count"] is large["test_count"] is None
    assert small["learning_rate"] > large["learning_rate"]
