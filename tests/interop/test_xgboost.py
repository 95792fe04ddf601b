"""Objectives in XGBoost: equal to its own, and the traps that people fall into."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import small_data as data

import lossbook as lb
from lossbook.base import POSITIVE, PointwiseLoss, ResidualLoss, Traits, parameter

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")

from lossbook.interop.xgboost import Objective, renew_leaves  # noqa: E402

SETTINGS = {"eta": 0.3, "max_depth": 3, "nthread": 1, "seed": 0}
N_TREES = 10
BUILT_IN = {
    "reg:squarederror": (lb.HalfSquaredError(), data.numbers, {}),
    "reg:pseudohubererror": (lb.PseudoHuber(1.0), data.numbers, {}),
    "reg:squaredlogerror": (lb.SquaredLogError(), data.positive, {}),
    "reg:logistic": (lb.SigmoidCrossEntropy(), data.probabilities, {}),
    "binary:logistic": (lb.SigmoidCrossEntropy(), data.two_classes, {}),
    "binary:logitraw": (lb.SigmoidCrossEntropy(), data.two_classes, {}),
    "binary:hinge": (lb.Hinge(), data.two_classes, {}),
    "count:poisson": (lb.PoissonNLL(), data.counts, {"max_delta_step": 0}),
    "reg:gamma": (lb.GammaNLL(), data.positive, {}),
    "reg:tweedie": (lb.TweedieNLL(power=1.5), data.counts, {}),
    "multi:softprob": (lb.SoftmaxCrossEntropy(), data.classes, {}),
    "multi:softmax": (lb.SoftmaxCrossEntropy(), data.classes, {}),
}
LIBRARY_CURVATURE = {"reg:squaredlogerror", "binary:hinge"}
OWN_START = {"reg:logistic", "binary:logistic", "multi:softprob", "multi:softmax"}


def matrix(d, weighted=False):
    return xgboost.DMatrix(d.x, d.y, weight=d.weight if weighted else None, nthread=1)


def margins(model, dmatrix):
    return model.predict(dmatrix, output_margin=True)


@pytest.fixture
def objective():
    """An objective for the data of `data.numbers`."""
    return Objective(lb.Huber(delta=1.0)).starting_from(data.numbers().y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BUILT_IN)
def test_equals_the_built_in(name, weighted):
    loss, draw, extra = BUILT_IN[name]
    d = draw()
    dmatrix, curvature = matrix(d, weighted), "library" if name in LIBRARY_CURVATURE else "auto"
    objective = Objective(loss, curvature)
    if name != "binary:hinge":  # whose best constant is at the kink of most samples
        objective = objective.starting_from(d.y, d.weight if weighted else None)
    ours = SETTINGS | {"lambda": 1.0}
    theirs = ours | extra | {"objective": name, "base_score": objective.base_score}
    if name == "reg:squaredlogerror":  # which is half of ours
        ours |= {"lambda": 2.0, "min_child_weight": 2.0}
    if objective.link == "log":
        theirs["base_score"] = float(np.exp(objective.init_score))
    if name in ("binary:logitraw", "binary:hinge"):
        theirs["base_score"] = objective.init_score
    if name.startswith("multi"):
        theirs["num_class"] = data.N_CLASSES
    theirs = xgboost.train(theirs, dmatrix, N_TREES)
    ours = xgboost.train(objective.parameters(**ours), dmatrix, N_TREES, obj=objective)
    np.testing.assert_allclose(margins(ours, dmatrix), margins(theirs, dmatrix), atol=2e-6)


@pytest.mark.parametrize("name", sorted(OWN_START))
def test_starts_where_the_built_in_starts(name):
    loss, draw, _ = BUILT_IN[name]
    d = draw()
    dmatrix, objective = matrix(d), Objective(loss).starting_from(d.y)
    theirs = SETTINGS | {"objective": name}
    if name.startswith("multi"):
        theirs["num_class"] = data.N_CLASSES
    theirs = xgboost.train(theirs, dmatrix, N_TREES)
    ours = xgboost.train(objective.parameters(**SETTINGS), dmatrix, N_TREES, obj=objective)
    probabilities = objective.predict(ours, d.x)
    expected = margins(theirs, dmatrix)
    expected = expected - expected.mean(axis=-1, keepdims=True) if expected.ndim > 1 else expected
    found = margins(ours, dmatrix)
    found = found - found.mean(axis=-1, keepdims=True) if found.ndim > 1 else found
    np.testing.assert_allclose(found, expected, atol=2e-6)
    if name != "multi:softmax":
        np.testing.assert_allclose(probabilities, theirs.predict(dmatrix), atol=1e-6)


@pytest.mark.parametrize("parameter", ["huber_slope", "scale_pos_weight", "tweedie_variance_power"])
def test_parameters_of_the_built_in(parameter):
    name, loss, draw = {
        "huber_slope": ("reg:pseudohubererror", lb.PseudoHuber(0.5), data.numbers),
        "scale_pos_weight": (
            "binary:logistic",
            lb.SigmoidCrossEntropy(pos_weight=3.0),
            data.two_classes,
        ),
        "tweedie_variance_power": ("reg:tweedie", lb.TweedieNLL(power=1.2), data.counts),
    }[parameter]
    value = {"huber_slope": 0.5, "scale_pos_weight": 3.0, "tweedie_variance_power": 1.2}[parameter]
    dmatrix, objective = matrix(draw()), Objective(loss)
    theirs = SETTINGS | {"objective": name, parameter: value, "base_score": objective.base_score}
    if objective.link == "log":
        theirs["base_score"] = 1.0
    ours = xgboost.train(objective.parameters(**SETTINGS), dmatrix, N_TREES, obj=objective)
    expected = margins(xgboost.train(theirs, dmatrix, N_TREES), dmatrix)
    np.testing.assert_allclose(margins(ours, dmatrix), expected, atol=2e-6)


class Interpolated(lb.Pinball):
    """The quantile of XGBoost, which without weights lies between two residuals."""

    def optimal_constant(self, y_true, sample_weight=None):
        if np.all(sample_weight == 1):
            return float(np.quantile(y_true, self.quantile, method="weibull"))
        return super().optimal_constant(y_true, sample_weight)


RENEWED = {
    "reg:absoluteerror": (lb.AbsoluteError(), 0.5, {}),
    "reg:quantileerror": (lb.Pinball(0.9), 0.9, {"quantile_alpha": 0.9}),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", RENEWED)
def test_renewed_leaves_equal_the_built_in(name, weighted):
    loss, level, extra = RENEWED[name]
    d = data.numbers()
    d = replace(d, y=np.float64(np.float32(d.y)), weight=np.float64(np.float32(d.weight)))
    weight, dmatrix = d.weight if weighted else None, matrix(d, weighted)
    objective = Objective(loss, curvature=1.0).starting_from(d.y, weight)
    theirs = SETTINGS | extra | {"objective": name, "base_score": objective.base_score}
    theirs = xgboost.train(theirs, dmatrix, N_TREES)
    settings, constants = objective.parameters(**SETTINGS), Interpolated(level)
    model, score = None, np.full(len(d.y), objective.init_score)
    for i in range(N_TREES):
        derivatives = objective(d.y, score, weight)
        given = {"obj": lambda *_, derivatives=derivatives: derivatives, "xgb_model": model}
        model = xgboost.train(settings, dmatrix, 1, **given)
        score = renew_leaves(
            model, dmatrix, d.y, constants, sample_weight=weight, init_score=score, first=i
        )
    np.testing.assert_allclose(margins(model, dmatrix), score, atol=2e-6)
    np.testing.assert_allclose(margins(model, dmatrix), margins(theirs, dmatrix), atol=5e-6)


def test_renewal_of_a_whole_model():
    d, loss = data.numbers(), lb.Pinball(0.9)
    objective = Objective(loss, curvature=1.0).starting_from(d.y)
    settings = objective.parameters(**SETTINGS) | {"objective": objective}
    model = xgboost.XGBRegressor(**settings, n_estimators=30).fit(d.x, d.y)
    before = loss(d.y, objective.predict(model, d.x))
    score = renew_leaves(model, d.x, d.y, loss, init_score=objective.init_score)
    np.testing.assert_allclose(objective.predict(model, d.x), score, atol=1e-5)
    assert loss(d.y, score) < before


def test_renewal_needs_a_loss_of_the_residual_and_one_tree_at_a_time():
    d, objective = data.classes(), Objective(lb.SoftmaxCrossEntropy())
    model = xgboost.train(objective.parameters(num_class=3), matrix(d), 2, obj=objective)
    with pytest.raises(ValueError, match="residual alone"):
        renew_leaves(model, d.x, d.y, lb.PoissonNLL())
    with pytest.raises(ValueError, match="one tree per iteration"):
        renew_leaves(model, d.x, d.y, lb.AbsoluteError())


def test_ordered_labels_have_consistent_probabilities():
    d = data.classes()
    objective = Objective(lb.OrdinalCorn()).starting_from(d.y, d.weight)
    above = objective.predict(
        xgboost.train(objective.parameters(), matrix(d), 5, obj=objective), d.x
    )
    assert above.shape == (len(d.y), 2)
    assert (np.diff(above, axis=1) < 0).all()
    start = objective.loss(d.y, np.tile(objective.init_score, (len(d.y), 1)), d.weight)
    p = -np.diff(above, axis=1, prepend=1, append=0)
    assert lb.CategoricalCrossEntropy()(d.y, p, d.weight) < start


ESTIMATORS = {
    "regression": (lb.Huber(delta=1.0), data.numbers, "XGBRegressor"),
    "two classes": (lb.SigmoidFocal(gamma=1.0), data.two_classes, "XGBClassifier"),
    "margins": (lb.SquaredHinge(), data.two_classes, "XGBClassifier"),
    "three classes": (lb.SoftmaxFocal(gamma=1.0), data.classes, "XGBClassifier"),
}


def estimator(kind, **settings):
    loss, draw, name = ESTIMATORS[kind]
    d = draw()
    objective = Objective(loss).starting_from(d.y, d.weight)
    settings = {"n_estimators": N_TREES, "max_depth": 3, "n_jobs": 1} | settings
    model = getattr(xgboost, name)(
        objective=objective,
        base_score=objective.base_score,
        eval_metric=objective.metric,
        disable_default_eval_metric=True,
        **settings,
    )
    return d, objective, model


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_both_interfaces_agree(kind):
    d, objective, model = estimator(kind)
    model.fit(d.x, d.y, sample_weight=d.weight)
    settings = objective.parameters(max_depth=3, nthread=1)
    native = xgboost.train(settings, matrix(d, True), N_TREES, obj=objective)
    found = objective.predict(model, d.x)
    np.testing.assert_allclose(found, objective.predict(native, d.x), rtol=1e-5, atol=1e-6)
    if found.ndim > 1:
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_allclose(found, model.predict_proba(d.x), atol=1e-6)
    elif objective.link == "logit":
        np.testing.assert_allclose(found, model.predict_proba(d.x)[:, 1], atol=1e-6)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_early_stopping_on_the_metric(kind):
    d, objective, model = estimator(kind, n_estimators=200, early_stopping_rounds=3)
    other = replace(d, y=ESTIMATORS[kind][1](seed=1).y)
    model.fit(d.x, d.y, eval_set=[(other.x, other.y)], sample_weight_eval_set=[d.weight], verbose=0)
    name = type(objective.loss).__name__
    history = model.evals_result()["validation_0"]
    assert list(history) == [name]
    assert model.best_iteration == np.argmin(history[name]) < 190
    native = xgboost.train(
        objective.parameters(max_depth=3, nthread=1),
        matrix(d),
        200,
        evals=[(matrix(replace(other, x=d.x), True), "validation_0")],
        obj=objective,
        custom_metric=objective.metric,
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    assert native.best_iteration == model.best_iteration
    np.testing.assert_allclose(
        objective.predict(native, d.x), objective.predict(model, d.x), rtol=1e-5, atol=1e-6
    )


def test_metric_is_the_weighted_mean(objective):
    d = data.numbers()
    dmatrix, score = matrix(d, True), np.zeros(len(d.y), np.float32)
    name, value = objective.metric(score, dmatrix)
    assert name == objective.__name__ == objective.metric.__name__ == "Huber"
    assert value == pytest.approx(objective.loss(d.y, score, d.weight), rel=1e-6)
    assert objective.metric(d.y, score, sample_weight=d.weight) == pytest.approx(value, rel=1e-6)


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
        dmatrix = xgboost.DMatrix(d.x, unit * d.y)
        objective = Objective(loss).starting_from(unit * d.y)
        model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, N_TREES, obj=objective)
        found.append(objective.predict(model, d.x) / unit)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-5)


class Linex(PointwiseLoss):
    """A loss of somebody's own, with nothing but what a loss must state."""

    rate: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(convex=True, differentiable=True, twice_differentiable=True, elicits="")

    def _shared(self, y_true, y_pred):
        x = self.rate * (y_pred - y_true)
        return x, np.expm1(x)

    def _value(self, x, growth):
        return growth - x

    def _gradient(self, x, growth):
        return self.rate * growth

    def _hessian(self, x, growth):
        return self.rate**2 * (1 + growth)


