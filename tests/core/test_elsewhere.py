"""Losses among other libraries: scikit-learn's scorers and searches, boosters, foreign arrays."""

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score

import lossbook as lb
from reference import LOSSES

RNG = np.random.default_rng(5)
X = RNG.normal(size=(90, 2))
Y = X @ [1.0, -2.0] + RNG.standard_t(1.5, 90)


class Location(RegressorMixin, BaseEstimator):
    """Predicts the best constant of a loss."""

    def __init__(self, loss=None):
        self.loss = loss

    def fit(self, X, y):
        self.constant_ = self.loss.optimal_constant(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.constant_)


def test_a_loss_is_a_metric_by_its_name():
    assert lb.Huber(2.0).__name__ == "Huber"
    assert lb.Huber.__name__ == "Huber"
    scorer = make_scorer(lb.Huber(), greater_is_better=False)
    scores = cross_val_score(LinearRegression(), X, Y, scoring=scorer, cv=3)
    assert (scores < 0).all()


def test_a_grid_search_varies_a_parameter_of_a_loss():
    loss = lb.Pinball(0.5)
    search = GridSearchCV(
        Location(loss),
        {"loss__quantile": [0.1, 0.5, 0.9]},
        scoring=make_scorer(lb.Pinball(0.9), greater_is_better=False),
        cv=3,
    )
    search.fit(X, Y)
    assert search.best_params_ == {"loss__quantile": 0.9}
    assert search.best_estimator_.constant_ == lb.Pinball(0.9).optimal_constant(Y)
    assert loss == lb.Pinball(0.5)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_clones_are_equal_and_apart(loss):
    twin = clone(loss)
    assert twin == loss
    assert twin is not loss
    twin.set_params(reduction="sum")
    assert twin != loss
    assert twin.get_params()["reduction"] == "sum"


def test_parameters_that_are_set_are_checked():
    loss = lb.Huber(2.0)
    assert loss.get_params() == {"delta": 2.0, "reduction": "mean"}
    assert loss.set_params(delta=3) is loss
    assert loss == lb.Huber(3.0)
    with pytest.raises(ValueError, match="delta must be in"):
        loss.set_params(delta=-1)
    with pytest.raises(ValueError, match=r"Huber\(delta=3.0\) has no parameter 'scale'; it has"):
        loss.set_params(scale=1)
    assert loss == lb.Huber(3.0)
    assert loss.set_params(delta=1e-50).gradient(np.float32([0]), np.float32([1]))[0] == 1e-50


@pytest.mark.filterwarnings("ignore")
def test_boosters_take_a_method_as_their_objective():
    lightgbm = pytest.importorskip("lightgbm")
    xgboost = pytest.importorskip("xgboost")
    loss = lb.HalfSquaredError(reduction="sum")
    model = lightgbm.LGBMRegressor(
        objective=loss.gradient_and_hessian, n_estimators=20, verbosity=-1, n_jobs=1
    )
    weight = RNG.uniform(0.5, 2, 90)
    model.fit(X, Y, sample_weight=weight)
    assert loss(Y, model.predict(X), weight) < loss(Y, np.zeros(90), weight)
    model = xgboost.XGBRegressor(objective=loss.gradient_and_hessian, n_estimators=5, n_jobs=1)
    model.fit(X, Y)
    assert loss(Y, model.predict(X)) < loss(Y, np.zeros(90))
    softmax = lb.SoftmaxCrossEntropy(reduction="sum")
    labels = np.digitize(Y, [-1, 1])
    model = xgboost.XGBClassifier(
        objective=softmax.gradient_and_hessian, n_estimators=5, n_jobs=1, num_class=3
    )
    model.fit(X, labels)
    assert (model.predict(X) == labels).mean() > 0.6


# Arrays of others.


def refused(y_pred, *words, name="y_pred"):
    with pytest.raises(TypeError) as caught:
        lb.SquaredError()(np.zeros(2), y_pred)
    assert str(caught.value).startswith(f"{name} ")
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_torch_tensors_that_cannot_be_read_are_refused_by_name():
    torch = pytest.importorskip("torch")
    assert lb.SquaredError()([0.0, 0.0], torch.ones(2)) == 1
    refused(torch.ones(2, requires_grad=True), "requires a gradient", "detach()")
    refused(torch.ones(2, dtype=torch.bfloat16), "float()")
    refused(torch.ones(2).to_sparse(), "sparse", "to_dense()")


def test_bfloat16_and_traced_arrays_of_jax_are_refused_by_name():
    refused(jax.numpy.ones(2, "bfloat16"), "bfloat16", "convert it to float32")
    with pytest.raises(TypeError, match="y_pred is traced by JAX"):
        jax.jit(lambda z: lb.SquaredError()(np.zeros(2), z))(np.ones(2))
    with pytest.raises(TypeError, match="y_pred is traced by JAX"):
        jax.grad(lambda z: lb.SquaredError()(np.zeros(2), z))(np.ones(2))


def test_lazy_and_sparse_arrays_are_refused_by_name():
    dask = pytest.importorskip("dask.array")
    refused(dask.ones(2, chunks=1), "dask array", "lossbook.interop.dask")
    refused(sparse.eye_array(2), "sparse", "y_pred.toarray()")


def test_nullable_columns_without_a_missing_value_are_numbers():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]}).convert_dtypes()
    assert {str(dtype) for dtype in frame.dtypes} == {"Int64"}
    for dtype in "Float64", "Int64", "Float32":
        loss = lb.SquaredError(reduction="none")
        np.testing.assert_array_equal(
            loss(frame.astype(dtype), np.zeros((2, 2))), [[1, 9], [4, 16]]
        )
        np.testing.assert_array_equal(loss(frame["a"].astype(dtype), np.zeros(2)), [1, 4])
    frame.loc[0, "a"] = pd.NA
    with pytest.raises(ValueError, match="y_true must be finite; got missing values"):
        lb.SquaredError()(frame, np.zeros((2, 2)))
    with pytest.raises(TypeError, match="y_true must hold real numbers"):
        lb.SquaredError()(pd.DataFrame({"a": ["1", "2"]}), np.zeros((2, 1)))


def test_a_masked_array_without_a_mask_is_an_array():
    for unmasked in np.ma.array([1.0, 2.0]), np.ma.array([1.0, 2.0], mask=[0, 0]):
        assert lb.SquaredError()(unmasked, [1.0, 1.0]) == 0.5
        assert lb.SquaredError()([1.0, 1.0], unmasked) == 0.5


def test_one_weight_a_row_serves_a_single_output():
    y, z, w = np.zeros((3, 1)), np.ones((3, 1)), np.arange(1.0, 4)
    for loss in lb.SquaredError(), lb.Huber(reduction="none"):
        np.testing.assert_array_equal(loss(y, z, w), loss(y, z, w[:, None]))
        np.testing.assert_array_equal(loss.gradient(y, z, w), loss.gradient(y, z, w[:, None]))
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        lb.SquaredError()(np.zeros((3, 2)), np.zeros((3, 2)), w)


def test_the_number_of_threads_may_be_a_number_of_numpy(threads):
    threads(np.int64(2))
    assert lb.get_num_threads() == 2
    assert type(lb.get_num_threads()) is int
    for wrong in 2.0, True, "2":
        with pytest.raises(TypeError, match="n_threads must be an integer"):
            threads(wrong)
