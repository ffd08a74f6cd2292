"""Epochs, batches, evaluations: one learning run, a step at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning import evaluate
from mtjlab.learning.alignment import Alignment, align
from mtjlab.learning.evaluate import Evaluation
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Optimiser
from mtjlab.learning.programming import Programmed
from mtjlab.learning.rules.rule import Rule, StepMetrics
from mtjlab.learning.splits import Split

Array = NDArray[np.float32]
State = dict[str, NDArray[Any] | int | float | str | bool | None]


class Trainer:
    """Presents the training part in shuffled batches and keeps count.

    The target counts as reached when two consecutive noisy single-read evaluations of the training
    part are at or above it; `reads_to_target` is `reads` at the second.

    Args:
        network, rule, optimiser, fabric, split: what learns, how, on what, from what.
        rng: shuffles each epoch; its state is the caller's to save.
        batch: samples of a step; the last batch of an epoch has what is left.
        epochs: how often every sample is shown.
        evaluate_every: steps between evaluations.
        target_accuracy: fraction of the training part.

    Attributes:
        steps: done so far.
        updates: steps that changed the network.
        reads: samples presented for learning, all passes counted.
        evaluation_reads: samples presented for evaluation.
        discarded: samples that taught nothing.
        reads_to_target: None until the target is reached.
        epoch: complete ones.

    Raises:
        ParameterError: network, fabric and data do not fit each other.
    """

    def __init__(
        self,
        network: Network,
        rule: Rule,
        optimiser: Optimiser,
        fabric: Fabric,
        split: Split,
        rng: np.random.Generator,
        *,
        batch: int,
        epochs: int,
        evaluate_every: int = 10,
        target_accuracy: float = 0.95,
    ) -> None:
        _check_fit(network, fabric, split)
        for name, count in (
            ("batch", batch),
            ("epochs", epochs),
            ("evaluate_every", evaluate_every),
        ):
            if count < 1:
                raise ParameterError(f"{name} = {count} must be at least 1")
        self.network = network
        self.rule = rule
        self.optimiser = optimiser
        self.fabric = fabric
        self.split = split
        self.batch = batch
        self.epochs = epochs
        self.evaluate_every = evaluate_every
        self.target_accuracy = target_accuracy
        self.steps = 0
        self.updates = 0
        self.reads = 0
        self.evaluation_reads = 0
        self.discarded = 0
        self.reads_to_target: int | None = None
        self._rng = rng
        self._order = np.zeros(0, dtype=np.int64)
        self._shown = 0
        self._last_at_target = False

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every training sample once."""
        return -(-len(self.split.train_labels) // self.batch)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> int:
        """Complete epochs."""
        return self.steps // self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.steps >= self.total_steps

    @property
    def evaluation_due(self) -> bool:
        """Whether the number of steps just became a multiple of `evaluate_every`."""
        return self.steps > 0 and self.steps % self.evaluate_every == 0

    def next_batch(self) -> tuple[Array, NDArray[np.int64]]:
        """The next samples (B, features) and labels (B,); a new epoch draws a new order."""
        samples = len(self.split.train_labels)
        if self._shown >= len(self._order):
            self._order = self._rng.permutation(samples)
            self._shown = 0
        rows = self._order[self._shown : self._shown + self.batch]
        self._shown += len(rows)
        return self.split.train_x[rows], self.split.train_labels[rows]

    def step(self) -> StepMetrics:
        """Learn from the next batch."""
        x, labels = self.next_batch()
        metrics = self.rule.step(self.network, self.fabric, self.optimiser, x, labels)
        self.steps += 1
        self.updates += metrics.updated
        self.reads += metrics.reads
        self.discarded += metrics.discarded
        return metrics

    def evaluate(self) -> Evaluation:
        """Read the training part once and judge whether the target is reached."""
        split = self.split
        result = evaluate.noisy(self.network, self.fabric, split.train_x, split.train_labels)
        self.evaluation_reads += result.reads
        at_target = result.accuracy >= self.target_accuracy
        if at_target and self._last_at_target and self.reads_to_target is None:
            self.reads_to_target = self.reads
        self._last_at_target = at_target
        return result

    def validate(self) -> Evaluation | None:
        """Read the validation part once; None where the split has none. Nothing is learnt."""
        split = self.split
        if len(split.validation_labels) == 0:
            return None
        result = evaluate.noisy(
            self.network, self.fabric, split.validation_x, split.validation_labels
        )
        self.evaluation_reads += result.reads
        return result

    def alignment(self, *, repeats: int = 100, samples: int = 64) -> Alignment:
        """How the rule's update lies to the gradient of the fabric's model; learns nothing.

        On the first `samples` of the training part, read `repeats` times; these reads count as
        evaluation, and the noise that they take is gone.

        Raises:
            ParameterError: the fabric has no model of its response.
        """
        x, labels = self.split.train_x[:samples], self.split.train_labels[:samples]
        found = align(self.rule, self.network, self.fabric, x, labels, repeats=repeats)
        self.evaluation_reads += found.reads
        return found

    def state(self) -> State:
        """Flat; with the states of generators and of the fabric's world it goes on bit by bit."""
        saved: State = {name: getattr(self, name) for name in _COUNTERS}
        saved["order"] = self._order.copy()
        saved["shown"] = self._shown
        saved["last_at_target"] = self._last_at_target
        saved.update({f"network.{k}": v for k, v in self.network.state().items()})
        saved.update({f"optimiser.{k}": v for k, v in self.optimiser.state().items()})
        saved.update({f"rule.{k}": v for k, v in self.rule.state().items()})
        if isinstance(self.fabric, Programmed):
            saved.update({f"programmed.{k}": v for k, v in self.fabric.state().items()})
        return saved

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state()` of a trainer made with the same arguments."""
        for name in _COUNTERS:
            value = state[name]
            setattr(self, name, None if value is None else int(value))
        self._order = np.array(state["order"], dtype=np.int64)
        self._shown = int(state["shown"])
        self._last_at_target = bool(state["last_at_target"])
        self.network.restore(_below("network.", state))
        self.optimiser.restore(_below("optimiser.", state))
        self.rule.restore(_below("rule.", state))
        if isinstance(self.fabric, Programmed):
            self.fabric.restore(_below("programmed.", state))


_COUNTERS = ("steps", "updates", "reads", "evaluation_reads", "discarded", "reads_to_target")


def _below(prefix: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _check_fit(network: Network, fabric: Fabric, split: Split) -> None:
    features = split.train_x.shape[1]
    widths = network.widths
    if widths[0] != features or widths[-1] != split.classes:
        raise ParameterError(
            f"a network of widths {widths} for data with {features} features and {split.classes} "
            f"classes: the first width must be {features}, the last {split.classes}"
        )
    if tuple(fabric.widths) != widths[1:]:
        raise ParameterError(
            f"the fabric has layers of {tuple(fabric.widths)} nodes, the network of {widths[1:]}"
        )
