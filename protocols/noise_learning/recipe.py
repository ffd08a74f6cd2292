"""Teach a small network by the noise of the junctions on the bench.

Each learning step shows one batch twice, both times noisy, and moves the weights along loss
difference x activity difference x input (Koenders et al., Phys. Rev. Applied 23, 054035).
"""

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import numpy as np

from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.node_noise import one_board
from mtjlab.learning.recipes import recipe
from mtjlab.learning.tasks import load_task, split
from protocols.noise_learning.calibration import Calibration, Found, calibrate
from protocols.noise_learning.parameters import NoiseLearningParameters
from protocols.noise_learning.session import Session

TRACE_SAMPLES = 4000
YIELD_EVERY_S = 0.5

STEP = "reads,loss,accuracy,discarded"
EVALUATION = "reads,train_accuracy,test_accuracy"
JUNCTIONS = "row,column,level_p_v,level_ap_v,occupancy,tau_c_s,noise_ratio,node"


class NoiseLearning:
    """`mtjlab run noise_learning`."""

    parameters = NoiseLearningParameters

    def resolve(self, params: NoiseLearningParameters) -> NoiseLearningParameters:
        """Fill unsaid parameters with the best known values for task and fabric."""
        if params.junctions in ("stuck", "mean"):
            raise ParameterError(
                f"junctions = {params.junctions!r}: with fabric node_noise the full control is "
                "junctions=off, which takes only the noise away. stuck and mean are for fabrics "
                "whose signal goes through the junctions"
            )
        known = recipe(params.task, params.fabric)
        unsaid = {name: value for name, value in known.items() if getattr(params, name, 0) is None}
        return params.model_copy(update=unsaid)

    def twin_overrides(self, params: NoiseLearningParameters) -> dict[str, Any]:
        """`instrument_noise = off` is something only a twin can do."""
        return {} if params.instrument_noise == "on" else {"instrument_noise": False}

    def streams(self, params: NoiseLearningParameters, rig: Rig) -> list[Stream]:
        """Steps, evaluations, junctions, traces and one stream of weights per layer."""
        widths = self._widths(params)
        one_board(self._candidates(rig))
        # A split that cannot be is said now, not when the bias is on.
        split(load_task(params.task), np.random.default_rng(0), params.known("test_count"))
        nodes = sum(widths[1:])
        fixed = [
            Stream("step", "f8", (4,), "", STEP),
            Stream("evaluation", "f8", (3,), "", EVALUATION),
            Stream("junctions", "f8", (8,), "", JUNCTIONS),
            Stream("trace", "f4", (TRACE_SAMPLES,), "V", f"one row per node, {nodes} in all"),
        ]
        weights = [
            Stream(f"weights_{layer}", "f4", (m, n), "", "rows: at the start, at the end")
            for layer, (n, m) in enumerate(pairwise(widths))
        ]
        return fixed + weights

    def setup(self, rig: Rig, params: NoiseLearningParameters) -> None:
        """Common bias configured, on, and at the level at which learning happens."""
        bias = CommonBias(rig, self._candidates(rig))
        bias.prepare(params.bias_v)
        bias.set(params.learning_bias_v)
        for terminal, reading in bias.measure().items():
            rig.notice(
                "info",
                f"{terminal}: {si(reading.voltage_v, 'V')}, {si(reading.current_a, 'A')} into "
                f"{len(rig.wiring.driven_by(terminal))} junctions",
            )

    def steps(
        self, rig: Rig, params: NoiseLearningParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Calibrate, then learn; every yield is a place to go on from."""
        candidates = self._candidates(rig)
        daq = rig.daqs[one_board(candidates)]
        bias = CommonBias(rig, candidates)
        widths = self._widths(params)
        if state is None:
            found = calibrate(
                rig,
                daq,
                bias,
                candidates,
                params,
                nodes=sum(widths[1:]),
                smallest_batch=self._smallest_batch(params),
            )
            self._emit_calibration(rig, found)
            calibration = found.calibration
            bias.set(params.learning_bias_v)
        else:
            # `setup` has been here: touching an instrument now would cost bench time that the
            # uninterrupted run did not spend.
            calibration = Calibration.from_state(state)
        session = Session(rig, daq, candidates, params, widths, calibration, state)
        if state is None:
            session.emit_weights()
        yield session.progress()

        committed_s = rig.clock.now_s()
        while not session.finished:
            session.update()
            evaluated = session.trainer.evaluation_due
            if evaluated:
                session.evaluate()
            if evaluated or rig.clock.now_s() - committed_s > YIELD_EVERY_S:
                yield session.progress()
                committed_s = rig.clock.now_s()
        session.emit_weights()
        return session.results()

    @staticmethod
    def _widths(params: NoiseLearningParameters) -> tuple[int, ...]:
        task = load_task(params.task)
        return (task.x.shape[1], *params.known("hidden"), len(task.class_names))

    @staticmethod
    def _smallest_batch(params: NoiseLearningParameters) -> int:
        samples = len(load_task(params.task).labels) - params.known("test_count")
        batch: int = params.known("batch")
        return int(samples % batch or min(batch, samples))

    @staticmethod
    def _candidates(rig: Rig) -> list[SingleJunction]:
        return [j for j in rig.wiring.singles if j.read is not None]

    @staticmethod
    def _emit_calibration(rig: Rig, found: Found) -> None:
        calibration, survey = found.calibration, found.survey
        node_of = {int(index): node for node, index in enumerate(calibration.chosen)}
        for index, (junction, telegraph) in enumerate(
            zip(survey.junctions, survey.found, strict=True)
        ):
            node = node_of.get(index, -1)
            ratio = calibration.noise_ratio[node] if node >= 0 else np.nan
            levels = telegraph.levels
            rig.emit_row(
                "junctions",
                (
                    junction.cell.row,
                    junction.cell.column,
                    levels.low_v,
                    levels.high_v,
                    levels.occupancy_high,
                    telegraph.rates.tau_c_s,
                    ratio,
                    node,
                ),
            )
        traces = survey.traces_v[:TRACE_SAMPLES, calibration.chosen].T
        padded = np.full((len(traces), TRACE_SAMPLES), np.nan)
        padded[:, : traces.shape[1]] = traces
        rig.emit("trace", padded)
