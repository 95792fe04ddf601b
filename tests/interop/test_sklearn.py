"""Linear models with any loss, and scorers."""

import pickle
import warnings

import numpy as np
import pytest
import small_data as data

import lossbook as lb

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn import linear_model, metrics, svm  # noqa: E402
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from lossbook.interop.sklearn import LinearModel, scorer  # noqa: E402


@pytest.mark.parametrize(
    "loss", [lb.Huber(), lb.SquaredHinge(), lb.SoftmaxCrossEntropy()], ids=repr
)
def test_passes_the_checks_of_scikit_learn(loss):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(LinearModel(loss), on_fail=None, on_skip=None)
    failed = [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")]
    skipped = [r["check_name"] for r in results if r["status"] == "skipped"]
    assert failed == []
    assert skipped == ["check_array_api_input"]
    assert len(results) > 50


REGRESSION = {
    "least squares": (lb.HalfSquaredError(), linear_model.LinearRegression(), data.numbers),
    "ridge": (lb.HalfSquaredError(), linear_model.Ridge(alpha=40.0, tol=1e-10), data.numbers),
    "Poisson": (lb.PoissonNLL(), linear_model.PoissonRegressor(alpha=0.1, tol=1e-9), data.counts),
    "gamma": (lb.GammaNLL(), linear_model.GammaRegressor(alpha=0.1, tol=1e-9), data.positive),
    "Tweedie": (
        lb.TweedieNLL(power=1.5),
        linear_model.TweedieRegressor(power=1.5, alpha=0.1, link="log", tol=1e-9),
        data.counts,
    ),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REGRESSION)
def test_regressors_of_scikit_learn(name, weighted):
    loss, theirs, draw = REGRESSION[name]
    d = draw()
    weight = d.weight if weighted else None
    alpha = {"least squares": 0.0, "ridge": 40 / (len(d.y) if weight is None else weight.sum())}
    ours = LinearModel(loss, alpha=alpha.get(name, 0.1)).fit(d.x, d.y, weight)
    theirs = clone(theirs).fit(d.x, d.y, sample_weight=weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-5)
    np.testing.assert_allclose(ours.predict(d.x), theirs.predict(d.x), rtol=1e-4)
    assert ours.n_iter_ < 20


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_quantile_regression_of_scikit_learn(quantile):
    d = data.numbers()
    loss = lb.Pinball(quantile)
    theirs = linear_model.QuantileRegressor(quantile=quantile, alpha=0.0).fit(d.x, d.y)
    ours = LinearModel(loss, alpha=0.0).fit(d.x, d.y)
    found, best = (loss(d.y, model.predict(d.x)) for model in (ours, theirs))
    assert best <= found + 1e-12
    assert found == pytest.approx(best, rel=1e-5)


def test_huber_regression_of_scikit_learn():
    d = data.numbers()
    theirs = linear_model.HuberRegressor(epsilon=1.35, alpha=0.0, tol=1e-8).fit(d.x, d.y)
    delta = theirs.epsilon * theirs.scale_
    ours = LinearModel(lb.Huber(delta=delta), alpha=0.0).fit(d.x, d.y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["two", "two by softmax", "three"])
def test_logistic_regression_of_scikit_learn(kind, weighted):
    d = data.classes() if kind == "three" else data.two_classes()
    loss = lb.SigmoidCrossEntropy() if kind == "two" else lb.SoftmaxCrossEntropy()
    weight = d.weight if weighted else None
    total = len(d.y) if weight is None else weight.sum()
    alpha = 0.02 if kind == "two by softmax" else 0.01
    theirs = linear_model.LogisticRegression(C=1 / (0.01 * total), tol=1e-10, max_iter=1000)
    theirs.fit(d.x, d.y, sample_weight=weight)
    ours = LinearModel(loss, alpha=alpha).fit(d.x, d.y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(d.x), theirs.predict_proba(d.x), atol=1e-4)
    np.testing.assert_array_equal(ours.predict(d.x), theirs.predict(d.x))
    assert ours.n_iter_ < 20


@pytest.mark.parametrize("loss", [lb.Hinge(), lb.SquaredHinge()], ids=repr)
def test_support_vector_machine_of_scikit_learn(loss):
    d = data.two_classes()
    kind = {lb.Hinge: "hinge", lb.SquaredHinge: "squared_hinge"}[type(loss)]
    theirs = svm.LinearSVC(
        loss=kind, C=1 / (0.01 * len(d.y)), fit_intercept=False, tol=1e-9, max_iter=100_000
    )
    theirs.fit(d.x, d.y)
    ours = LinearModel(loss, alpha=0.01, fit_intercept=False).fit(d.x, d.y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-3)
    assert not hasattr(ours, "predict_proba")


@pytest.mark.parametrize(
    "loss",
    [lb.Cauchy(), lb.Tukey(), lb.SigmoidFocal(), lb.Sparsemax(), lb.SoftmaxFocal(), lb.LogCosh()],
    ids=repr,
)
def test_gradient_is_zero_where_it_ends(loss):
    d = data.classes() if isinstance(loss, lb.Sparsemax | lb.SoftmaxFocal) else data.numbers()
    if isinstance(loss, lb.SigmoidFocal):
        d = data.two_classes()
    model = LinearModel(loss, alpha=0.0, tol=1e-13).fit(d.x, d.y, d.weight)
    scores = d.x @ model.coef_.T + model.intercept_
    scores = scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores
    slope = d.x.T @ loss.gradient(d.y, scores, d.weight)
    assert np.abs(slope).max() < 1e-5


def test_a_loss_without_an_optimal_constant_starts_at_0():
    d = data.classes()
    loss = lb.MultiMargin(power=2)
    model = LinearModel(loss, alpha=0.0).fit(d.x, d.y)
    constants = np.tile(np.linspace(-1, 1, 21)[:, None, None], (1, len(d.y), 3))
    assert loss(d.y, model.decision_function(d.x)) < min(loss(d.y, each) for each in constants)
    slope = d.x.T @ loss.gradient(d.y, model.decision_function(d.x))
    np.testing.assert_allclose(slope, 0, atol=1e-4)


def test_a_majorizer_that_is_infinite_everywhere():
    """At the start all residuals are 0, where the absolute error has its kink."""
    d = data.numbers()
    model = LinearModel(lb.AbsoluteError()).fit(d.x, np.full(len(d.y), 2.5))
    assert model.intercept_ == 2.5
    assert not model.coef_.any()


def test_class_and_probabilities_of_exponential_loss():
    d = data.two_classes()
    model = LinearModel(lb.Exponential()).fit(d.x, d.y)
    found = model.predict_proba(d.x)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[:, 1], 1 / (1 + np.exp(-2 * model.decision_function(d.x))))


