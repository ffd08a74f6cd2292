"""Network, fabric and bookkeeping of one learning run."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mtjlab.core.protocol import Progress, Rig, State, StateValue
from mtjlab.fabric.part import Seen
from mtjlab.learning import evaluate
from mtjlab.learning.alignment import align
from mtjlab.learning.evaluate import Evaluation
from mtjlab.learning.network import Network
from mtjlab.learning.programming import Programmed
from mtjlab.learning.splits import split_at
from mtjlab.learning.trainer import Trainer
from protocols.noise_learning.conditions import Conditions
from protocols.noise_learning.fabrics import Placed, together
from protocols.noise_learning.surveyed import trace_interval_s

COUNTERS = (
    "evaluation_reads",
    "transactions",
    "evaluation_transactions",
    "calibration_transactions",
    "learning_s",
    "evaluation_s",
    "loss",
    "train_accuracy",
    "trace_interval_s",
    "alignment",
)

# Noise of a single update is large; so many of them, on so many samples, show where they lead.
ALIGNMENTS = 300
ALIGNED = 40


class Session:
    """One network on its fabrics; `state` None starts afresh, else goes on from `progress`."""

    def __init__(
        self,
        rig: Rig,
        conditions: Conditions,
        placed: Sequence[Placed],
        state: State | None,
        seen: Sequence[Seen] = (),
    ) -> None:
        self.rig = rig
        self.conditions = conditions
        self.params = params = conditions.params
        self.placed = tuple(placed)
        if state is None:
            self.split = conditions.split(rig.generators["split"])
            first_weights = rig.generators["weights"]
        else:
            self.split = split_at(
                conditions.task, _below("split_", state), scaling=params.known("scaling")
            )
            # Overwritten by `restore`; the run's own generator must not be drawn from twice.
            first_weights = np.random.default_rng(0)
        rate = params.known("decorrelation_rate")
        self.network = Network(
            conditions.widths, first_weights, decorrelate=rate > 0, scale=params.first_weights
        )
        # Generators of rule and programming: their states are part of ours.
        self._draws = {
            name: np.random.default_rng(int(first_weights.integers(2**63)))
            for name in ("rule", "programming")
        }
        self.fabric = conditions.programmed(together(placed), self._draws["programming"])
        self.trainer = Trainer(
            self.network,
            conditions.rule(self._draws["rule"]),
            conditions.optimiser(),
            self.fabric,
            self.split,
            rig.generators["split"],
            batch=params.known("batch"),
            epochs=params.known("epochs"),
            evaluate_every=params.known("evaluate_every"),
            target_accuracy=params.target_accuracy,
        )
        self.evaluation_reads = 0
        self.transactions = 0
        self.evaluation_transactions = 0
        self.calibration_transactions = sum(found.transactions for found in seen)
        self.learning_s = 0.0
        self.evaluation_s = 0.0
        self.loss = float("nan")
        self.train_accuracy = float("nan")
        self.alignment: float | None = None
        self.trace_interval_s = trace_interval_s(seen)
        if state is not None:
            self._restore(state)

    @property
    def finished(self) -> bool:
        """All epochs done, or the target reached and that was enough."""
        reached = self.trainer.reads_to_target is not None
        return self.trainer.finished or (self.params.stop_at_target and reached)

    @property
    def taken(self) -> int:
        """Transactions of all parts since calibration."""
        return sum(one.part.transactions for one in self.placed)

    def update(self) -> None:
        """One learning step."""
        before, began_s = self.taken, self.rig.clock.now_s()
        metrics = self.trainer.step()
        self.transactions += self.taken - before
        self.learning_s += self.rig.clock.now_s() - began_s
        self.loss = metrics.loss
        self.rig.emit_row(
            "step", (self.trainer.reads, metrics.loss, metrics.accuracy, metrics.discarded)
        )

    def evaluate(self) -> None:
        """Noisy single-read accuracy of every part; that of the first counts for the target."""
        self.train_accuracy = self.counted(self.trainer.evaluate).accuracy
        row = [self.trainer.reads, self.train_accuracy]
        for part in ("test", "validation"):
            accuracy = self.of(part, evaluate.noisy)
            row.append(np.nan if accuracy is None else accuracy)
        self.rig.emit_row("evaluation", row)

    @property
    def weights_due(self) -> bool:
        """Whether this evaluation is one after which the weights are kept; the end is another."""
        number = self.trainer.steps // self.trainer.evaluate_every
        return not self.finished and number % self.conditions.weights_every == 0

    def align(self) -> None:
        """How the rule's summed update lies to the model's gradient; where that was asked."""
        if not self.params.alignment:
            return
        x, labels = self.split.train_x[:ALIGNED], self.split.train_labels[:ALIGNED]

        def measured() -> Evaluation:
            found = align(
                self.trainer.rule, self.network, self.fabric, x, labels, repeats=ALIGNMENTS
            )
            self.alignment = found.total
            return Evaluation(np.nan, np.nan, found.reads)

        self.counted(measured)

    def emit_weights(self) -> None:
        """Everything that is learnt, as it is now."""
        for layer, parameters in enumerate(self.network.layers):
            self.rig.emit_row(f"weights_{layer}", parameters.w)
            self.rig.emit_row(f"bias_{layer}", parameters.b)
            if self.network.decorrelate:
                self.rig.emit_row(f"decorrelation_{layer}", parameters.r)
                self.rig.emit_row(f"offset_{layer}", parameters.c)

    def of(self, part: str, measure: Callable[..., Evaluation]) -> float | None:
        """Accuracy of one part ("train", "validation", "test") by `measure`; None if empty."""
        x, labels = getattr(self.split, f"{part}_x"), getattr(self.split, f"{part}_labels")
        if len(labels) == 0:
            return None
        return self.counted(lambda: measure(self.network, self.fabric, x, labels)).accuracy

    def counted(self, measure: Callable[[], Evaluation]) -> Evaluation:
        """An evaluation, on the account of the evaluations."""
        before, began_s = self.taken, self.rig.clock.now_s()
        result = measure()
        self.evaluation_transactions += self.taken - before
        self.evaluation_s += self.rig.clock.now_s() - began_s
        self.evaluation_reads += result.reads
        return result

    def progress(self) -> Progress:
        """Everything to go on from here."""
        trainer = self.trainer
        saved: dict[str, StateValue] = {name: getattr(self, name) for name in COUNTERS}
        for name, draws in self._draws.items():
            saved[f"draws_{name}"] = json.dumps(draws.bit_generator.state)
        parts: dict[str, Mapping[str, StateValue]] = {
            "trainer": trainer.state(),
            "rule": trainer.rule.state(),
            "split": self.split.state(),
        }
        if isinstance(self.fabric, Programmed):
            parts["programmed"] = self.fabric.state()
        parts |= {f"part{number}": one.part.state() for number, one in enumerate(self.placed)}
        for name, state in parts.items():
            saved |= {f"{name}_{key}": value for key, value in state.items()}
        return Progress(
            state=saved,
            done=trainer.steps,
            total=trainer.total_steps,
            values={"loss": self.loss, "accuracy": self.train_accuracy, "reads": trainer.reads},
        )

    def _restore(self, state: State) -> None:
        self.trainer.restore(_below("trainer_", state))
        for name, draws in self._draws.items():
            draws.bit_generator.state = json.loads(str(state[f"draws_{name}"]))
        if isinstance(self.fabric, Programmed):
            self.fabric.restore(_below("programmed_", state))
        self.trainer.rule.restore(_below("rule_", state))
        for number, one in enumerate(self.placed):
            one.part.restore(_below(f"part{number}_", state))
        for name in COUNTERS:
            setattr(self, name, _plain(state[name]))


def _below(prefix: str, state: State) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _plain(value: StateValue) -> Any:
    """A number as it was: run files give arrays of no dimension back."""
    return value.item() if isinstance(value, np.ndarray | np.generic) else value
