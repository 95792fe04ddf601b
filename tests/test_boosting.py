"""The objectives of the boosting libraries, found out from the leaves of their trees.

With learning rate 1, the leaf of a single sample is -g / (h + λ): from two values of λ follow the
gradient g and the curvature h that a library uses, in single precision.
"""

from dataclasses import replace

import numpy as np
import pytest
from test_conventions import N_CLASSES, TABLE, TRIED, instances, label, load, samples

import lossbook as lb
from lossbook.core.domains import PLUS_MINUS_ONE
from lossbook.core.loss import ClassLoss

N_TRIED = 12
ROWS = [row for row in TABLE if row.library in ("XGBoost", "LightGBM")]
OF_LISTS = [row for row in ROWS if row.loss == "LambdaRank"]


def xgboost_leaf(settings, sample, others, penalty):
    """Return the leaves of one sample, one for each class."""
    xgboost, (y, score) = load("xgboost"), sample
    data = xgboost.DMatrix(np.zeros((1, 1)), label=[y], base_margin=score[None], nthread=1)
    settings = settings | {"eta": 1, "lambda": penalty, "base_score": 0.5, "nthread": 1}
    model = xgboost.train(settings | {"min_child_weight": 0, "tree_method": "exact"}, data, 1)
    return model.predict(data, output_margin=True).astype(float).ravel() - score


def lightgbm_leaf(settings, sample, others, penalty):
    """Return the same, of a sample parted from others with gradients of the other sign.

    There are many copies of all, for no leaf is made where h is too small a share of its sum.
    """
    lightgbm, copies = load("lightgbm"), 1000
    y, score = (np.stack(values * copies) for values in zip(sample, *others, strict=True))
    place = np.minimum(np.arange(len(y)) % (1 + len(others)), 1.0)[:, None]
    binning = {"min_data_in_bin": 1, "feature_pre_filter": False, "verbosity": -1}
    data = lightgbm.Dataset(place, label=y, init_score=score.ravel(order="F"), params=binning)
    settings = settings | {"learning_rate": 1, "lambda_l2": copies * penalty, "num_leaves": 2}
    settings |= {"min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 0, "num_threads": 1}
    model = lightgbm.train(settings | {"verbosity": -1}, data, 1)
    return model.predict(np.zeros((1, 1)), raw_score=True).ravel()


LEAF = {"XGBoost": xgboost_leaf, "LightGBM": lightgbm_leaf}


def opposite(loss, y_true, y_pred, i):
    """Return samples whose gradient, in each class, has another sign than that of sample i."""
    if isinstance(loss, ClassLoss):
        return [(k, np.zeros(N_CLASSES)) for k in range(N_CLASSES) if k != y_true[i]]
    sign = np.sign(loss.gradient(y_true, y_pred))
    j = np.argmin(sign * sign[i])
    return [(y_true[j], y_pred[j : j + 1])]


def gradient_and_curvature(library, settings, sample, others):
    """Return what a library has for the two, of one sample: NaN where no step shows them."""
    free, held = (LEAF[library](settings, sample, others, penalty) for penalty in (0, 1))
    curvature = held / np.where(free == held, np.nan, free - held)
    return -free * curvature, curvature


def trained(row, loss, inputs):
    """Return the settings that a row trains with."""
    settings = []

    class Library:
        def train(self, given, data):
            settings.append(given)

    names = {name: getattr(loss, name) for name, _ in row.parameters} | {"data": None}
    eval(row.call, names | {row.library.lower(): Library(), "K": inputs[1].shape[-1]})
    return settings[0]


def of_library(row, y):
    """Return a target as the library takes it."""
    return (y + 1) / 2 if getattr(lb, row.loss).y_true_domain == PLUS_MINUS_ONE else y


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.curvature and row not in OF_LISTS], ids=label
)
def test_derivatives_of_the_objective(row, monkeypatch):
    monkeypatch.setitem(TRIED, ("TweedieNLL", "power"), (1.5, 1.0, 1.9))
    for loss in instances(row):
        for inputs in samples(loss, row.targets):
            y_true, y_pred = (array[:N_TRIED] for array in inputs)
            settings = trained(row, loss, (y_true, y_pred))
            found = []
            for i, score in enumerate(y_pred.reshape(len(y_pred), -1)):
                sample = of_library(row, y_true[i]), score
                others = opposite(loss, y_true, y_pred, i)
                found.append(gradient_and_curvature(row.library, settings, sample, others))
            known = {"exact": loss.hessian(y_true, y_pred), "np": np, "K": N_CLASSES}
            given = eval(row.curvature, known | {"y_true": y_true, "y_pred": y_pred})
            wanted = loss.gradient(y_true, y_pred), np.broadcast_to(given, y_pred.shape)
            for theirs, ours in zip(np.array(found).swapaxes(0, 1), wanted, strict=True):
                theirs = float(row.factor) * theirs.reshape(ours.shape)
                flat = np.isnan(theirs)
                assert not wanted[0][flat].any()
                np.testing.assert_allclose(theirs[~flat], ours[~flat], rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.curvature], ids=label)