def test_what_the_loss_decides():
    for loss in None, lb.Huber(), lb.PoissonNLL(), lb.AbsolutePercentageError():
        assert is_regressor(LinearModel(loss)) and not is_classifier(LinearModel(loss))
        assert not hasattr(LinearModel(loss), "decision_function")
    for loss in lb.SigmoidCrossEntropy(), lb.Hinge(), lb.SigmoidFocal(), lb.SoftmaxCrossEntropy():
        assert is_classifier(LinearModel(loss)) and not is_regressor(LinearModel(loss))


def test_search_reaches_the_parameters_of_the_loss():
    d = data.numbers()
    loss = lb.Huber(delta=1.0)
    model = LinearModel(loss)
    grid = {"loss__delta": [0.1, 1.0, 10.0], "alpha": [0.0, 1.0]}
    search = GridSearchCV(model, grid, scoring=scorer(lb.AbsoluteError()), cv=3).fit(d.x, d.y)
    assert search.best_estimator_.loss.delta == search.best_params_["loss__delta"]
    assert len(set(search.cv_results_["mean_test_score"])) == 6
    assert model.loss is loss and loss.delta == 1


def test_parameters_of_the_loss():
    loss = lb.Huber(delta=1.0)
    model = LinearModel(loss)
    assert model.get_params()["loss__delta"] == 1
    assert "loss__delta" not in model.get_params(deep=False)
    assert model.set_params(loss__delta=3.0, alpha=2.0) is model
    assert (model.loss, model.alpha, loss.delta) == (lb.Huber(delta=3.0), 2.0, 1.0)
    model.set_params(loss=lb.Pinball(), loss__quantile=0.25)
    assert model.loss == lb.Pinball(quantile=0.25)
    with pytest.raises(ValueError, match="Invalid parameter 'loss__beta'"):
        model.set_params(loss__beta=1.0)
    copy = clone(model)
    assert copy.loss == model.loss
    assert pickle.loads(pickle.dumps(copy)).loss == model.loss