def test_a_loss_of_ones_own():
    d, loss = data.numbers(), Linex(rate=0.5)
    objective = Objective(loss).starting_from(d.y, d.weight)
    best = -np.log(np.average(np.exp(-loss.rate * d.y), weights=d.weight)) / loss.rate
    assert objective.init_score == pytest.approx(best, rel=1e-12)
    dmatrix = matrix(d, True)
    model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, 30, obj=objective)
    constant = loss(d.y, np.full(len(d.y), best), d.weight)
    assert loss(d.y, objective.predict(model, d.x), d.weight) < 0.6 * constant
    assert pickle.loads(pickle.dumps(objective)) == objective


class Notch(ResidualLoss):
    """A loss that is not convex and has no optimal constant."""

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            symmetric=True,
            elicits="robust location",
        )


@pytest.mark.parametrize(("loss", "start"), [(Notch(), 2.0), (lb.MultiMargin(), 0.0)], ids=repr)
def test_start_of_losses_without_an_optimal_constant(loss, start):
    assert Objective(loss).start([0, 2, 7]) == start


class TestTraps:
    """What goes wrong with a plain function, and that it does not with the object."""

    def test_start_is_one_half(self):
        d = data.numbers()
        d, dmatrix = replace(d, y=d.y + 100), xgboost.DMatrix(d.x, d.y + 100)
        loss = lb.HalfSquaredError(reduction="none")

        def plain(score, dmatrix):
            return loss.gradient_and_hessian(dmatrix.get_label(), score)

        constant = {"max_depth": 0, "eta": 0.0, "nthread": 1}
        model = xgboost.train(constant, dmatrix, 1, obj=plain)
        np.testing.assert_allclose(margins(model, dmatrix), 0.5)
        objective = Objective(loss).starting_from(d.y)
        model = xgboost.train(objective.parameters(**constant), dmatrix, 1, obj=objective)
        np.testing.assert_allclose(margins(model, dmatrix), d.y.mean(), rtol=1e-6)

    def test_raw_or_transformed_predictions(self):
        d = data.two_classes()
        objective = Objective(lb.SigmoidCrossEntropy()).starting_from(d.y)
        seen = []

        def metric(score, dmatrix):
            seen.append(score)
            return objective.metric(score, dmatrix)

        settings, dmatrix = objective.parameters(**SETTINGS), matrix(d)
        given = {"obj": objective, "evals": [(dmatrix, "train")], "custom_metric": metric}
        history = {}
        model = xgboost.train(
            settings, dmatrix, 3, **given, evals_result=history, verbose_eval=False
        )
        np.testing.assert_array_equal(seen[-1], margins(model, dmatrix))
        np.testing.assert_allclose(objective.predict(model, d.x), model.predict(dmatrix), atol=1e-6)
        expected = objective.loss(d.y, margins(model, dmatrix))
        assert history["train"]["SigmoidCrossEntropy"][-1] == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("loss", [lb.AbsoluteError(), lb.Pinball(0.9)], ids=repr)
    def test_zero_hessian_of_absolute_and_quantile_errors(self, loss):
        d = data.numbers()
        dmatrix, objective = matrix(d), Objective(loss).starting_from(d.y)

        def plain(score, dmatrix):
            return replace(loss, reduction="none").gradient_and_hessian(d.y, score)

        model = xgboost.train(SETTINGS, dmatrix, 50, obj=plain)
        assert np.ptp(margins(model, dmatrix)) == 0
        model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, 50, obj=objective)
        constant = loss(d.y, np.full(len(d.y), objective.init_score))
        assert loss(d.y, objective.predict(model, d.x)) < 0.7 * constant

    def test_min_child_weight_and_pseudo_huber(self):
        d = data.numbers()
        y = 1000 * d.y
        dmatrix = xgboost.DMatrix(d.x, y)
        objective = Objective(lb.PseudoHuber(delta=1.0)).starting_from(y)
        with pytest.warns(UserWarning, match="min_child_weight=1 on both sides"):
            model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, 1, obj=objective)
        assert np.ptp(margins(model, dmatrix)) == 0
        constant = objective.loss(y, np.full(len(y), objective.init_score))
        objective = replace(objective, curvature="majorizer")
        model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, 50, obj=objective)
        assert objective.loss(y, objective.predict(model, d.x)) < 0.7 * constant

    def test_weights_are_ignored(self):
        d = data.numbers()
        loss = lb.HalfSquaredError(reduction="none")

        def plain(score, dmatrix):
            return loss.gradient_and_hessian(dmatrix.get_label(), score)

        settings = SETTINGS | {"tree_method": "exact", "base_score": 0.0}
        for function, same in (plain, True), (Objective(loss), False):
            one, other = (
                margins(xgboost.train(settings, dmatrix, 3, obj=function), dmatrix)
                for dmatrix in (matrix(d), matrix(d, True))
            )
            assert np.array_equal(one, other) == same

    def test_weights_act_as_repetition(self):
        d = data.numbers()
        weight = np.random.default_rng(1).integers(1, 4, len(d.y))
        objective = Objective(lb.Huber()).starting_from(d.y, weight)
        settings = objective.parameters(**SETTINGS, tree_method="exact")
        weighted = xgboost.DMatrix(d.x, d.y, weight=weight)
        repeated = xgboost.DMatrix(np.repeat(d.x, weight, 0), np.repeat(d.y, weight))
        one, other = (xgboost.train(settings, m, 5, obj=objective) for m in (weighted, repeated))
        np.testing.assert_allclose(margins(one, weighted), margins(other, weighted), atol=1e-5)

    def test_weights_change_the_sketch_even_where_they_are_ignored(self):
        x = np.random.default_rng(0).normal(size=(4000, 1))
        y, weight = np.sin(3 * x[:, 0]), np.exp(3 * x[:, 0])

        def plain(score, dmatrix):
            return score - dmatrix.get_label(), np.ones_like(score)

        settings = SETTINGS | {"tree_method": "hist", "max_bin": 8, "base_score": 0.0}
        one, other = (
            margins(xgboost.train(settings, m, 3, obj=plain), m)
            for m in (xgboost.DMatrix(x, y), xgboost.DMatrix(x, y, weight=weight))
        )
        assert not np.allclose(one, other)

    def test_weights_need_a_parameter_of_that_name(self):
        d = data.numbers()
        model = xgboost.XGBRegressor(objective=lambda y, p: (p - y, np.ones_like(p)), n_jobs=1)
        with pytest.raises(ValueError, match="sample_weight"):
            model.fit(d.x, d.y, sample_weight=d.weight)
        model.set_params(objective=Objective(lb.HalfSquaredError()), n_estimators=2)
        model.fit(d.x, d.y, sample_weight=d.weight)

    def test_means_are_too_small_to_split(self):
        d = data.numbers()
        mean = lb.HalfSquaredError(reduction="mean")

        def plain(score, dmatrix):
            return mean.gradient_and_hessian(dmatrix.get_label(), score)

        dmatrix = matrix(d)
        assert np.ptp(margins(xgboost.train(SETTINGS, dmatrix, 5, obj=plain), dmatrix)) == 0
        objective = Objective(mean)
        model = xgboost.train(objective.parameters(**SETTINGS), dmatrix, 5, obj=objective)
        assert np.ptp(margins(model, dmatrix)) > 1

    def test_negative_or_missing_derivatives_give_a_constant_model_without_a_word(self):
        d = data.numbers()
        dmatrix = matrix(d)
        for derivative in -1.0, np.nan:

            def plain(score, dmatrix, derivative=derivative):
                return score - dmatrix.get_label(), np.full_like(score, derivative)

            found = margins(xgboost.train(SETTINGS, dmatrix, 5, obj=plain), dmatrix)
            assert np.unique(found).size == 1
        objective = Objective(lb.Cauchy(scale=0.1))
        assert (objective.loss.hessian(d.y, np.zeros(400)) < 0).any()
        gradient, curvature = objective(d.y, np.zeros(400))
        assert (curvature > 0).all() and gradient.any()
        with pytest.raises(FloatingPointError, match="at the prediction 800"):
            Objective(lb.PoissonNLL())(np.ones(2), np.array([0.0, 800.0]))

    def test_hessian_of_several_classes(self):
        d = data.classes()
        loss, score = lb.SoftmaxCrossEntropy(reduction="none"), np.zeros((400, 3))
        _, curvature = Objective(loss)(d.y, score)
        np.testing.assert_allclose(curvature, 2 * loss.hessian(d.y, score))
        whole = loss.hessian_blocks(d.y, score)[0]
        assert np.linalg.eigvalsh(np.diag(curvature[0]) - whole).min() > 0
        assert np.linalg.eigvalsh(np.diag(curvature[0] / 2) - whole).min() < 0

    def test_probabilities_out_of_range(self):
        d = data.two_classes()
        objective = Objective(lb.SigmoidCrossEntropy()).starting_from(d.y)
        settings = objective.parameters(**SETTINGS) | {"objective": "reg:squarederror"}
        raw = xgboost.train(settings, matrix(d), 5, obj=objective).predict(matrix(d))
        assert raw.min() < 0
        model = xgboost.train(objective.parameters(**SETTINGS), matrix(d), 5, obj=objective)
        for found in model.predict(matrix(d)), objective.predict(model, d.x):
            assert found.min() > 0 and found.max() < 1

    def test_flat_derivatives_of_classes_are_deprecated(self):
        d = data.classes()
        objective = Objective(lb.SoftmaxCrossEntropy()).starting_from(d.y)

        def flat(score, dmatrix):
            return tuple(part.ravel() for part in objective(score, dmatrix))

        settings = objective.parameters(**SETTINGS)
        with pytest.warns(FutureWarning, match="shape"):
            xgboost.train(settings, matrix(d), 1, obj=flat)
        xgboost.train(settings, matrix(d), 1, obj=objective)


