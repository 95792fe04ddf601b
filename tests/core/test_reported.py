"""What people reported of code like this, each cause with its relatives.

The right values were computed apart from the package: by hand, in double precision or with SciPy.
"""

import os
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

import lossbook as lb
from lossbook.core.loss import ClassLoss, PointwiseLoss, RowLoss
from lossbook.core.streaming import BLOCK_BYTES
from reference import LOSSES

F = np.float32
RNG = np.random.default_rng(31)
MANY = 50_257


# Sums over many entries in single precision.


def test_a_sum_over_many_classes_does_not_depend_on_the_batch():
    loss = lb.SoftmaxCrossEntropy(label_smoothing=0.1)
    for n in 1, 2, 7:
        value, gradient = loss.value_and_gradient(np.zeros(n, int), np.zeros((n, MANY), F))
        assert value == pytest.approx(np.log(MANY), rel=2e-6)
        np.testing.assert_allclose(gradient.sum(axis=1, dtype=float), 0, atol=2e-6)


MANY_CLASSES = [loss for loss in LOSSES if type(loss) in (
    lb.SoftmaxCrossEntropy, lb.CategoricalCrossEntropy, lb.NegativeLogLikelihood, lb.KLDivergence,
    lb.JensenShannon, lb.Poly1CrossEntropy, lb.SoftmaxFocal, lb.GeneralizedCrossEntropy,
    lb.Sparsemax, lb.MultiMargin, lb.CrammerSinger, lb.OrdinalCoral, lb.ListNet, lb.ListMLE,
    lb.MultilabelSoftMargin, lb.OrdinalCorn,
)]  # fmt: skip


@pytest.mark.parametrize("loss", MANY_CLASSES, ids=repr)
def test_sums_over_many_entries_keep_their_digits_in_single_precision(loss):
    width, loss = 20_000, replace(loss, reduction="none")
    for name in "class_weight", "alpha":
        if getattr(loss, name, None) is not None:
            loss = replace(loss, **{name: None})
    scores = RNG.normal(size=(3, width))
    if loss.y_pred_domain is not None:
        scores = softmax(scores, axis=1)
    if isinstance(loss, lb.NegativeLogLikelihood):
        scores = np.log(scores)
    if isinstance(loss, ClassLoss):
        y_true = np.array([0, 7, 19_999])
    else:
        y_true = (RNG.random((3, width)) < 0.5).astype(float)
        if isinstance(loss, lb.ListMLE):
            y_true = RNG.permuted(np.tile(np.arange(float(width)), (3, 1)), axis=1)
    single = scores.astype(F)
    got = loss(y_true.astype(F) if isinstance(loss, RowLoss) else y_true, single)
    np.testing.assert_allclose(got, loss(y_true, single.astype(float)), rtol=2e-5)


# Half precision.


def test_probabilities_of_half_precision_are_summed_after_conversion():
    p = F([31 / 32] + [2.0**-12] * 128).astype(np.float16)
    assert p.sum(dtype=float) == 1
    assert lb.CategoricalCrossEntropy()([0, 0], [p, p]) == pytest.approx(-np.log(31 / 32))


@pytest.mark.parametrize("width", [2, 10, 1000, MANY])
def test_rounding_to_half_precision_does_not_make_probabilities_others(width):
    for _ in range(20):
        z = 2 * RNG.normal(size=(3, width))
        p = softmax(z, axis=1)
        labels = RNG.integers(0, width, 3)
        halves = p.astype(np.float16)
        for loss in lb.CategoricalCrossEntropy(), lb.KLDivergence(), lb.JensenShannon():
            assert np.isfinite(loss.gradient(labels, halves)).any()
        lb.SoftmaxCrossEntropy()(halves, z)
        with np.errstate(divide="ignore"):
            lb.NegativeLogLikelihood()(labels, np.log(p).astype(np.float16))
    with pytest.raises(ValueError, match=r"y_pred must be probabilities .*, a sum of 0\.9\d*, at"):
        lb.CategoricalCrossEntropy()(labels, 0.97 * p.astype(F))


# Integers.


def test_integers_keep_their_order_and_their_differences():
    y_true, scores = np.array([1700000000, 1700000001]), F([0, 5])
    right = np.log1p(np.exp(-5))
    assert lb.ListMLE()(y_true, scores) == pytest.approx(right)
    assert lb.ListNet()(y_true, scores) == pytest.approx(
        logsumexp([0, 5]) - softmax([0, 1])[1] * 5, rel=1e-6
    )
    r = lb.SquaredError(reduction="none")([1700000001, 16777217], F([1700000000, 16777216]))
    np.testing.assert_array_equal(r, [1, 1])
    assert r.dtype == F


def test_integers_that_no_float_holds_are_refused():
    far = np.array([2**53 + 1, 0])
    for loss in lb.SquaredError(), lb.ListMLE(), lb.Huber(), lb.PoissonNLL():
        with pytest.raises(ValueError, match=r"y_true must be integers .* got 9007199254740993"):
            loss(far, np.zeros(2))
    assert lb.SquaredError()(np.array([2**62]), [2.0**62]) == 0
    lb.SquaredError()([0.0, 1.0], [1.0, 2.0], [2**53 + 1, 1])  # weights need no last digit