def test_steps_that_do_not_converge():
    d = data.numbers()
    with pytest.warns(ConvergenceWarning, match="max_iter=1 steps"):
        LinearModel(lb.LogCosh(), max_iter=1).fit(d.x, d.y)


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (lb.BinaryCrossEntropy(), "raw scores"),
        (lb.OrdinalCoral(), "raw scores"),
        (lb.OrdinalCorn(), "raw scores"),
        (lb.EpsilonInsensitive(), "differentiable or have a majorizer"),
        (lb.CrammerSinger(), "differentiable or have a majorizer"),
    ],
    ids=repr,
)
def test_losses_that_are_refused(loss, reason):
    d = data.two_classes()
    with pytest.raises(ValueError, match=reason):
        LinearModel(loss).fit(d.x, d.y.astype(int))


def test_several_classes_need_a_loss_of_several():
    d = data.classes()
    with pytest.raises(ValueError, match=r"Only binary classification.*SoftmaxCrossEntropy"):
        LinearModel(lb.SigmoidCrossEntropy()).fit(d.x, d.y)


def test_targets_outside_the_domain():
    d = data.numbers()
    with pytest.raises(ValueError, match="y_true must be"):
        LinearModel(lb.PoissonNLL()).fit(d.x, d.y)


class TestScorer:
    """Scores equal minus the metrics of scikit-learn."""

    def test_of_numbers(self):
        d = data.counts()
        model = linear_model.PoissonRegressor().fit(d.x, d.y)
        predicted = model.predict(d.x)
        for loss, expected in (
            (lb.AbsoluteError(), metrics.mean_absolute_error),
            (lb.SquaredError(), metrics.mean_squared_error),
            (lb.SquaredLogError(), metrics.mean_squared_log_error),
        ):
            found = scorer(loss)(model, d.x, d.y, sample_weight=d.weight)
            assert found == pytest.approx(-expected(d.y, predicted, sample_weight=d.weight))
        found = scorer(lb.PoissonNLL())(model, d.x, d.y)
        assert found == pytest.approx(-lb.PoissonNLL()(d.y, np.log(predicted)))

    @pytest.mark.parametrize("names", [False, True])
    def test_of_two_classes(self, names):
        d = data.two_classes()
        y = np.where(d.y == 1, "yes", "no") if names else d.y
        model = linear_model.LogisticRegression().fit(d.x, y)
        expected = metrics.log_loss(d.y, model.predict_proba(d.x)[:, 1])
        losses = (
            lb.SigmoidCrossEntropy(),
            lb.LogisticMargin(),
            lb.BinaryCrossEntropy(),
            lb.SoftmaxCrossEntropy(),
            lb.CategoricalCrossEntropy(),
        )
        for loss in losses:
            assert scorer(loss)(model, d.x, y) == pytest.approx(-expected)
        hinge = metrics.hinge_loss(d.y, model.decision_function(d.x))
        assert scorer(lb.Hinge())(model, d.x, y) == pytest.approx(-hinge)
        exponential = np.exp(-(2 * d.y - 1) * model.decision_function(d.x) / 2).mean()
        assert scorer(lb.Exponential())(model, d.x, y) == pytest.approx(-exponential)
        brier = metrics.brier_score_loss(d.y, model.predict_proba(d.x)[:, 1])
        assert scorer(lb.Brier())(model, d.x, y) == pytest.approx(-brier)

    def test_of_several_classes(self):
        d = data.classes()
        model = linear_model.LogisticRegression().fit(d.x, d.y)
        expected = metrics.log_loss(d.y, model.predict_proba(d.x))
        for loss in lb.SoftmaxCrossEntropy(), lb.CategoricalCrossEntropy():
            assert scorer(loss)(model, d.x, d.y) == pytest.approx(-expected)
        expected = metrics.hinge_loss(d.y, model.decision_function(d.x), labels=[0, 1, 2])
        assert scorer(lb.CrammerSinger())(model, d.x, d.y) == pytest.approx(-expected)
        with pytest.raises(ValueError, match="of two classes; got 3"):
            scorer(lb.Hinge())(model, d.x, d.y)

    def test_in_a_validation(self):
        d = data.numbers()
        score = scorer(lb.Pinball(quantile=0.9))
        found = cross_val_score(LinearModel(lb.SmoothPinball(0.9)), d.x, d.y, scoring=score)
        assert (found < 0).all()
        assert score.__name__ == "Pinball"
        assert pickle.loads(pickle.dumps(score)) == score
        with pytest.raises(ValueError, match="reduction"):
            scorer(lb.Huber(reduction="none"))