class TestWhatIsRefused:
    """Errors name what was expected."""

    def test_loss_of_probabilities(self):
        with pytest.raises(ValueError, match="Use a loss that takes scores"):
            Objective(lb.BinaryCrossEntropy())

    def test_loss_of_several_inputs(self):
        with pytest.raises(TypeError, match="one number or of scores over classes"):
            Objective(lb.Triplet())

    @pytest.mark.parametrize("curvature", ["newton", 0.0, -1.0])
    def test_curvature(self, curvature):
        with pytest.raises(ValueError, match="curvature must be"):
            Objective(lb.Huber(), curvature)

    def test_curvature_that_the_loss_lacks(self):
        with pytest.raises(ValueError, match=r"curvature of Huber\(delta=1.0\) must be one of"):
            Objective(lb.Huber(), "fisher")
        with pytest.raises(ValueError, match="XGBoost makes Newton steps by itself"):
            Objective(lb.LogCosh(), "library")

    def test_one_class_only(self):
        with pytest.raises(ValueError, match="every class"):
            Objective(lb.SigmoidCrossEntropy()).start([1.0, 1.0])

    def test_labels(self):
        with pytest.raises(ValueError, match="integers"):
            Objective(lb.SoftmaxCrossEntropy()).start([0.5, 1.0])
        with pytest.raises(ValueError, match="0 and 1, or -1 and 1"):
            Objective(lb.Hinge()).start([0.0, 1.0, -1.0])

    def test_one_score_for_several_classes(self):
        with pytest.raises(ValueError, match="takes a score for each class"):
            Objective(lb.SoftmaxCrossEntropy())(np.zeros(3), np.zeros(3))
        with pytest.raises(ValueError, match="takes one number"):
            Objective(lb.Huber())(np.zeros(3), np.zeros((3, 2)))

    def test_number_of_classes(self):
        objective = Objective(lb.SoftmaxCrossEntropy())
        with pytest.raises(ValueError, match="num_class must be given"):
            objective.parameters()
        assert objective.parameters(num_class=3)["num_class"] == 3
