"""A classifier that learns by noise, with the manners of scikit-learn and without it."""

from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import signature
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtjlab.core.errors import DataError, ParameterError, nearest
from mtjlab.learning.activations import ActivationName
from mtjlab.learning.fabric import Array, Fabric
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import ScheduleName, make_optimiser
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.scaling import standardised
from mtjlab.learning.simulated import Gaussian, Telegraph
from mtjlab.learning.splits import split
from mtjlab.learning.task import Task, validate
from mtjlab.learning.trainer import Trainer

FabricFactory = Callable[[Sequence[int], np.random.Generator], Fabric]


class NoiseLearner:
    """A network of noisy nodes as a classifier: `NoiseLearner().fit(x, y, rng=rng).predict(x)`.

    Parameters are kept as they were given and judged by `fit`. Inputs are standardised with mean
    and sd of the training data and clipped at 3 sd.

    Args:
        hidden: widths of the hidden layers.
        rule: one of `RULE_NAMES`.
        fabric: "telegraph" or "gaussian", simulated; or a callable that makes a fabric of the
            nodes of all layers, `fabric(widths, rng)`.
        activation: of the simulated fabrics' hidden layers.
        epochs: how often every sample is shown.
        batch: samples of a step.
        reads_per_sample: K of the rule "noise_based".
        learning_rate: at the start.
        schedule: of the learning rate.
        optimiser: one of `OPTIMISER_NAMES`.
        weight_decay: decoupled.
        weight_clip: largest weight; None: any.
        decorrelation_rate: 0 leaves decorrelation out.
        perturbation: of the rule "spsa".
        reads_to_predict: noisy reads of each sample whose mean logits decide; None: the fabric's
            noiseless model does.

    Attributes:
        classes_: (classes,), sorted, as they were in y.
        n_features_in_: columns of X.
        mean_, sd_: (features,), of the training data.
        network_: what was learnt.
        fabric_: what it lies on.
        loss_curve_: mean loss of each epoch.
        n_iter_: epochs.
        reads_: samples presented.
        discarded_: samples that taught nothing.
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        hidden: Sequence[int] = (32,),
        *,
        rule: str = "noise_based",
        fabric: str | FabricFactory = "telegraph",
        activation: ActivationName = "leaky_relu",
        epochs: int = 100,
        batch: int = 32,
        reads_per_sample: int = 2,
        learning_rate: float = 1e-2,
        schedule: ScheduleName = "cosine",
        optimiser: str = "adam",
        weight_decay: float = 0.1,
        weight_clip: float | None = None,
        decorrelation_rate: float = 0.0,
        perturbation: float = 0.1,
        reads_to_predict: int | None = None,
    ) -> None:
        self.hidden = hidden
        self.rule = rule
        self.fabric = fabric
        self.activation = activation
        self.epochs = epochs
        self.batch = batch
        self.reads_per_sample = reads_per_sample
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.optimiser = optimiser
        self.weight_decay = weight_decay
        self.weight_clip = weight_clip
        self.decorrelation_rate = decorrelation_rate
        self.perturbation = perturbation
        self.reads_to_predict = reads_to_predict

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's parameters by name; there is nothing deeper."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; takes effect at the next `fit`.

        Raises:
            ParameterError: there is no parameter of that name.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ParameterError(f"no parameter {name!r}: {nearest(name, known)}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator that it is handed; nobody else calls this."""
        utils = import_module("sklearn.utils")
        return utils.Tags(
            estimator_type=self._estimator_type,
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(),
        )

    def fit(self, X: ArrayLike, y: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Learn from rows of X (n, features) and one label each, y (n,), from the beginning.

        Args:
            X: finite numbers; no column may be constant.
            y: numbers or texts; two different ones at least.
            rng: of the first weights, the order of the samples, the noise and the rule.

        Raises:
            DataError: nothing can be learnt from these data.
            ParameterError: a parameter is out of its range.
        """
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} = {getattr(self, name)} must be at least 1")
        task = _task(X, y)
        classes = np.unique(np.asarray(y))
        of_weights, of_fabric, of_order, of_rule = rng.spawn(4)
        parts = split(task, of_order, test_count=0)
        widths = (task.x.shape[1], *self.hidden, len(classes))
        trainer = Trainer(
            Network(widths, of_weights, decorrelate=self.decorrelation_rate > 0.0),
            make_rule(
                self.rule,
                rng=of_rule,
                reads_per_sample=self.reads_per_sample,
                decorrelation_rate=self.decorrelation_rate,
                perturbation=self.perturbation,
            ),
            make_optimiser(
                self.optimiser,
                self.learning_rate,
                weight_decay=self.weight_decay,
                weight_clip=self.weight_clip,
                schedule=self.schedule,
                total_updates=self.epochs * -(-len(task.labels) // self.batch),
            ),
            self._fabric(widths[1:], of_fabric),
            parts,
            of_order,
            batch=self.batch,
            epochs=self.epochs,
        )
        self.loss_curve_: list[float] = []
        for _ in range(self.epochs):
            losses = [trainer.step().loss for _ in range(trainer.steps_per_epoch)]
            self.loss_curve_.append(float(np.mean(losses)))
        self.classes_ = classes
        self.n_features_in_ = task.x.shape[1]
        self.mean_, self.sd_ = parts.mean, parts.sd
        self.network_, self.fabric_ = trainer.network, trainer.fabric
        self.n_iter_ = trainer.epoch
        self.reads_, self.discarded_ = trainer.reads, trainer.discarded
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row of X, (n,), as y had them.

        Raises:
            DataError: not fitted yet, or X is not (n, n_features_in_) finite numbers.
        """
        largest = self._logits(X).argmax(axis=1)
        predicted: NDArray[Any] = self.classes_[largest]
        return predicted

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Softmax of the logits of each row of X, (n, classes); errors as in `predict`."""
        logits = self._logits(X).astype(np.float64)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        proba: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
        return proba

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Fraction of the rows of X that `predict` gives the class in y.

        Raises:
            DataError: as in `predict`, or X and y differ in their number of rows.
        """
        predicted, labels = self.predict(X), np.asarray(y)
        if labels.shape != predicted.shape:
            raise DataError(
                f"{len(predicted)} rows of data but labels of shape {labels.shape}; "
                "every row needs one label"
            )
        return float((predicted == labels).mean())

    def _logits(self, given: ArrayLike) -> Array:
        if not hasattr(self, "network_"):
            raise DataError("this NoiseLearner has learnt nothing yet: call fit first")
        x = np.asarray(given, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.n_features_in_ or not np.isfinite(x).all():
            raise DataError(
                f"data of shape {x.shape}; expected finite numbers of shape "
                f"(rows, {self.n_features_in_})"
            )
        z = standardised(x, np.arange(len(x)), self.mean_, self.sd_)
        if self.reads_to_predict is None:
            return self.network_.forward_clean(self.fabric_, z)
        passes = self.network_.forward(self.fabric_, z, repeats=self.reads_to_predict)
        mean: Array = passes[-1].output.reshape(self.reads_to_predict, len(z), -1).mean(axis=0)
        return mean

    def _fabric(self, widths: Sequence[int], rng: np.random.Generator) -> Fabric:
        if callable(self.fabric):
            return self.fabric(widths, rng)
        if self.fabric not in _SOURCES:
            raise ParameterError(
                f"no simulated fabric {self.fabric!r}: {nearest(self.fabric, _SOURCES)}; or give "
                "a callable that makes one from widths and a generator"
            )
        noise = _SOURCES[self.fabric](sum(widths), rng)
        return HostSum(widths, noise, activation=self.activation)


_SOURCES: dict[str, Callable[[int, np.random.Generator], Callable[[int], Array]]] = {
    "gaussian": Gaussian,
    "telegraph": Telegraph,
}


def _task(given: ArrayLike, labels: ArrayLike) -> Task:
    """The data as a task that has been checked; messages count rows and columns from 1."""
    try:
        x = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"X is not a table of numbers: {error}") from error
    classes, index = np.unique(np.asarray(labels), return_inverse=True)
    task = Task(
        "X, y",
        x,
        index.reshape(np.shape(labels)).astype(np.int64),
        tuple(str(name) for name in classes),
        tuple(f"column {column + 1}" for column in range(x.shape[1] if x.ndim == 2 else 0)),
        "given to fit",
    )
    validate(task)
    return task
