"""Labels and units of the results that people look for first, in the order to show them."""

from collections.abc import Callable
from typing import Any

from mtjlab.core.units import si


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _unit(symbol: str) -> Callable[[Any], str]:
    return lambda value: si(float(value), symbol)


def _count(value: Any) -> str:
    return f"{value:,}".replace(",", " ")


LABELS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "train_accuracy": ("train accuracy (one noisy read)", _percent),
    "test_accuracy": ("test accuracy (one noisy read)", _percent),
    "test_accuracy_majority": ("test accuracy (majority)", _percent),
    "test_accuracy_mean8": ("test accuracy (mean of eight reads)", _percent),
    "test_accuracy_clean": ("test accuracy (model without noise)", _percent),
    "train_accuracy_clean": ("train accuracy (model without noise)", _percent),
    "validation_accuracy": ("validation accuracy (one noisy read)", _percent),
    "validation_accuracy_majority": ("validation accuracy (majority)", _percent),
    "validation_accuracy_mean8": ("validation accuracy (mean of eight reads)", _percent),
    "validation_accuracy_clean": ("validation accuracy (model without noise)", _percent),
    "accuracy": ("accuracy (one noisy read)", _percent),
    "accuracy_majority": ("accuracy (majority)", _percent),
    "accuracy_clean": ("accuracy (model without noise)", _percent),
    "trained_accuracy": ("accuracy after learning (one noisy read)", _percent),
    "energy_per_inference_j": ("energy of one inference", _unit("J")),
    "time_per_inference_s": ("bench time of one inference", _unit("s")),
    "target_accuracy": ("target", _percent),
    "reads_to_target": ("reads to target", _count),
    "reads": ("reads", _count),
    "evaluation_reads": ("evaluation reads", _count),
    "updates": ("updates", _count),
    "discarded_samples": ("discarded samples", _count),
    "noise_ratio": ("noise ratio, junction / instrument", lambda v: f"{v:.3g}"),
    "noise_ratio_min": ("smallest noise ratio of a node", lambda v: f"{v:.3g}"),
    "below_instrument": ("reads with less noise than the instrument's", _percent),
    "noise_correlation_max": ("largest noise correlation", lambda v: f"{v:.3f}"),
    "saturated_fraction": ("activities at an end of the bias window", _percent),
    "alignment": ("cosine of update and gradient", lambda v: f"{v:.3f}"),
    "energy_j": ("energy in the junctions", _unit("J")),
    "transactions": ("transactions (learning)", _count),
    "evaluation_transactions": ("transactions (evaluation)", _count),
    "calibration_transactions": ("transactions (calibration)", _count),
    "learning_time_s": ("bench time of learning", _unit("s")),
    "slowest_tau_c_s": ("slowest tau_c in use", _unit("s")),
    "sample_spacing_s": ("between reads of one junction", _unit("s")),
    "pass_spacing_s": ("between two reads of one sample", _unit("s")),
    "trace_interval_s": ("between samples of a trace", _unit("s")),
    "bench_time_s": ("bench time", _unit("s")),
    "wall_time_s": ("wall time", _unit("s")),
}
