"""What a run is about before any bench is touched: data, network, sampling."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mtjlab.core.protocol import Rig
from mtjlab.fabric.part import Sampling
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.optimisers import Optimiser, make_optimiser
from mtjlab.learning.programming import programmed
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.rules.rule import Rule
from mtjlab.learning.splits import Split, split
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task
from protocols.noise_learning.fabrics import Placed, place
from protocols.noise_learning.parameters import NoiseLearningParameters

# Enough to watch them move; a run file stays as small as its steps and evaluations make it.
MOST_WEIGHT_ROWS, MOST_WEIGHT_BYTES = 200, 16 * 1024 * 1024


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
            perturbation=params.known("perturbation"),
            measured=bool(params.measured),
        )

    @property
    def weights_every(self) -> int:
        """Evaluations from one row of all weights in the run file to the next."""
        pairs = list(pairwise(self.widths))
        row_bytes = 4 * sum(n * m + m for n, m in pairs)
        if self.params.known("decorrelation_rate") > 0:
            row_bytes += 4 * sum(n * n + n for n, _ in pairs)
        rows = min(MOST_WEIGHT_ROWS, max(1, MOST_WEIGHT_BYTES // row_bytes))
        between: int = self.params.known("evaluate_every")
        return max(1, math.ceil(self.steps // between / rows))

    def split(self, rng: np.random.Generator) -> Split:
        """Training, validation and test part.

        Raises:
            DataError: there are not enough samples.
        """
        params = self.params
        return split(
            self.task,
            rng,
            params.known("test_count"),
            params.validation_count,
            scaling=params.known("scaling"),
        )

    def optimiser(self) -> Optimiser:
        """Of all weights."""
        params = self.params
        return make_optimiser(
            params.optimiser,
            params.known("learning_rate"),
            weight_decay=params.known("weight_decay"),
            schedule=params.known("schedule"),
            total_updates=self.steps,
            warm_up=params.warm_up,
            momentum=params.momentum,
            weight_clip=params.weight_clip,
        )

    def programmed(self, fabric: Fabric, rng: np.random.Generator) -> Fabric:
        """The fabric, holding weights as the parameters say it can."""
        params = self.params
        return programmed(
            fabric,
            rng,
            levels=params.weight_levels,
            limit=params.weight_limit,
            noise=params.programming_noise,
        )

    @property
    def samples(self) -> int:
        """That are learnt from."""
        # Of data that came with a test part nothing of it is learnt from.
        kept: int = self.task.given_test or self.params.known("test_count")
        return len(self.task.labels) - kept - self.params.validation_count

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
            junctions=params.junctions,
            survey_s=params.survey_s,
            reference_reads=params.reference_reads,
            max_tau_c_s=params.max_tau_c_s,
            instrument_noise=params.instrument_noise,
        )

    def place(self, rig: Rig) -> tuple[Placed, ...]:
        """The parts of this network on that bench; touches no instrument.

        Raises:
            BenchError: the wiring cannot serve it.
            ParameterError: options or sampling ask for what cannot be.
        """
        return place(rig, self.params, self.widths, self.sampling)
