"""Teach a network by the noise of the junctions on the bench, or of whatever lies under it.

Each learning step shows one batch twice, both times noisy, and moves the weights along loss
difference x activity difference x input (Koenders et al., Phys. Rev. Applied 23, 054035).
"""

from collections.abc import Generator
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.learning.crew import Crew
from protocols.noise_learning.conditions import Conditions
from protocols.noise_learning.controls import check_controls, hold, release
from protocols.noise_learning.parameters import NoiseLearningParameters
from protocols.noise_learning.predicted import predicted
from protocols.noise_learning.resolving import resolved
from protocols.noise_learning.results import results_of
from protocols.noise_learning.session import Session
from protocols.noise_learning.surveyed import TRACE_SAMPLES, emit_seen

YIELD_EVERY_S = 0.5
# Where nothing physical lets bench time pass.
YIELD_EVERY_STEPS = 50

STEP = "reads,loss,accuracy,discarded"
EVALUATION = "reads,train_accuracy,test_accuracy,validation_accuracy"
JUNCTIONS = "row,column,level_p_v,level_ap_v,occupancy,tau_c_s,noise_ratio,node"


class NoiseLearning:
    """`mtjlab run noise_learning`."""

    parameters = NoiseLearningParameters

    def resolve(self, params: NoiseLearningParameters) -> NoiseLearningParameters:
        """Fill unsaid parameters with the best known values for task, rule and fabric."""
        return resolved(params)

    def twin_overrides(self, params: NoiseLearningParameters) -> dict[str, Any]:
        """`instrument_noise = off` is something only a twin can do."""
        return {} if params.instrument_noise == "on" else {"instrument_noise": False}

    def streams(self, params: NoiseLearningParameters, rig: Rig) -> list[Stream]:
        """Steps, evaluations, junctions, traces and one stream of weights per layer."""
        conditions = Conditions.of(params)
        # A split that cannot be is said now, not when the bias is on.
        conditions.split(np.random.default_rng(0))
        check_controls(rig, params, conditions.place(rig))
        nodes = sum(conditions.widths[1:])
        fixed = [
            Stream("step", "f8", (4,), "", STEP),
            Stream("evaluation", "f8", (4,), "", EVALUATION),
            Stream("junctions", "f8", (8,), "", JUNCTIONS),
            Stream("trace", "f4", (TRACE_SAMPLES,), "V", f"one row per node, {nodes} in all"),
        ]
        when = _when(conditions)
        weights = [
            Stream(f"weights_{layer}", "f4", (m, n), "", when)
            for layer, (n, m) in enumerate(pairwise(conditions.widths))
        ]
        return fixed + weights + _learnt(conditions)

    def setup(self, rig: Rig, params: NoiseLearningParameters) -> None:
        """Every part at the operating point at which learning happens."""
        placed = Conditions.of(params).place(rig)
        release(rig, params, placed)
        for one in placed:
            one.part.prepare()

    def steps(
        self, rig: Rig, params: NoiseLearningParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Calibrate, then learn; every yield is a place to go on from."""
        conditions = Conditions.of(params)
        placed = conditions.place(rig)
        if state is None:
            seen = [one.part.calibrate() for one in placed]
            emit_seen(rig, placed, seen)
            hold(rig, params, placed)
            session = Session(rig, conditions, placed, None, seen)
            for line in predicted(session):
                rig.notice("info", line)
            session.emit_weights()
            session.align()
        else:
            # `setup` has been here: touching an instrument now would cost bench time that the
            # uninterrupted run did not spend.
            hold(rig, params, placed)
            session = Session(rig, conditions, placed, state)
        yield session.progress()

        committed_s = rig.clock.now_s()
        with Crew(params.threads) if params.threads > 1 else nullcontext():
            while not session.finished:
                session.update()
                evaluated = session.trainer.evaluation_due
                if evaluated:
                    session.evaluate()
                    if session.weights_due:
                        session.emit_weights()
                waited_s = rig.clock.now_s() - committed_s
                counted = session.trainer.steps % YIELD_EVERY_STEPS == 0
                idle = counted and not session.fabric.physical
                if evaluated or idle or waited_s > YIELD_EVERY_S:
                    yield session.progress()
                    committed_s = rig.clock.now_s()
        session.emit_weights()
        results = results_of(session)
        release(rig, params, placed)
        return results


def _when(conditions: Conditions) -> str:
    every = conditions.weights_every
    between = "each evaluation" if every == 1 else f"every {every} evaluations"
    return f"rows: at the start, after {between}, at the end"


def _learnt(conditions: Conditions) -> list[Stream]:
    """What `infer` needs beside the weights."""
    about = _when(conditions)
    streams = []
    for layer, (n, m) in enumerate(pairwise(conditions.widths)):
        streams.append(Stream(f"bias_{layer}", "f4", (m,), "", about))
        if conditions.params.known("decorrelation_rate") > 0:
            streams.append(Stream(f"decorrelation_{layer}", "f4", (n, n), "", about))
            streams.append(Stream(f"offset_{layer}", "f4", (n,), "", about))
    return streams
