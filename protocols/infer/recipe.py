"""Show data to a trained network on the bench: how often it is right, and what an answer costs."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from mtjlab.core.errors import DataError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from protocols.infer.parameters import InferParameters
from protocols.infer.results import results_of
from protocols.infer.trained import Trained, find_trained
from protocols.infer.work import Work, divided, samples_of
from protocols.noise_learning.conditions import Conditions
from protocols.noise_learning.controls import check_controls, hold, release
from protocols.noise_learning.fabrics import Placed
from protocols.noise_learning.recipe import JUNCTIONS
from protocols.noise_learning.surveyed import TRACE_SAMPLES, emit_seen

YIELD_EVERY_S = 0.5
YIELD_EVERY_BLOCKS = 50

ANSWERS = "round,sample,label,class"


class Infer:
    """`mtjlab run infer --set run=latest`."""

    parameters = InferParameters

    def resolve(self, params: InferParameters) -> InferParameters:
        """`run` becomes the path of the run file, so that this run says which it was.

        Raises:
            StoreError: no such run; DataError: one that has no weights to use.
        """
        return params.model_copy(update={"run": str(find_trained(params.run))})

    def twin_overrides(self, params: InferParameters) -> dict[str, Any]:
        """As in the learning run."""
        learnt = Trained.load(Path(params.run)).params
        return {} if learnt.instrument_noise == "on" else {"instrument_noise": False}

    def streams(self, params: InferParameters, rig: Rig) -> list[Stream]:
        """Every answer; junctions and traces as calibration saw them."""
        trained, conditions, placed = _placed(rig, params)
        check_controls(rig, conditions.params, placed)
        # Weights and data that do not fit are told now, not when the bias is on.
        trained.network(conditions)
        _, labels, _ = samples_of(divided(conditions, trained), params.part)
        if not len(labels):
            raise DataError(
                f"part = {params.part}: the task {conditions.params.task} has no such samples; "
                "take another part"
            )
        nodes = sum(conditions.widths[1:])
        return [
            Stream("answers", "f8", (4,), "", ANSWERS),
            Stream("junctions", "f8", (8,), "", JUNCTIONS),
            Stream("trace", "f4", (TRACE_SAMPLES,), "V", f"one row per node, {nodes} in all"),
        ]

    def setup(self, rig: Rig, params: InferParameters) -> None:
        """Every part at its operating point."""
        _, conditions, placed = _placed(rig, params)
        release(rig, conditions.params, placed)
        for one in placed:
            one.part.prepare()

    def steps(
        self, rig: Rig, params: InferParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Calibrate, then present; every yield is a place to go on from."""
        trained, conditions, placed = _placed(rig, params)
        if state is None:
            seen = [one.part.calibrate() for one in placed]
            emit_seen(rig, placed, seen)
            hold(rig, conditions.params, placed)
            work = Work(rig, params, trained, conditions, placed, None, seen)
        else:
            hold(rig, conditions.params, placed)
            work = Work(rig, params, trained, conditions, placed, state)
        yield work.progress()

        committed_s, blocks = rig.clock.now_s(), 0
        while work.presented < work.total:
            work.present()
            blocks += 1
            waited_s = rig.clock.now_s() - committed_s
            if waited_s > YIELD_EVERY_S or blocks % YIELD_EVERY_BLOCKS == 0:
                yield work.progress()
                committed_s = rig.clock.now_s()
        results = results_of(work)
        release(rig, conditions.params, placed)
        return results


def _placed(rig: Rig, params: InferParameters) -> tuple[Trained, Conditions, tuple[Placed, ...]]:
    trained = Trained.load(Path(params.run))
    conditions = trained.conditions(params, rig.chip)
    return trained, conditions, conditions.place(rig)
