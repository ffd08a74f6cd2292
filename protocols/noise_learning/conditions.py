"""What a run is about before any bench is touched: data, network, sampling."""

from dataclasses import dataclass

import numpy as np

from mtjlab.core.protocol import Rig
from mtjlab.fabric.part import Sampling
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.rules.rule import Rule
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task
from protocols.noise_learning.fabrics import Placed, place
from protocols.noise_learning.parameters import NoiseLearningParameters


@dataclass(frozen=True)
class Conditions:
    """Settled by the parameters alone.

    Attributes:
        params: resolved.
        task: its data.
        widths: of the network, inputs first.
    """

    params: NoiseLearningParameters
    task: Task
    widths: tuple[int, ...]

    @classmethod
    def of(cls, params: NoiseLearningParameters) -> "Conditions":
        """Read the data of the task.

        Raises:
            DataError: they cannot be learnt from.
        """
        task = load_task(params.task)
        return cls(params, task, (task.x.shape[1], *params.known("hidden"), len(task.class_names)))

    def rule(self, rng: np.random.Generator) -> Rule:
        """The learning rule, drawing from `rng` where it draws at all."""
        params = self.params
        return make_rule(
            params.rule,
            rng=rng,
            reads_per_sample=params.reads_per_sample,
            decorrelation_rate=params.known("decorrelation_rate"),
        )

    @property
    def samples(self) -> int:
        """That are learnt from."""
        kept: int = self.params.known("test_count")
        return len(self.task.labels) - kept

    @property
    def steps(self) -> int:
        """Learning steps of the whole run."""
        epochs: int = self.params.known("epochs")
        batch: int = self.params.known("batch")
        return epochs * -(-self.samples // batch)

    @property
    def sampling(self) -> Sampling:
        """What the run asks of every fabric."""
        params = self.params
        batch: int = params.known("batch")
        return Sampling(
            keep=params.keep,
            pass_spacing=params.pass_spacing,
            sample_spacing=params.sample_spacing,
            batch=batch,
            smallest_batch=self.samples % batch or min(batch, self.samples),
            passes=self.rule(np.random.default_rng(0)).passes,
            junctions="off" if params.junctions == "off" else "on",
            survey_s=params.survey_s,
            reference_reads=params.reference_reads,
            max_tau_c_s=params.max_tau_c_s,
        )

    def place(self, rig: Rig) -> tuple[Placed, ...]:
        """The parts of this network on that bench; touches no instrument.

        Raises:
            BenchError: the wiring cannot serve it.
            ParameterError: options or sampling ask for what cannot be.
        """
        return place(rig, self.params, self.widths, self.sampling)
