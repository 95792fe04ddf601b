"""Objectives in LightGBM: equal to its own, renewed leaves, and the traps that people fall into."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import small_data as data

import lossbook as lb

lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")

from lossbook.interop.lightgbm import Objective, renew_leaves  # noqa: E402

SETTINGS = {"learning_rate": 0.3, "num_leaves": 7, "num_threads": 1, "verbosity": -1}
N_TREES = 10
BUILT_IN = {
    "regression": (lb.HalfSquaredError(), data.numbers, {}),
    "huber": (lb.Huber(delta=0.7), data.numbers, {"alpha": 0.7}),
    "fair": (lb.Fair(scale=0.7), data.numbers, {"fair_c": 0.7}),
    "poisson": (lb.PoissonNLL(), data.counts, {}),
    "gamma": (lb.GammaNLL(), data.positive, {}),
    "tweedie": (lb.TweedieNLL(power=1.3), data.counts, {"tweedie_variance_power": 1.3}),
    "binary": (lb.SigmoidCrossEntropy(), data.two_classes, {}),
    "cross_entropy": (lb.SigmoidCrossEntropy(), data.probabilities, {}),
    "multiclass": (lb.SoftmaxCrossEntropy(), data.classes, {"num_class": data.N_CLASSES}),
}
LIBRARY_CURVATURE = {"huber", "poisson"}


def dataset(d, weighted=False, y=None):
    return lightgbm.Dataset(d.x, d.y if y is None else y, weight=d.weight if weighted else None)


def train(settings, data_set, n_trees=N_TREES, **given):
    return lightgbm.train(SETTINGS | settings, data_set, n_trees, **given)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BUILT_IN)
def test_equals_the_built_in(name, weighted):
    loss, draw, extra = BUILT_IN[name]
    d, curvature = draw(), "library" if name in LIBRARY_CURVATURE else "auto"
    objective = Objective(loss, curvature)
    started = name not in ("huber", "fair")  # which it starts from the mean
    if started:
        objective = objective.starting_from(d.y, d.weight if weighted else None)
    theirs = extra | {"objective": name, "boost_from_average": started}
    theirs = train(theirs, dataset(d, weighted)).predict(d.x, raw_score=True)
    settings = objective.parameters(num_class=extra.get("num_class"))
    ours = train(settings, dataset(d, weighted)).predict(d.x)
    np.testing.assert_allclose(ours + np.asarray(objective.init_score), theirs, atol=1e-7)


def test_weight_of_positives_equals_the_built_in():
    d = data.two_classes()
    objective = Objective(lb.SigmoidCrossEntropy(pos_weight=3.0))
    theirs = {"objective": "binary", "scale_pos_weight": 3.0, "boost_from_average": False}
    ours = train(objective.parameters(), dataset(d))
    theirs = train(theirs, dataset(d))
    np.testing.assert_allclose(objective.predict(ours, d.x), theirs.predict(d.x), atol=1e-12)


class Interpolated(lb.Pinball):
    """The quantile of LightGBM, which lies between two residuals."""

    def optimal_constant(self, y_true, sample_weight=None):
        if (sample_weight == 1).all():
            return float(np.quantile(y_true, self.quantile))
        order = np.argsort(y_true)
        y, below = y_true[order], np.cumsum(sample_weight[order])
        share = self.quantile * below[-1]
        i = min(np.searchsorted(below, share, "right"), y.size - 1)
        if i in (0, y.size - 1):
            return y[i]
        if below[i] - below[i - 1] < 1:
            return y[i - 1]
        return y[i - 1] + (share - below[i - 1]) / (below[i] - below[i - 1]) * (y[i] - y[i - 1])


def renewed(loss, constants, d, n_trees, weight=None, weight_in_leaves=None):
    """Train with renewed leaves, and return the model and the final scores."""
    objective, settings = Objective(loss, curvature=1.0), SETTINGS | {"objective": "none"}
    if weight_in_leaves is None:
        weight_in_leaves = np.ones(len(d.y)) if weight is None else weight
    given = {"sample_weight": weight_in_leaves}
    start = constants.optimal_constant(d.y, weight_in_leaves)
    score = np.full(len(d.y), start)
    model = lightgbm.Booster(settings, dataset(d, weight is not None))
    for i in range(n_trees):
        derivatives = objective(d.y, score, weight)
        model.update(fobj=lambda *_, derivatives=derivatives: derivatives)
        score = renew_leaves(model, d.x, d.y, constants, init_score=score, first=i, **given)
    np.testing.assert_allclose(start + model.predict(d.x), score, atol=1e-12)
    return model, score


RENEWED = {
    "regression_l1": (lb.AbsoluteError(), 0.5),
    "quantile": (lb.Pinball(0.9), 0.9),
}


def single_precision(d):
    """Return data with the targets and weights that LightGBM keeps."""
    y, weight = (np.float64(np.float32(each)) for each in (d.y, d.weight))
    return replace(d, y=y, weight=weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", RENEWED)
def test_renewed_leaves_equal_the_built_in(name, weighted):
    loss, level = RENEWED[name]
    d = single_precision(data.numbers())
    theirs = train({"objective": name, "alpha": level}, dataset(d, weighted), 30).predict(d.x)
    _, ours = renewed(loss, Interpolated(level), d, 30, d.weight if weighted else None)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_medians_of_residuals_equal_the_built_in():
    d = single_precision(data.numbers())
    theirs = train({"objective": "regression_l1"}, dataset(d), 30).predict(d.x)
    _, ours = renewed(lb.AbsoluteError(), lb.AbsoluteError(), d, 30)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_percentage_error_equals_the_built_in_from_targets_of_one():
    d = data.positive()
    d = single_precision(replace(d, y=d.y + 1))
    theirs = train({"objective": "mape"}, dataset(d), 10).predict(d.x)
    loss, weight = lb.AbsolutePercentageError(), np.float64(np.float32(1 / d.y))
    _, ours = renewed(loss, Interpolated(0.5), d, 10, weight_in_leaves=weight)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_percentage_error_below_one_is_the_absolute_error():
    y = np.linspace(0.1, 1, 10).repeat(20)
    x = np.zeros((y.size, 1))
    theirs = train({"objective": "mape"}, lightgbm.Dataset(x, y), 1).predict(x)
    np.testing.assert_allclose(theirs, 0.5)
    assert lb.AbsoluteError()(y, theirs) == pytest.approx(np.mean(np.abs(y - np.median(y))))
    assert lb.AbsolutePercentageError().optimal_constant(y) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "loss", [lb.Pinball(0.9), lb.Huber(delta=0.5), lb.EpsilonInsensitive(), lb.LogCosh()], ids=repr
)
def test_each_renewed_leaf_is_the_best(loss):
    d = data.numbers()
    model, score = renewed(loss, loss, d, 1)
    leaf = model.predict(d.x, pred_leaf=True).ravel()
    start = loss.optimal_constant(d.y)
    for k in np.unique(leaf):
        y, step = d.y[leaf == k], (score[leaf == k][0] - start) / SETTINGS["learning_rate"]
        best = loss(y, np.full(y.shape, start + step))
        for nearby in (-0.05, 0.05):
            assert best <= loss(y, np.full(y.shape, start + step + nearby)) + 1e-12


def test_renewal_of_a_whole_model():
    d, loss = data.numbers(), lb.Pinball(0.9)
    objective = Objective(loss, curvature=1.0).starting_from(d.y)
    model = lightgbm.LGBMRegressor(
        **objective.parameters(), n_estimators=30, n_jobs=1, verbosity=-1
    )
    model.fit(d.x, d.y)
    before = loss(d.y, objective.predict(model, d.x))
    score = renew_leaves(model, d.x, d.y, loss, init_score=objective.init_score)
    np.testing.assert_allclose(objective.predict(model, d.x), score, atol=1e-12)
    assert loss(d.y, score) < before


def test_renewal_needs_a_loss_of_the_residual_and_one_tree_at_a_time():
    d = data.counts()
    model = train(Objective(lb.PoissonNLL()).parameters(), dataset(d), 1)
    with pytest.raises(ValueError, match="residual alone"):
        renew_leaves(model, d.x, d.y, lb.PoissonNLL())
    d = data.classes()
    model = train(Objective(lb.SoftmaxCrossEntropy()).parameters(num_class=3), dataset(d), 1)
    with pytest.raises(ValueError, match="one tree per iteration"):
        renew_leaves(model, d.x, d.y, lb.AbsoluteError())


def test_ordered_labels_have_consistent_probabilities():
    d = data.classes()
    objective = Objective(lb.OrdinalCorn()).starting_from(d.y, d.weight)
    above = objective.predict(train(objective.parameters(), dataset(d), 5), d.x)
    assert above.shape == (len(d.y), 2)
    assert (np.diff(above, axis=1) < 0).all()
    start = objective.loss(d.y, np.tile(objective.init_score, (len(d.y), 1)), d.weight)
    p = -np.diff(above, axis=1, prepend=1, append=0)
    assert lb.CategoricalCrossEntropy()(d.y, p, d.weight) < start


ESTIMATORS = {
    "regression": (lb.Huber(delta=1.0), data.numbers, lightgbm.LGBMRegressor),
    "two classes": (lb.SigmoidFocal(gamma=1.0), data.two_classes, lightgbm.LGBMClassifier),
    "margins": (lb.SquaredHinge(), data.two_classes, lightgbm.LGBMClassifier),
    "three classes": (lb.SoftmaxFocal(gamma=1.0), data.classes, lightgbm.LGBMClassifier),
}


def estimator(kind, **settings):
    loss, draw, make = ESTIMATORS[kind]
    d = draw()
    objective = Objective(loss).starting_from(d.y, d.weight)
    settings = {"n_estimators": N_TREES, "num_leaves": 7, "n_jobs": 1, "verbosity": -1} | settings
    return d, objective, make(**objective.parameters(**settings))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_both_interfaces_agree(kind):
    d, objective, model = estimator(kind)
    model.fit(d.x, d.y, sample_weight=d.weight)
    native = train(objective.parameters(learning_rate=0.1), dataset(d, True))
    found = objective.predict(model, d.x)
    np.testing.assert_allclose(found, objective.predict(native, d.x), atol=1e-12)
    if found.ndim > 1:
        np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_early_stopping_on_the_metric(kind):
    d, objective, model = estimator(kind, n_estimators=200)
    other = ESTIMATORS[kind][1](seed=1)
    stop = lightgbm.early_stopping(3, verbose=False)
    model.fit(
        d.x,
        d.y,
        eval_X=(other.x,),
        eval_y=(other.y,),
        eval_metric=objective.metric,
        callbacks=[stop],
    )
    name = type(objective.loss).__name__
    history = model.evals_result_["valid_0"]
    assert list(history) == [name]
    assert model.best_iteration_ - 1 == np.argmin(history[name]) < 190
    native = lightgbm.train(
        objective.parameters(num_leaves=7, num_threads=1, verbosity=-1),
        dataset(d),
        200,
        valid_sets=[dataset(other)],
        feval=objective.metric,
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )
    assert native.best_iteration == model.best_iteration_
    np.testing.assert_allclose(
        objective.predict(native, d.x), objective.predict(model, d.x), atol=1e-12
    )


def test_metric_is_the_weighted_mean_at_the_start():
    d = data.numbers()
    objective = Objective(lb.Huber(delta=1.0)).starting_from(d.y)
    name, value, more_is_better = objective.metric(d.y, np.zeros(len(d.y)), d.weight)
    assert (name, more_is_better) == ("Huber", False)
    assert name == objective.__name__ == objective.metric.__name__
    constant = np.full(len(d.y), objective.start(d.y))
    assert value == pytest.approx(objective.loss(d.y, constant, d.weight))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_pickle_and_clone(kind):
    d, objective, model = estimator(kind)
    assert pickle.loads(pickle.dumps(objective)) == objective
    assert pickle.loads(pickle.dumps(objective.metric)) == objective.metric
    copy = base.clone(model)
    assert copy.objective == objective
    copy = pickle.loads(pickle.dumps(copy.fit(d.x, d.y)))
    np.testing.assert_array_equal(
        objective.predict(copy, d.x), objective.predict(model.fit(d.x, d.y), d.x)
    )


@pytest.mark.parametrize("loss", [lb.AbsoluteError(), lb.Pinball(0.9)], ids=repr)
def test_unit_of_the_targets_does_not_matter(loss):
    d, found = data.numbers(), []
    for unit in 1.0, 1024.0:
        objective = Objective(loss).starting_from(unit * d.y)
        model = train(objective.parameters(), dataset(d, y=unit * d.y))
        found.append(objective.predict(model, d.x) / unit)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6, atol=1e-6)


class TestTraps:
    """What goes wrong with a plain function, and that it does not with the object."""

    def test_start_is_zero(self):
        d = data.numbers()
        y = d.y + 100
        loss = lb.HalfSquaredError(reduction="none")

        def plain(score, data_set):
            return loss.gradient_and_hessian(y, score)

        settings = {"boost_from_average": True}
        model = train(settings | {"objective": plain}, dataset(d, y=y))
        assert model.predict(d.x).mean() < 98
        objective = Objective(loss).starting_from(y)
        model = train(objective.parameters(**settings), dataset(d, y=y))
        assert objective.predict(model, d.x).mean() == pytest.approx(y.mean())

    def test_its_own_predict_leaves_the_start_out(self):
        d = data.numbers()
        objective = Objective(lb.HalfSquaredError()).starting_from(d.y + 100)
        model = train(objective.parameters(), dataset(d, y=d.y + 100))
        difference = objective.predict(model, d.x) - model.predict(d.x)
        np.testing.assert_allclose(difference, np.mean(d.y + 100))

    def test_probabilities_out_of_range(self):
        d, objective, model = estimator("two classes")
        with pytest.warns(UserWarning, match="class probabilities"):
            raw = model.fit(d.x, d.y).predict_proba(d.x)
        assert raw.min() < 0
        found = objective.predict(model, d.x)
        assert found.min() > 0 and found.max() < 1

    @pytest.mark.parametrize("loss", [lb.AbsoluteError(), lb.Pinball(0.9)], ids=repr)
    def test_zero_hessian_of_absolute_and_quantile_errors(self, loss):
        d = data.numbers()
        objective = Objective(loss).starting_from(d.y)

        def plain(score, data_set):
            return replace(loss, reduction="none").gradient_and_hessian(d.y, score)

        model = train({"objective": plain}, dataset(d), 50)
        assert np.ptp(model.predict(d.x)) == 0
        model = train(objective.parameters(), dataset(d), 50)
        constant = loss(d.y, np.full(len(d.y), objective.init_score))
        assert loss(d.y, objective.predict(model, d.x)) < 0.8 * constant

    def test_weights_are_ignored(self):
        d = data.numbers()
        loss = lb.HalfSquaredError(reduction="none")

        def plain(score, data_set):
            return loss.gradient_and_hessian(data_set.get_label(), score)

        for function, same in (plain, True), (Objective(loss), False):
            one, other = (
                train({"objective": function}, dataset(d, weighted), 3).predict(d.x)
                for weighted in (False, True)
            )
            assert np.array_equal(one, other) == same

    def test_the_wrapper_counts_arguments(self):
        d = data.numbers()

        def plain(y, score, **kwargs):
            return score - y, np.ones_like(score)

        settings = {"n_estimators": 2, "n_jobs": 1, "verbosity": -1}
        model = lightgbm.LGBMRegressor(objective=plain, **settings)
        with pytest.raises(TypeError, match="positional"):
            model.fit(d.x, d.y, sample_weight=d.weight)
        objective = Objective(lb.HalfSquaredError())
        seen = []

        class Spy(Objective):
            def __call__(self, y, score, weight=None):
                seen.append(weight)
                return super().__call__(y, score, weight)

        lightgbm.LGBMRegressor(objective=Spy(objective.loss), **settings).fit(
            d.x, d.y, sample_weight=d.weight
        )
        np.testing.assert_allclose(seen[0], d.weight, rtol=1e-6)

    def test_negative_or_missing_derivatives_give_a_constant_model_without_a_word(self):
        d = data.numbers()
        for derivative in -1.0, np.nan:

            def plain(score, data_set, derivative=derivative):
                return score - d.y, np.full_like(score, derivative)

            assert np.ptp(train({"objective": plain}, dataset(d), 5).predict(d.x)) == 0
        _, curvature = Objective(lb.Welsch(scale=0.1))(d.y, np.zeros(len(d.y)))
        assert (curvature > 0).all()

    def test_curvature_too_small_to_split(self):
        d = data.numbers()
        objective = Objective(lb.PseudoHuber(delta=1e-3)).starting_from(1e3 * d.y)
        with pytest.warns(UserWarning, match=r"min_child_weight=0\.001 on both sides"):
            model = train(objective.parameters(), dataset(d, y=1e3 * d.y), 1)
        assert np.ptp(model.predict(d.x)) == 0

    def test_hessian_of_several_classes(self):
        d = data.classes()
        loss, score = lb.SoftmaxCrossEntropy(reduction="none"), np.zeros((len(d.y), 3))
        _, curvature = Objective(loss)(d.y, score)
        np.testing.assert_allclose(curvature, 1.5 * loss.hessian(d.y, score))

    def test_default_metric_of_the_wrapper_is_of_another_loss(self):
        d = data.numbers()
        objective = Objective(lb.Huber())
        given = {"eval_X": (d.x,), "eval_y": (d.y,), "eval_metric": objective.metric}
        for settings, names in (
            ({"objective": objective}, ["Huber", "l2"]),
            (objective.parameters(), ["Huber"]),
        ):
            model = lightgbm.LGBMRegressor(**settings, n_estimators=2, n_jobs=1, verbosity=-1)
            model.fit(d.x, d.y, **given)
            assert sorted(model.evals_result_["training"]) == names
