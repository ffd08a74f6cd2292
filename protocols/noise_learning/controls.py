"""The honesty controls: learning without the junctions' noise, and what must not be combined."""

from collections.abc import Sequence

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.protocol import Rig
from protocols.noise_learning.fabrics import Placed
from protocols.noise_learning.parameters import NoiseLearningParameters


def check_controls(rig: Rig, params: NoiseLearningParameters, placed: Sequence[Placed]) -> None:
    """Refuse what makes no sense on these fabrics or this bench, before anything is on.

    Raises:
        ParameterError: a clean pass where there is none.
        BenchError: junctions that only a twin in this program can hold.
    """
    physical = any(one.part.physical for one in placed)
    if params.rule == "node_perturbation" and physical:
        raise ParameterError(
            "rule = 'node_perturbation' compares a noisy pass with a clean one, and a physical "
            "fabric has no pass without noise: take rule = 'noise_based', whose passes are all "
            "noisy, or a simulated fabric"
        )
    if params.alignment and not rig.twin:
        raise BenchError(
            "alignment = true compares with the gradient of a model, which a real bench is not: "
            "leave it out, or use --dry-run or --bench twin"
        )
    if params.junctions in ("stuck", "mean") and physical:
        try:
            # Harmless, and says whether the world is within reach.
            rig.hold_junctions("free")
        except BenchError as error:
            raise BenchError(
                f"junctions = {params.junctions!r}: only a twin in this program can hold its "
                f"junctions, and bench {rig.bench!r} is none. Use --dry-run or --bench twin, or "
                "junctions=off where the fabric allows it"
            ) from error


def hold(rig: Rig, params: NoiseLearningParameters, placed: Sequence[Placed]) -> None:
    """From here on the junctions do what the control says; they were calibrated free."""
    if params.junctions in ("stuck", "mean") and any(one.part.physical for one in placed):
        rig.hold_junctions(params.junctions)


def release(rig: Rig, params: NoiseLearningParameters, placed: Sequence[Placed]) -> None:
    """The junctions are free again."""
    if params.junctions in ("stuck", "mean") and any(one.part.physical for one in placed):
        rig.hold_junctions("free")
