"""What a careful reader of the results must know, in sentences."""

from mtjlab.analysis.correlation import Correlation
from mtjlab.learning.trainer import Trainer
from protocols.noise_learning.calibration import Calibration
from protocols.noise_learning.parameters import NoiseLearningParameters

WARN_CORRELATION = 0.1


def notes_of(
    trainer: Trainer,
    params: NoiseLearningParameters,
    calibration: Calibration,
    correlation: Correlation,
) -> list[str]:
    """Why a result is null, and why one may not mean what it seems to."""
    notes = list(calibration.notes)
    presented = trainer.reads // params.reads_per_sample
    if trainer.discarded == presented > 0:
        notes.append(
            "every sample was discarded: no read differed from the other, so there was no noise "
            "to learn from and nothing was learnt"
        )
    if trainer.reads_to_target is None:
        notes.append(
            f"reads_to_target: {params.target_accuracy:.0%} was not reached twice in a row in "
            f"{trainer.reads} reads"
        )
    if len(trainer.split.test_labels) == 0:
        notes.append("test accuracies: this task has no test part")
    if correlation.value is None:
        notes.append(f"noise_correlation_max: {correlation.reason}")
    elif correlation.value > max(WARN_CORRELATION, correlation.chance or 0.0):
        notes.append(
            f"noise_correlation_max is {correlation.value:.2f} (nodes {correlation.first} and "
            f"{correlation.second}), above {WARN_CORRELATION}: they share noise and the update is "
            "biased; look for pickup on the common bias"
        )
    return notes
