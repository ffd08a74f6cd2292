import inspect
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.learning.estimator import NoiseLearner
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.simulated import Gaussian, Silent
from mtjlab.learning.tasks import load_task

IRIS = load_task("iris")
NAMES = np.array(IRIS.class_names)[IRIS.labels]
QUICK = {"hidden": [8], "epochs": 30, "batch": 10, "learning_rate": 0.03, "weight_decay": 0.0}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_constructor_keeps_its_parameters_untouched_and_judges_nothing():
    hidden = [3, 4]
    nonsense = {
        name: object() if name != "hidden" else hidden
        for name in inspect.signature(NoiseLearner).parameters
    }
    learner = NoiseLearner(**nonsense)
    assert vars(learner) == nonsense
    assert learner.hidden is hidden
    assert learner.get_params() == nonsense
    assert NoiseLearner(**learner.get_params()).get_params() == nonsense


def test_set_params_changes_by_name_and_knows_the_names():
    learner = NoiseLearner()
    assert learner.set_params(epochs=7, rule="dfa") is learner
    assert (learner.epochs, learner.rule) == (7, "dfa")
    with pytest.raises(ParameterError, match="did you mean 'epochs'"):
        learner.set_params(epoch=7)


def test_nothing_is_learnt_before_fit_and_what_is_learnt_ends_in_an_underscore():
    learner = NoiseLearner(**QUICK)
    before = set(vars(learner))
    with pytest.raises(DataError, match="call fit first"):
        learner.predict(IRIS.x)
    assert learner.fit(IRIS.x, NAMES, rng=rng()) is learner
    learnt = set(vars(learner)) - before
    assert learnt >= {"network_", "classes_", "n_features_in_", "loss_curve_", "n_iter_"}
    assert all(name.endswith("_") for name in learnt)
    assert {name: learner.get_params()[name] for name in QUICK} == QUICK


@pytest.mark.parametrize("rule", ["noise_based", "node_perturbation", "dfa", "backprop"])
def test_it_learns_labels_of_any_kind(rule):
    for labels in (NAMES, 10 * IRIS.labels - 7):
        learner = NoiseLearner(rule=rule, **QUICK).fit(IRIS.x, labels, rng=rng(3))
        assert learner.score(IRIS.x, labels) > 0.93
        assert learner.classes_.tolist() == sorted(set(labels.tolist()))
        assert set(learner.predict(IRIS.x)) <= set(labels)
        assert len(learner.loss_curve_) == learner.n_iter_ == 30
        assert learner.loss_curve_[-1] < 0.5 * learner.loss_curve_[0]


def test_the_generator_decides_everything():
    first, again, other = (
        NoiseLearner(**QUICK).fit(IRIS.x, NAMES, rng=rng(seed)) for seed in (5, 5, 6)
    )
    assert first.loss_curve_ == again.loss_curve_
    assert first.loss_curve_ != other.loss_curve_
    again.fit(IRIS.x, NAMES, rng=rng(5))
    assert first.loss_curve_ == again.loss_curve_


def test_units_and_offsets_of_the_columns_do_not_matter():
    scale, offset = np.array([1e-3, 1.0, 50.0, 7.0]), np.array([0.0, -5.0, 4.0, 1e3])
    plain = NoiseLearner(**QUICK).fit(IRIS.x, NAMES, rng=rng())
    moved = NoiseLearner(**QUICK).fit(scale * IRIS.x + offset, NAMES, rng=rng())
    assert (plain.predict(IRIS.x) == moved.predict(scale * IRIS.x + offset)).mean() > 0.97


def test_probabilities_are_of_the_predicted_classes():
    learner = NoiseLearner(**QUICK).fit(IRIS.x, NAMES, rng=rng())
    proba = learner.predict_proba(IRIS.x)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    np.testing.assert_array_equal(learner.classes_[proba.argmax(axis=1)], learner.predict(IRIS.x))


