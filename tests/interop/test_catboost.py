"""Objectives in CatBoost: equal to its own, and the traps that people fall into."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import small_data as data

import lossbook as lb

catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")

from lossbook.interop.catboost import Objective  # noqa: E402

SETTINGS = {
    "learning_rate": 0.3,
    "depth": 3,
    "thread_count": 1,
    "random_seed": 0,
    "verbose": False,
    "allow_writing_files": False,
    "bootstrap_type": "No",
    "random_strength": 0,
}
N_TREES = 10
FOCAL = "Focal:focal_alpha=0.25;focal_gamma=2.0"
BUILT_IN = {
    "RMSE": (lb.HalfSquaredError(), data.numbers, "Newton"),
    "Lq:q=2": (lb.SquaredError(), data.numbers, "Newton"),
    "Huber:delta=0.7": (lb.Huber(delta=0.7), data.numbers, "Newton"),
    "LogCosh": (lb.LogCosh(), data.numbers, "Newton"),
    "Expectile:alpha=0.75": (lb.Expectile(level=0.75), data.numbers, "Newton"),
    "Quantile:alpha=0.9": (lb.Pinball(quantile=0.9), data.numbers, "Gradient"),
    "MAE": (lb.Pinball(quantile=0.5), data.numbers, "Gradient"),
    "Poisson": (lb.PoissonNLL(), data.counts, "Newton"),
    "Tweedie:variance_power=1.3": (lb.TweedieNLL(power=1.3), data.counts, "Newton"),
    "Logloss": (lb.SigmoidCrossEntropy(), data.two_classes, "Newton"),
    "CrossEntropy": (lb.SigmoidCrossEntropy(), data.probabilities, "Newton"),
    FOCAL: (lb.SigmoidFocal(gamma=2.0, alpha=0.25), data.two_classes, "Newton"),
}


def train(settings, d, n_trees=N_TREES, weighted=False, **given):
    model = catboost.CatBoost(SETTINGS | {"iterations": n_trees} | settings)
    return model.fit(d.x, d.y, sample_weight=d.weight if weighted else None, **given)


def raw(model, x):
    return model.predict(x, prediction_type="RawFormulaVal")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BUILT_IN)
def test_equals_the_built_in(name, weighted):
    loss, draw, method = BUILT_IN[name]
    d, settings = draw(), {"leaf_estimation_method": method, "leaf_estimation_iterations": 1}
    objective = Objective(loss, 1.0 if method == "Gradient" else "library")
    ours = train(objective.parameters() | settings, d, weighted=weighted)
    theirs = settings | {"loss_function": name}
    if name in ("RMSE", "Logloss", "CrossEntropy", "MAE", "Quantile:alpha=0.9"):
        theirs["boost_from_average"] = False
    theirs = train(theirs, d, weighted=weighted)
    # It keeps the parameters of quantiles and expectiles in single precision.
    atol = 1e-6 if "alpha" in name else 1e-14
    np.testing.assert_allclose(raw(ours, d.x), raw(theirs, d.x), rtol=0, atol=atol)


def test_absolute_error_is_twice_the_built_in():
    d, settings = data.numbers(), {"leaf_estimation_method": "Gradient"}
    ours = Objective(lb.AbsoluteError(), 1.0).parameters(**settings, learning_rate=0.15)
    theirs = settings | {"loss_function": "MAE", "boost_from_average": False}
    ours, theirs = (train(each, d) for each in (ours, theirs))
    np.testing.assert_allclose(raw(ours, d.x), raw(theirs, d.x), rtol=0, atol=1e-14)


def test_percentage_error_equals_the_built_in_from_targets_of_one():
    d, settings = data.positive(), {"leaf_estimation_method": "Gradient"}
    d = replace(d, y=d.y + 1)
    ours = Objective(lb.AbsolutePercentageError(), 1.0).parameters(**settings)
    theirs = settings | {"loss_function": "MAPE", "boost_from_average": False}
    ours, theirs = (train(each, d) for each in (ours, theirs))
    np.testing.assert_allclose(raw(ours, d.x), raw(theirs, d.x), rtol=0, atol=1e-6)


def test_percentage_error_below_one_is_twice_the_absolute_error():
    d = data.positive()
    d = replace(d, y=d.y / (d.y.max() + 1))
    settings = {"leaf_estimation_method": "Gradient", "boost_from_average": False}
    shares = train(settings | {"loss_function": "MAPE", "learning_rate": 0.15}, d)
    plain = train(settings | {"loss_function": "MAE", "learning_rate": 0.3}, d)
    np.testing.assert_allclose(raw(shares, d.x), raw(plain, d.x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", ["Newton", "Gradient"])
def test_several_classes_equal_the_built_in(method, weighted):
    d = data.classes()
    d = data.Data(d.x[:150], d.y[:150], d.weight[:150])
    objective = Objective(lb.SoftmaxCrossEntropy())
    settings = {"leaf_estimation_method": method}
    ours = objective.parameters(num_class=data.N_CLASSES) | settings
    ours = train(ours, d, 3, weighted)
    theirs = train(settings | {"loss_function": "MultiClass"}, d, 3, weighted)
    np.testing.assert_allclose(raw(ours, d.x), raw(theirs, d.x), rtol=0, atol=1e-13)


ESTIMATORS = {
    "regression": (lb.Huber(delta=1.0), data.numbers, catboost.CatBoostRegressor),
    "two classes": (lb.SigmoidFocal(gamma=1.0), data.two_classes, catboost.CatBoostClassifier),
    "margins": (lb.SquaredHinge(), data.two_classes, catboost.CatBoostClassifier),
    "three classes": (lb.SoftmaxFocal(gamma=1.0), data.classes, catboost.CatBoostClassifier),
}


def estimator(kind, iterations=4):
    loss, draw, make = ESTIMATORS[kind]
    d = draw()
    d = data.Data(d.x[:150], d.y[:150], d.weight[:150])
    objective = Objective(loss).starting_from(d.y, d.weight)
    return d, objective, make(**objective.parameters(**SETTINGS, iterations=iterations))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_both_interfaces_agree(kind):
    d, objective, model = estimator(kind)
    model.fit(d.x, d.y, sample_weight=d.weight)
    native = train(objective.parameters(), d, 4, weighted=True)
    found = objective.predict(model, d.x)
    np.testing.assert_allclose(found, objective.predict(native, d.x), atol=1e-12)
    if found.ndim > 1:
        np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("kind", ["regression", "two classes", "margins"])
def test_early_stopping_on_the_metric(kind):
    d, objective, model = estimator(kind, 200)
    other = ESTIMATORS[kind][1](seed=1)
    model.fit(d.x, d.y, eval_set=(other.x, other.y), early_stopping_rounds=3)
    history = model.evals_result_["validation"][type(objective.metric).__name__]
    assert model.best_iteration_ == np.argmin(history) < 190
    at_best = objective.loss(
        2 * other.y - 1 if kind == "margins" else other.y, objective._shifted(raw(model, other.x))
    )
    assert history[model.best_iteration_] == pytest.approx(at_best)


def test_metric_is_the_weighted_mean_at_the_start():
    d = data.numbers()
    objective = Objective(lb.Huber(delta=1.0)).starting_from(d.y)
    error, weight = objective.metric.evaluate([np.zeros(len(d.y))], d.y, d.weight)
    constant = np.full(len(d.y), objective.start(d.y))
    found = objective.metric.get_final_error(error, weight)
    assert found == pytest.approx(objective.loss(d.y, constant, d.weight))
    assert not objective.metric.is_max_optimal()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_pickle_and_clone(kind):
    d, objective, model = estimator(kind)
    assert pickle.loads(pickle.dumps(objective)) == objective
    assert pickle.loads(pickle.dumps(objective.metric)) == objective.metric
    copy = base.clone(model)
    assert copy.get_params()["loss_function"] == objective
    copy = pickle.loads(pickle.dumps(copy.fit(d.x, d.y)))
    np.testing.assert_array_equal(
        objective.predict(copy, d.x), objective.predict(model.fit(d.x, d.y), d.x)
    )


@pytest.mark.parametrize("loss", [lb.AbsoluteError(), lb.Pinball(0.9)], ids=repr)
def test_unit_of_the_targets_does_not_matter(loss):
    d, found = data.numbers(), []
    for unit in 1.0, 1024.0:
        objective = Objective(loss).starting_from(unit * d.y)
        model = train(objective.parameters(), replace(d, y=unit * d.y))
        found.append(objective.predict(model, d.x) / unit)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6, atol=1e-6)


class Plain:
    """A plain objective: half the squared error, perhaps with the sign of a gradient."""

    no_jit = True

    def __init__(self, sign=-1):
        self.sign = sign

    def calc_ders_range(self, approxes, targets, weights):
        residual = np.asarray(approxes) - np.asarray(targets)
        return np.stack([self.sign * residual, -np.ones_like(residual)], axis=1)


class TestTraps:
    """What goes wrong with a plain object, and that it does not with ours."""

    def test_sign(self):
        d, settings = data.numbers(), {"leaf_estimation_method": "Newton", "eval_metric": "RMSE"}
        away = train(settings | {"loss_function": Plain(sign=1)}, d)
        assert np.mean((raw(away, d.x) - d.y) ** 2) > 10 * np.mean(d.y**2)
        objective = Objective(lb.HalfSquaredError())
        ours = train(objective.parameters(), d)
        plain = train(settings | {"loss_function": Plain()}, d)
        np.testing.assert_allclose(raw(ours, d.x), raw(plain, d.x), atol=1e-14)
        derivatives = objective.calc_ders_range([1.0], [3.0], None)
        np.testing.assert_array_equal(derivatives, [[2.0, -1.0]])

    def test_start_is_zero_and_boost_from_average_an_error(self):
        d = data.numbers()
        d = replace(d, y=d.y + 100)
        objective = Objective(lb.HalfSquaredError())
        with pytest.raises(catboost.CatBoostError, match="boost_from_average"):
            train(objective.parameters(boost_from_average=True), d)
        assert raw(train(objective.parameters(), d), d.x).mean() < 98
        objective = objective.starting_from(d.y)
        model = train(objective.parameters(), d)
        assert objective.predict(model, d.x).mean() == pytest.approx(d.y.mean(), rel=1e-3)

    def test_eval_metric_is_required(self):
        with pytest.raises(catboost.CatBoostError, match="metric"):
            train({"loss_function": Plain()}, data.numbers())

    def test_weights_are_ignored(self):
        d = data.numbers()

        class Unweighted(Objective):
            def calc_ders_range(self, approxes, targets, weights):
                return super().calc_ders_range(approxes, targets, None)

        loss = lb.HalfSquaredError()
        theirs = train({"loss_function": "RMSE", "boost_from_average": False}, d, weighted=True)
        for kind, same in (Objective, True), (Unweighted, False):
            ours = train(kind(loss).parameters(), d, weighted=True)
            assert np.allclose(raw(ours, d.x), raw(theirs, d.x)) == same

    @pytest.mark.parametrize("loss", [lb.AbsoluteError(), lb.Pinball(0.9)], ids=repr)
    def test_zero_hessian_of_absolute_and_quantile_errors(self, loss):
        d = data.numbers()

        class ZeroHessian(Objective):
            def calc_ders_range(self, approxes, targets, weights):
                return super().calc_ders_range(approxes, targets, weights) * [1, 0]

        start = loss.optimal_constant(d.y)
        constant = loss(d.y, np.full(len(d.y), start))
        errors = []
        for kind in ZeroHessian, Objective:
            objective = kind(loss).starting_from(d.y)
            model = train(objective.parameters(l2_leaf_reg=1e-3), d, 30)
            errors.append(loss(d.y, objective.predict(model, d.x)))
        assert errors[0] > 10 * constant
        assert errors[1] < 0.8 * constant

    def test_predict_of_the_classifier_is_of_no_use(self):
        d, objective, model = estimator("two classes")
        model.fit(d.x, d.y)
        found = objective.predict(model, d.x)
        assert found.min() > 0 and found.max() < 1
        with pytest.raises(IndexError):
            model.predict(d.x)

    def test_its_own_predict_leaves_the_start_out(self):
        d, objective, model = estimator("regression")
        model.fit(d.x, d.y)
        difference = objective.predict(model, d.x) - model.predict(d.x)
        np.testing.assert_allclose(difference, objective.init_score)

    def test_hessian_of_several_classes_is_a_matrix(self):
        objective, score = Objective(lb.SoftmaxCrossEntropy()), np.array([0.0, 1.0, -1.0])
        gradient, hessian = objective.calc_ders_multi(score, 1.0, 2.0)
        loss = lb.SoftmaxCrossEntropy()
        np.testing.assert_allclose(gradient, -2 * loss.gradient([1], score[None])[0])
        np.testing.assert_allclose(hessian, -2 * loss.hessian_blocks([1], score[None])[0])
        _, hessian = Objective(lb.SoftmaxFocal(gamma=0.0)).calc_ders_multi(score, 1.0, 1.0)
        assert np.count_nonzero(hessian) == 3

    def test_it_compiles_methods_with_numba(self):
        pytest.importorskip("numba", reason="Numba is not installed")
        d = data.numbers()

        class WithoutTheMark:
            sign = -1

            def calc_ders_range(self, approxes, targets, weights):
                return Plain(self.sign).calc_ders_range(approxes, targets, weights)

        settings = {"eval_metric": "RMSE", "loss_function": WithoutTheMark()}
        with pytest.warns(UserWarning, match="self argument is used"):
            train(settings, d, 1)
        train(Objective(lb.HalfSquaredError()).parameters(), d, 1)