def test_metric_of_an_objective_whose_leaves_are_renewed(row):
    lightgbm = load("lightgbm")
    for loss in instances(row):
        ((y_true, y_pred),) = samples(loss, row.targets)
        settings = trained(row, loss, (y_true, y_pred)) | {"verbosity": -1}
        data = lightgbm.Dataset(y_true[:, None], label=y_true, init_score=y_pred)
        ((_, _, value, _),) = lightgbm.Booster(settings, data).eval_train()
        assert value == pytest.approx(replace(loss, reduction="mean")(y_true, y_pred), rel=1e-6)


def test_every_objective_of_classes_says_how_many():
    for row in ROWS:
        assert ("num_class" in row.call) == issubclass(getattr(lb, row.loss), ClassLoss)


# Lists, of which each item gets a step of its own.


def xgboost_steps(settings, y_true, y_pred, penalty):
    """Return the steps of a linear model that has one coefficient for each item of each list."""
    xgboost, n = load("xgboost"), y_true.size
    data = xgboost.DMatrix(np.eye(n), y_true.ravel(), base_margin=y_pred.ravel(), nthread=1)
    data.set_group([y_true.shape[1]] * len(y_true))
    settings = settings | {"booster": "gblinear", "updater": "coord_descent", "nthread": 1}
    # The penalty is multiplied by the number of items.
    model = xgboost.train(settings | {"eta": 1, "lambda": penalty / n, "base_score": 0}, data, 1)
    return model.predict(data, output_margin=True).reshape(y_true.shape) - y_pred


def lightgbm_steps(settings, y_true, y_pred, penalty):
    """Return the leaf of each item, parted from all others, with many copies of its list."""
    copies = 1000

    def step(relevances, scores, item):
        y, score = np.tile(relevances, copies), np.tile(scores, copies)
        place = np.tile(np.arange(len(relevances)) == item, copies)[:, None].astype(float)
        binning = {"min_data_in_bin": 1, "feature_pre_filter": False, "verbosity": -1}
        group = [len(relevances)] * copies
        data = lightgbm.Dataset(place, y, group=group, init_score=score, params=binning)
        model = lightgbm.train(settings | {"lambda_l2": copies * penalty}, data, 1)
        return model.predict(np.ones((1, 1)), raw_score=True).item()

    lightgbm = load("lightgbm")
    settings = settings | {"learning_rate": 1, "num_leaves": 2, "num_threads": 1, "verbosity": -1}
    settings |= {"min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 0}
    return np.array(
        [[step(y, z, item) for item in range(len(y))] for y, z in zip(y_true, y_pred, strict=True)]
    )


STEPS = {"XGBoost": xgboost_steps, "LightGBM": lightgbm_steps}


def lists(n_lists=4, n_items=5):
    """Return relevances, of which no two lists are alike, and scores."""
    rng = np.random.default_rng(3)
    y_true = np.array([rng.permutation([0.0, 1, 1, 2, 3]) for _ in range(n_lists)])
    return y_true, rng.normal(0, 1.5, (n_lists, n_items))


def of_steps(row, settings, y_true, y_pred):
    """Return gradient and curvature of each item, from steps with a small and a large penalty."""
    small, large = (STEPS[row.library](settings, y_true, y_pred, at) for at in (1.0, 3.0))
    gradient = 2 / (1 / small - 1 / large)
    return gradient, -gradient / small - 1


@pytest.mark.parametrize("row", OF_LISTS, ids=label)
def test_derivatives_of_an_objective_of_lists(row):
    y_true, y_pred = lists()
    loss = lb.LambdaRank(reduction="none")
    settings = trained(row, loss, (y_true, y_pred))
    gradient, hessian = loss.gradient_and_hessian(y_true, y_pred)
    theirs = of_steps(row, settings, y_true, y_pred)
    np.testing.assert_allclose(theirs[0], gradient, rtol=2e-3, atol=1e-5)
    wanted = eval(row.curvature, {"exact": hessian})
    np.testing.assert_allclose(theirs[1], wanted, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("row", OF_LISTS, ids=label)
def test_libraries_truncate_pairs_and_not_discounts(row):
    y_true, y_pred = lists(n_lists=2)
    settings = trained(row, lb.LambdaRank(), (y_true, y_pred))
    settings |= {name: 2 for name, given in settings.items() if given == 5 and "rank" in name}
    found, _ = of_steps(row, settings, y_true, y_pred)
    for y, z, theirs in zip(y_true, y_pred, found, strict=True):
        place = np.argsort(np.argsort(-z))
        gain, discount = 2**y - 1, 1 / np.log2(2 + place)
        ideal = np.sort(gain)[:-3:-1] @ (1 / np.log2([2, 3]))
        wanted = np.zeros(5)
        for i, j in np.argwhere(y[:, None] > y):
            if min(place[i], place[j]) < 2:
                weight = (gain[i] - gain[j]) * abs(discount[i] - discount[j]) / ideal
                pull = weight / (1 + np.exp(z[i] - z[j]))
                wanted[i] -= pull
                wanted[j] += pull
        np.testing.assert_allclose(theirs, wanted, rtol=2e-3, atol=1e-4)
        ours = lb.LambdaRank(truncation=2).gradient(y, z)
        assert not np.allclose(ours, wanted, rtol=0.1)
