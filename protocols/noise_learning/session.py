"""Network, fabric and bookkeeping of one learning run."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mtjlab.core.interfaces import Daq
from mtjlab.core.protocol import Progress, Results, Rig, State, StateValue
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.node_noise import Moments, NodeNoise, timing
from mtjlab.learning import evaluate
from mtjlab.learning.evaluate import Evaluation
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.tasks import load_task, split, split_at
from mtjlab.learning.trainer import Trainer
from protocols.noise_learning.calibration import Calibration
from protocols.noise_learning.notes import notes_of
from protocols.noise_learning.parameters import NoiseLearningParameters

COUNTERS = (
    "evaluation_reads",
    "transactions",
    "evaluation_transactions",
    "learning_s",
    "loss",
    "train_accuracy",
)


class Session:
    """One network on one fabric; `state` None starts afresh, else goes on from `progress`."""

    def __init__(
        self,
        rig: Rig,
        daq: Daq,
        candidates: Sequence[SingleJunction],
        params: NoiseLearningParameters,
        widths: Sequence[int],
        calibration: Calibration,
        state: State | None,
    ) -> None:
        self.rig = rig
        self.params = params
        self.calibration = calibration
        self.when = timing(
            calibration.spacing_s, params.keep, daq.abilities, len(calibration.chosen)
        )
        self.fabric = NodeNoise(
            daq,
            [candidates[int(i)] for i in calibration.chosen],
            widths=widths[1:],
            mean_v=calibration.mean_v,
            unit_v=params.unit_v,
            when=self.when,
            source_v=params.learning_bias_v,
        )
        task = load_task(params.task)
        if state is None:
            parts = split(task, rig.generators["split"], test_count=params.known("test_count"))
            first_weights = rig.generators["weights"]
        else:
            parts = split_at(task, _below("split_", state))
            # Overwritten by `restore`; the run's own generator must not be drawn from twice.
            first_weights = np.random.default_rng(0)
        self.split = parts
        rate = params.known("decorrelation_rate")
        self.network = Network(widths, first_weights, decorrelate=rate > 0)
        self.trainer = Trainer(
            self.network,
            NoiseBased(reads=params.reads_per_sample, decorrelation_rate=rate),
            self._optimiser(len(parts.train_labels)),
            self.fabric,
            parts,
            rig.generators["split"],
            batch=params.known("batch"),
            epochs=params.known("epochs"),
            evaluate_every=params.evaluate_every,
            target_accuracy=params.target_accuracy,
        )
        self.evaluation_reads = 0
        self.transactions = 0
        self.evaluation_transactions = 0
        self.learning_s = 0.0
        self.loss = float("nan")
        self.train_accuracy = float("nan")
        if state is not None:
            self._restore(state)

    def _optimiser(self, samples: int) -> Adam:
        params = self.params
        steps = params.known("epochs") * -(-samples // params.known("batch"))
        return Adam(
            params.known("learning_rate"),
            weight_decay=params.known("weight_decay"),
            schedule=params.known("schedule"),
            total_updates=steps,
        )

    @property
    def finished(self) -> bool:
        """All epochs done, or the target reached and that was enough."""
        reached = self.trainer.reads_to_target is not None
        return self.trainer.finished or (self.params.stop_at_target and reached)

    def update(self) -> None:
        """One learning step: all passes in one block."""
        before, began_s = self.fabric.transactions, self.rig.clock.now_s()
        metrics = self.trainer.step()
        self.transactions += self.fabric.transactions - before
        self.learning_s += self.rig.clock.now_s() - began_s
        self.loss = metrics.loss
        self.rig.emit_row(
            "step", (self.trainer.reads, metrics.loss, metrics.accuracy, metrics.discarded)
        )

    def evaluate(self) -> None:
        """Noisy single-read accuracy of training and test set; the first counts for the target."""
        self.train_accuracy = self._counted(self.trainer.evaluate).accuracy
        test = self._test(evaluate.noisy)
        row = (self.trainer.reads, self.train_accuracy, np.nan if test is None else test)
        self.rig.emit_row("evaluation", row)

    def emit_weights(self) -> None:
        """The weight matrices as they are now."""
        for layer, parameters in enumerate(self.network.layers):
            self.rig.emit_row(f"weights_{layer}", parameters.w)

    def progress(self) -> Progress:
        """Everything to go on from here."""
        trainer = self.trainer
        counters: dict[str, StateValue] = {name: getattr(self, name) for name in COUNTERS}
        moments = {f"moments_{k}": np.copy(v) for k, v in vars(self.fabric.moments).items()}
        learnt = {f"trainer_{k}": v for k, v in trainer.state().items()}
        rows = {f"split_{k}": v for k, v in self.split.state().items()}
        return Progress(
            state=counters | moments | learnt | rows | self.calibration.state(),
            done=trainer.steps,
            total=trainer.total_steps,
            values={"loss": self.loss, "accuracy": self.train_accuracy, "reads": trainer.reads},
        )

    def _restore(self, state: State) -> None:
        self.trainer.restore(_below("trainer_", state))
        self.fabric.moments = Moments.restored(_below("moments_", state))
        for name in COUNTERS:
            setattr(self, name, type(getattr(self, name))(state[name]))

    def results(self) -> Results:
        """Final evaluation, and everything the run is judged by."""
        trainer, params, parts = self.trainer, self.params, self.split
        votes = params.majority_reads
        train = self._counted(
            lambda: evaluate.noisy(self.network, self.fabric, parts.train_x, parts.train_labels)
        )
        test = self._test(evaluate.noisy)
        majority = self._test(lambda *given: evaluate.majority(*given, votes=votes))
        clean = self._test(evaluate.clean)
        ratios = self.calibration.noise_ratio
        known = None if np.isnan(ratios).any() else ratios
        correlation = self.fabric.moments.largest_correlation()
        return {
            "rule": params.rule,
            "fabric": params.fabric,
            "task": params.task,
            "reads": trainer.reads,
            "evaluation_reads": self.evaluation_reads,
            "updates": trainer.updates,
            "reads_to_target": trainer.reads_to_target,
            "target_accuracy": params.target_accuracy,
            "train_accuracy": train.accuracy,
            "test_accuracy": test,
            "test_accuracy_clean": clean,
            "test_accuracy_majority": majority,
            # The host's tanh is no device: nothing in this fabric can saturate.
            "saturated_fraction": 0.0,
            "discarded_samples": trainer.discarded,
            "noise_ratio": None if known is None else float(np.median(known)),
            "noise_ratio_min": None if known is None else float(known.min()),
            "noise_correlation_max": correlation.value,
            # Without bias the product of two noise voltages is left, and it is no energy.
            "energy_j": self.fabric.moments.mean_power_w() * self.learning_s
            if params.learning_bias_v
            else 0.0,
            "transactions": self.transactions,
            "evaluation_transactions": self.evaluation_transactions,
            "calibration_transactions": self.calibration.transactions,
            "learning_time_s": self.learning_s,
            "slowest_tau_c_s": self.calibration.slowest_tau_c_s,
            "sample_spacing_s": self.when.spacing_s,
            "pass_spacing_s": self.when.spacing_s * self.calibration.smallest_batch,
            "trace_interval_s": self.calibration.interval_s,
            "junctions": params.junctions,
            "notes": notes_of(trainer, params, self.calibration, correlation),
        }

    def _test(self, measure: Callable[..., Evaluation]) -> float | None:
        """Accuracy of the test part by `measure`; None where there is no test part."""
        parts = self.split
        if len(parts.test_labels) == 0:
            return None
        return self._counted(
            lambda: measure(self.network, self.fabric, parts.test_x, parts.test_labels)
        ).accuracy

    def _counted(self, measure: Callable[[], Evaluation]) -> Evaluation:
        before = self.fabric.transactions
        result = measure()
        self.evaluation_transactions += self.fabric.transactions - before
        self.evaluation_reads += result.reads
        return result


def _below(prefix: str, state: State) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
