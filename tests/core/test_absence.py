"""What weighs nothing is absent, and targets that leave nothing are refused."""

from dataclasses import replace

import numpy as np
import pytest

import lossbook as lb

INF = np.inf
SCORE, LOG_LOSS = lb.SigmoidCrossEntropy(), lb.BinaryCrossEntropy()
SOFTMAX, CATEGORICAL = lb.SoftmaxCrossEntropy(), lb.CategoricalCrossEntropy()


def test_weight_zero_is_absence_even_of_infinity():
    for loss, y, p in (
        (LOG_LOSS, [1, 1], [0.0, 0.5]),
        (CATEGORICAL, [1, 0], [[1.0, 0.0], [0.5, 0.5]]),
        (SCORE, [1, 1], [-INF, 0.0]),
    ):
        for reduction in "mean", "sum":
            some = replace(loss, reduction=reduction)
            assert some(y, p, [0, 1]) == pytest.approx(np.log(2), rel=1e-15)
        for result in (loss.gradient(y, p, [0, 1]), loss.hessian(y, p, [0, 1])):
            np.testing.assert_array_equal(result[0], 0)
        assert replace(loss, reduction="none")(y, p, [0, 1])[0] == 0


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "words"),
    [
        (lb.SquaredError(), [], None, "y_true must not be empty"),
        (lb.SquaredError(), [1.0, np.nan], None, "y_true must be finite; got nan at index 1"),
        (lb.SquaredError(), [1.0, 2], [1], "sample_weight must have shape"),
        (lb.Hinge(), [1, 0], None, "y_true must be -1 or 1; got 0"),
        (lb.SquaredError(), [1.0, 2], [0, 0], "sample_weight must not be zero"),
        (SOFTMAX, [0, -1], None, "y_true must be a class index"),
        (SOFTMAX, 0.5, None, "y_true must be labels or distributions"),
        (lb.SoftmaxCrossEntropy(ignore_index=-1), [-1, -1], None, "y_true must hold a label"),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2)), [0, 2], None, "from 0 to 1; got 2"),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2)), [[0.5, 0.25, 0.25]], None, "class_weight"),
    ],
)
def test_optimal_constants_of_bad_targets(loss, y_true, weight, words):
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        loss.optimal_constant(y_true, weight)
