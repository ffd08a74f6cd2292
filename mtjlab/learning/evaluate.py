"""How well a network does: with the noise of one read, with several, without noise.

Each is a number of its own: an accuracy says nothing until it says which.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.losses import correct, cross_entropy
from mtjlab.learning.network import Network

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy on n samples.

    Attributes:
        accuracy: fraction classified correctly.
        loss: mean cross-entropy of all presentations.
        reads: samples presented to the fabric; 0 if only its model was asked.
    """

    accuracy: float
    loss: float
    reads: int


def noisy(network: Network, fabric: Fabric, x: Array, labels: NDArray[np.int64]) -> Evaluation:
    """Every sample of x (n, features) read once, noise and all.

    Raises:
        DataError: there is no sample.
    """
    _some(labels)
    logits = network.forward(fabric, x)[-1].output
    return _evaluation(logits, labels, reads=len(x))


def majority(
    network: Network, fabric: Fabric, x: Array, labels: NDArray[np.int64], *, votes: int = 9
) -> Evaluation:
    """Every sample read `votes` times (the whole set, then again); the most frequent class wins.

    Among classes with as many votes the one with the larger mean logit wins.

    Raises:
        DataError: there is no sample.
    """
    _some(labels)
    if votes < 1:
        raise ValueError(f"votes = {votes} must be at least 1")
    logits = network.forward(fabric, x, repeats=votes)[-1].output
    loss = float(cross_entropy(logits, np.tile(labels, votes)).mean())
    by_read = logits.reshape(votes, len(x), -1)
    classes = by_read.shape[2]
    counts = (by_read.argmax(axis=2)[..., np.newaxis] == np.arange(classes)).sum(axis=0)
    winners = counts == counts.max(axis=1, keepdims=True)
    ranked = np.where(winners, by_read.mean(axis=0), -np.inf)
    return Evaluation(float(correct(ranked, labels).mean()), loss, votes * len(x))


def averaged(
    network: Network, fabric: Fabric, x: Array, labels: NDArray[np.int64], *, reads: int = 8
) -> Evaluation:
    """Every sample read `reads` times (the whole set, then again); the largest mean logit wins.

    Raises:
        DataError: there is no sample.
    """
    _some(labels)
    if reads < 1:
        raise ValueError(f"reads = {reads} must be at least 1")
    logits = network.forward(fabric, x, repeats=reads)[-1].output
    loss = float(cross_entropy(logits, np.tile(labels, reads)).mean())
    mean = logits.reshape(reads, len(x), -1).mean(axis=0)
    return Evaluation(float(correct(mean, labels).mean()), loss, reads * len(x))


def clean(network: Network, fabric: Fabric, x: Array, labels: NDArray[np.int64]) -> Evaluation:
    """The fabric's model without noise; touches no instrument.

    Raises:
        DataError: there is no sample.
    """
    _some(labels)
    return _evaluation(network.forward_clean(fabric, x), labels, reads=0)


def _evaluation(logits: Array, labels: NDArray[np.int64], reads: int) -> Evaluation:
    loss = float(cross_entropy(logits, labels).mean())
    return Evaluation(float(correct(logits, labels).mean()), loss, reads)


def _some(labels: NDArray[np.int64]) -> None:
    if len(labels) == 0:
        raise DataError("no sample to evaluate: this split has none in that part")
