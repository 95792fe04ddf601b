"""Every loss against its definition, evaluated in many digits."""

from dataclasses import replace

import numpy as np
import pytest

import lossbook as lb
from lossbook.core.domains import DISTRIBUTIONS
from lossbook.core.loss import BatchLoss
from lossbook.testing import view
from reference import LOSSES, OVER_CLASSES, table

PARTS = ("value", "gradient", "hessian")

ELSEWHERE = {lb.CTC, lb.LovaszSoftmax, lb.UncertaintyWeighted, lb.WeightedSum}
"""Losses that the tests of their own modules check instead."""


def computed(loss, y_true, y_pred):
    each = replace(view(loss), reduction="none")
    return each(y_true, y_pred), each.gradient(y_true, y_pred), each.hessian(y_true, y_pred)


def least_told_apart(loss, exact, tolerance, least):
    """Return the absolute tolerance: sums over a batch, or of overlap and distance, cancel."""
    cancels = isinstance(loss, BatchLoss | lb.DIoU | lb.CIoU)
    return tolerance * np.abs(exact).max() if cancels else least


def test_every_exported_loss_has_a_reference():
    classes = (each for each in map(vars(lb).get, lb.__all__) if isinstance(each, type))
    losses = {each for each in classes if issubclass(each, lb.Loss)}
    missing = losses - {type(loss) for loss in LOSSES} - ELSEWHERE - {lb.Loss}
    assert not missing, "each needs an entry in LOSSES and a definition in tests/reference/"


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize(
    ("dtype", "tolerance", "least"), [(np.float64, 2e-14, 1e-300), (np.float32, 4e-6, 1e-36)]
)
def test_value_gradient_and_hessian(loss, dtype, tolerance, least):
    expected = table(loss)
    y_true = expected.y_true
    if y_true.dtype.kind == "f":
        y_true = y_true.astype(dtype)
    results = computed(loss, y_true, expected.y_pred.astype(dtype))
    for part, result in zip(PARTS, results, strict=True):
        assert result.dtype == dtype
        exact = getattr(expected, part)
        atol = least_told_apart(loss, exact, tolerance, least)
        np.testing.assert_allclose(result, exact, rtol=tolerance, atol=atol, err_msg=part)


OF_DISTRIBUTIONS = [loss for loss in OVER_CLASSES if loss.y_true_domain is DISTRIBUTIONS]


@pytest.mark.parametrize("loss", OF_DISTRIBUTIONS, ids=repr)
def test_labels_are_distributions_with_one_class(loss):
    expected = table(loss)
    pure = (expected.y_true == 1).any(axis=1)
    labels = expected.y_true[pure].argmax(axis=1)
    for part, result in zip(PARTS, computed(loss, labels, expected.y_pred[pure]), strict=True):
        np.testing.assert_allclose(
            result, getattr(expected, part)[pure], rtol=2e-14, atol=1e-300, err_msg=part
        )


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_order_of_many_blocks_is_kept(loss):
    expected = table(loss)
    copies = 100_000 // expected.y_pred.size
    y_true = np.repeat(expected.y_true, copies, axis=0)
    y_pred = np.repeat(expected.y_pred, copies, axis=0)
    for part, result in zip(PARTS, computed(loss, y_true, y_pred), strict=True):
        exact = np.repeat(getattr(expected, part), copies, axis=0)
        atol = least_told_apart(loss, exact, 2e-14, 1e-300)
        np.testing.assert_allclose(result, exact, rtol=2e-14, atol=atol, err_msg=part)