def test_groups_are_told_apart_whatever_their_size():
    x = RNG.normal(size=(4, 3)).astype(F)
    for shift in 0, 2**24, 2**52:
        groups = np.array([0, 1, 0, 1]) + shift
        assert lb.SupervisedContrastive()(groups, x) == lb.SupervisedContrastive()([0, 1, 0, 1], x)


def test_whole_numbers_are_labels_whatever_their_type():
    scores = RNG.normal(size=(3, 4))
    for loss in LOSSES:
        if isinstance(loss, ClassLoss) and loss.y_pred_domain is None:
            if any(getattr(loss, name, None) for name in ("class_weight", "alpha")):
                continue
            labels = np.array([0, 3, 1])
            assert loss(labels.astype(F), scores) == loss(labels, scores)
            single = loss.gradient(labels.astype(float), scores.astype(F))
            np.testing.assert_array_equal(single, loss.gradient(labels, scores.astype(F)))
            assert single.dtype == F
    with pytest.raises(ValueError, match=r"class index from 0 to 3; got nan at index 1"):
        lb.SoftmaxCrossEntropy()([0.0, np.nan, 1.0], scores)


# Parameters that single precision cannot hold.


@pytest.mark.parametrize(
    "loss", [one for one in LOSSES if isinstance(one, PointwiseLoss)], ids=repr
)
@pytest.mark.parametrize("size", [1e-300, 1e-50, 1e50, 1e300])
def test_parameters_out_of_the_range_of_a_dtype_give_no_nan(loss, size):
    for declared in fields(loss):
        if "domain" in declared.metadata and declared.metadata["domain"].contains(size):
            one = replace(loss, reduction="none", **{declared.name: size})
            y = np.repeat([0.0, 1.0], 2)
            y = np.where(one.y_true_domain.contains(y), y, 1.0)
            p = np.tile([0.0, 1.0], 2)
            for dtype in F, float:
                for part in one, one.gradient, one.hessian:
                    result = part(y.astype(dtype), p.astype(dtype))
                    assert result.dtype == dtype
                    assert not np.isnan(result).any()


def test_a_tiny_parameter_is_not_rounded_to_0():
    assert lb.SmoothL1(beta=1e-50)(np.zeros(1, F), np.zeros(1, F)) == 0
    assert lb.SmoothL1(beta=1e-50)(np.zeros(1, F), np.ones(1, F)) == 1
    assert lb.Huber(delta=1e30).gradient(np.zeros(1, F), F([2]))[0] == 2


# Refusals leave the caller's arrays alone.


def test_what_is_refused_in_a_late_block_has_written_nothing():
    n = 3 * BLOCK_BYTES // 8
    y, z, out = np.zeros(n), np.zeros(n), np.full(n, 7.0)
    y[-1] = 2
    g, h = np.full(n, 7.0), np.full(n, 7.0)
    for call in (
        lambda: lb.SigmoidCrossEntropy().gradient(y, z, out=out),
        lambda: lb.SigmoidCrossEntropy(reduction="none")(y, z, out=out),
        lambda: lb.SigmoidCrossEntropy().gradient_and_hessian(y, z, out=(g, h)),
        lambda: lb.SigmoidCrossEntropy().gradient(0 * y, z, np.r_[np.ones(n - 1), -1], out=out),
    ):
        with pytest.raises(ValueError, match=f"index {n - 1}"):
            call()
    for array in out, g, h:
        np.testing.assert_array_equal(array, 7)


# Threads when the interpreter ends.

AT_EXIT = """
import threading, time
import numpy as np
import lossbook as lb

lb.set_num_threads(3)
y, z = np.zeros(10**6), np.arange(10.0**6)
wanted = lb.SquaredError()(y, z)

def late():
    threading.main_thread().join()
    time.sleep(0.2)
    assert lb.SquaredError()(y, z) == wanted
    print("right")

threading.Thread(target=late).start()
"""


def test_a_thread_that_outlives_the_main_one_is_answered():
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT], capture_output=True, text=True, timeout=120, env=os.environ
    )
    assert (done.stdout, done.stderr) == ("right\n", "")


# Samples that are all ignored.


def test_a_sum_over_ignored_samples_only_is_0():
    y, z = [-100, -100], RNG.normal(size=(2, 3))
    for options in {}, {"class_weight": (1, 2, 3)}, {"label_smoothing": 0.1}:
        loss = lb.SoftmaxCrossEntropy(ignore_index=-100, reduction="sum", **options)
        value, gradient = loss.value_and_gradient(y, z)
        assert value == 0
        np.testing.assert_array_equal(gradient, 0)
        np.testing.assert_array_equal(loss.hessian(y, z), 0)
        np.testing.assert_array_equal(replace(loss, reduction="none")(y, z), 0)
        with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
            replace(loss, reduction="mean")(y, z)


# Memory.


def test_the_best_constant_of_labels_counts_them():
    import tracemalloc

    labels = RNG.integers(0, 1000, 50_000)
    for loss in lb.SoftmaxCrossEntropy(), lb.CategoricalCrossEntropy(), lb.SoftmaxFocal():
        tracemalloc.start()
        best = loss.optimal_constant(labels)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60 * 2**20
        if loss == lb.CategoricalCrossEntropy():
            np.testing.assert_allclose(best, np.bincount(labels) / 50_000, rtol=1e-12)


def test_traits_are_found_without_a_grid():
    import tracemalloc

    for loss in LOSSES:
        loss.traits  # noqa: B018
        tracemalloc.start()
        loss.traits  # noqa: B018
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000, loss