def test_any_fabric_will_do_and_noisy_reads_may_decide():
    made = []

    def factory(widths, generator):
        made.append(tuple(widths))
        return HostSum(widths, Gaussian(sum(widths), generator, sigma=0.3))

    learner = NoiseLearner(fabric=factory, **QUICK).fit(IRIS.x, NAMES, rng=rng())
    assert made == [(8, 3)]
    np.testing.assert_array_equal(learner.predict(IRIS.x), learner.predict(IRIS.x))
    learner.set_params(reads_to_predict=1)
    assert (learner.predict_proba(IRIS.x) != learner.predict_proba(IRIS.x)).any()
    assert learner.score(IRIS.x, NAMES) > 0.85


def test_scikit_learn_is_told_what_it_asks_for_in_its_own_words(monkeypatch):
    def named(**given):
        return SimpleNamespace(**given)

    theirs = SimpleNamespace(Tags=named, TargetTags=named, ClassifierTags=named)
    monkeypatch.setitem(sys.modules, "sklearn", SimpleNamespace(utils=theirs))
    monkeypatch.setitem(sys.modules, "sklearn.utils", theirs)
    tags = NoiseLearner().__sklearn_tags__()
    assert tags.estimator_type == "classifier"
    assert tags.target_tags.required


def test_samples_without_noise_are_counted():
    learner = NoiseLearner(fabric=lambda w, g: HostSum(w, Silent(sum(w))), **QUICK)
    learner.fit(IRIS.x, NAMES, rng=rng())
    assert learner.discarded_ == 30 * 150
    assert learner.reads_ == 2 * 30 * 150


def broken(row, column, value):
    x = IRIS.x.copy()
    x[row, column] = value
    return x


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (IRIS.x, NAMES[:-1], "150 rows of data but labels of shape"),
        (broken(4, 2, np.nan), NAMES, "row 5, column 'column 3'"),
        (broken(0, 0, np.inf), NAMES, "not finite"),
        (broken(slice(None), 1, 2.5), NAMES, "'column 2' has the same value"),
        (IRIS.x, np.zeros(150), "1 class"),
        (IRIS.x[:, 0], NAMES, "shape"),
        (IRIS.x[:0], NAMES[:0], "two are needed"),
        ([["a", "b"]], ["c"], "not a table of numbers"),
        ([[1.0, 2.0], [3.0]], [0, 1], "not a table of numbers"),
    ],
)
def test_data_that_nothing_can_be_learnt_from_are_refused(x, y, message):
    learner = NoiseLearner(**QUICK)
    with pytest.raises(DataError, match=message):
        learner.fit(x, y, rng=rng())
    assert not hasattr(learner, "network_")


@pytest.mark.parametrize("x", [IRIS.x[:, :3], IRIS.x[0], broken(3, 3, np.nan)])
def test_rows_of_another_kind_than_learnt_are_refused(x):
    learner = NoiseLearner(**{**QUICK, "epochs": 1}).fit(IRIS.x, NAMES, rng=rng())
    with pytest.raises(DataError, match=r"expected finite numbers of shape \(rows, 4\)"):
        learner.predict(x)
    with pytest.raises(DataError, match="every row needs one label"):
        learner.score(IRIS.x, NAMES[:-1])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"rule": "noise"}, "no rule 'noise'"),
        ({"fabric": "telegraf"}, "did you mean 'telegraph'"),
        ({"optimiser": "adamw"}, "did you mean 'adam'"),
        ({"learning_rate": -1.0}, "learning_rate = -1"),
        ({"reads_per_sample": 1}, "needs at least 2"),
        ({"epochs": 0}, "epochs = 0"),
        ({"batch": 0}, "batch = 0"),
    ],
)
def test_parameters_are_judged_by_fit(params, message):
    learner = NoiseLearner(**{**QUICK, **params})
    with pytest.raises(ParameterError, match=message):
        learner.fit(IRIS.x, NAMES, rng=rng())
