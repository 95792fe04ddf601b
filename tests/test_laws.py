"""Laws that hold for all inputs, tried on those that Hypothesis thinks of."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lossbook as lb
from lossbook.core.domains import (
    ABOVE_MINUS_ONE,
    BOXES,
    DIRECTIONS,
    FINITE,
    LABELS,
    LOG_DISTRIBUTIONS,
    NON_NEGATIVE,
    NONZERO,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
)
from lossbook.core.loss import RowLoss
from lossbook.testing import View, view
from reference import LOSSES, OVER_CLASSES, POINTWISE

REAL = st.floats(-1e6, 1e6, allow_subnormal=False)
LOG_MEAN = st.floats(-500, 500, allow_subnormal=False)
UNIT = st.floats(0, 1, allow_subnormal=False)
MEMBERS = {
    FINITE: REAL,
    NONZERO: st.floats(-1e6, -1e-6) | st.floats(1e-6, 1e6),
    ABOVE_MINUS_ONE: st.floats(-1, 1e6, exclude_min=True, allow_subnormal=False),
    NON_NEGATIVE: st.floats(0, 1e6, allow_subnormal=False),
    POSITIVE: st.floats(0, 1e6, exclude_min=True, allow_subnormal=False),
    UNIT_INTERVAL: UNIT,
    ZERO_OR_ONE: st.sampled_from([0.0, 1.0]),
    PLUS_MINUS_ONE: st.sampled_from([-1.0, 1.0]),
    None: REAL,
    DIRECTIONS: st.floats(-10, -0.1) | st.floats(0.1, 10),
}


@st.composite
def samples(draw, loss):
    """Return targets, predictions, and integer weights of which not all are zero."""
    n = draw(st.integers(1, 6))

    def some(element):
        return np.array(draw(st.lists(element, min_size=n, max_size=n)))

    weight = some(st.integers(0, 3))
    weight[0] += not weight.any()
    if loss in POINTWISE:
        predictions = LOG_MEAN if loss.link == "log" else MEMBERS[loss.y_pred_domain]
        if isinstance(loss, lb.HingeEmbedding):
            predictions = MEMBERS[NON_NEGATIVE]
        return some(MEMBERS[loss.y_true_domain]), some(predictions), weight
    if isinstance(loss, View):
        target, prediction = MEMBERS[loss.y_true_domain], MEMBERS[loss.y_pred_domain]
        row = st.lists(prediction, min_size=loss.width, max_size=loss.width)
        if isinstance(loss, RowLoss):
            target = st.lists(target, min_size=loss.width, max_size=loss.width)
        return some(target), some(row), weight
    rows = st.lists(REAL, min_size=3, max_size=3)
    if loss.y_pred_domain is BOXES:
        return some(boxes()), some(boxes()), weight
    if isinstance(loss, RowLoss):
        of_row = loss.y_true_domain, loss.y_pred_domain
        targets, rows = (st.lists(MEMBERS[each], min_size=3, max_size=3) for each in of_row)
        return some(targets), some(rows), weight
    n_labels = loss._label_domain(3).n_classes
    labels, predictions = some(st.integers(0, n_labels - 1)), some(rows)
    if loss.y_pred_domain is not None:
        predictions = probabilities(predictions)
    if loss.y_pred_domain is LOG_DISTRIBUTIONS:
        predictions = np.log(predictions)
    if loss.y_true_domain is not LABELS and draw(st.booleans()):
        labels = probabilities(some(rows))
    return labels, predictions, weight


@st.composite
def boxes(draw):
    """Return a box, perhaps an empty one, on a grid so coarse that edges meet now and then."""
    x1, y1, width, height = (draw(st.integers(low, 8)) / 4 for low in (-8, -8, 0, 0))
    return [x1, y1, x1 + width, y1 + height]


def probabilities(scores):
    share = np.exp(np.clip(scores, -30, 30))
    return share / share.sum(axis=-1, keepdims=True)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


SEEN = [view(loss) for loss in LOSSES]
every_loss = pytest.mark.parametrize("loss", SEEN, ids=map(repr, LOSSES))


@every_loss
@given(data=st.data())
def test_weights_are_repetition(loss, data):
    y, z, w = data.draw(samples(loss))
    again = np.repeat(y, w, axis=0), np.repeat(z, w, axis=0)
    for reduction in "mean", "sum":
        some = replace(loss, reduction=reduction)
        close(some(y, z, w), some(*again))
    rows = np.flatnonzero(w)
    close(loss.gradient(y, z, w)[rows], sums_of_copies(loss.gradient(*again), w[rows]))
    close(loss.hessian(y, z, w)[rows], sums_of_copies(loss.hessian(*again), w[rows]))
    assert not loss.gradient(y, z, w)[w == 0].any()
    assert not loss.hessian(y, z, w)[w == 0].any()


def sums_of_copies(terms, copies):
    with np.errstate(invalid="ignore"):
        return np.add.reduceat(terms, np.cumsum(copies) - copies, axis=0)


@every_loss
@given(data=st.data(), factor=st.floats(1e-3, 1e3))
def test_scaled_weights_leave_the_mean_and_scale_the_sum(loss, data, factor):
    y, z, w = data.draw(samples(loss))
    total = replace(loss, reduction="sum")
    close(loss(y, z, factor * w), loss(y, z, w))
    close(loss.gradient(y, z, factor * w), loss.gradient(y, z, w))
    close(total(y, z, factor * w) / factor, total(y, z, w))
    close(total.hessian(y, z, factor * w) / factor, total.hessian(y, z, w))


@every_loss
@given(data=st.data())
def test_reductions_agree(loss, data):
    y, z, w = data.draw(samples(loss))
    mean, total, each = (replace(loss, reduction=r) for r in ("mean", "sum", "none"))
    close(total(y, z, w), each(y, z, w).sum())
    np.testing.assert_array_equal(total.gradient(y, z, w), each.gradient(y, z, w))
    np.testing.assert_array_equal(total.hessian(y, z, w), each.hessian(y, z, w))
    divisor = w.sum()
    if getattr(loss, "class_weight", None):
        shares = np.eye(3)[y] if y.ndim == 1 else y
        divisor = w @ shares @ loss.class_weight
    close(mean(y, z, w) * divisor, total(y, z, w))
    close(mean.gradient(y, z, w) * divisor, total.gradient(y, z, w))
    close(mean.hessian(y, z, w) * divisor, total.hessian(y, z, w))


@every_loss
@given(data=st.data())
def test_order_does_not_matter(loss, data):
    y, z, w = data.draw(samples(loss))
    close(loss(y[::-1], z[::-1], w[::-1]), loss(y, z, w))
    close(loss.gradient(y[::-1], z[::-1], w[::-1])[::-1], loss.gradient(y, z, w))


@every_loss
@given(data=st.data())
def test_one_pass_is_bit_for_bit_two(loss, data):
    y, z, w = data.draw(samples(loss))
    for some in (replace(loss, reduction=r) for r in ("mean", "sum", "none")):
        value, gradient, hessian = some(y, z, w), some.gradient(y, z, w), some.hessian(y, z, w)
        for together, apart in (
            (some.value_and_gradient(y, z, w), (value, gradient)),
            (some.gradient_and_hessian(y, z, w), (gradient, hessian)),
        ):
            for a, b in zip(together, apart, strict=True):
                np.testing.assert_array_equal(a, b)


# Between logarithms of distributions there are none.
CHORDS = [
    loss for loss in SEEN if loss.traits.convex and loss.y_pred_domain is not LOG_DISTRIBUTIONS
]


@pytest.mark.parametrize("loss", CHORDS, ids=repr)
@given(data=st.data(), share=st.floats(0, 1))
def test_convex_losses_lie_above_tangents_and_below_chords(loss, data, share):
    y, a, w = data.draw(samples(loss))
    b = data.draw(st.permutations(list(a)).map(np.array))
    total = replace(loss, reduction="sum")
    at_a, at_b = total(y, a, w), total(y, b, w)
    assume(np.isfinite([at_a, at_b]).all())
    size = 1e-9 * (1 + abs(at_a) + abs(at_b))
    assert total(y, (1 - share) * a + share * b, w) <= (1 - share) * at_a + share * at_b + size
    gradient = total.gradient(y, a, w)
    slope = np.sum(gradient * (b - a))
    size += 1e-9 * np.sum(np.abs(gradient * (b - a)))
    assert at_a + slope <= at_b + size
    assert (total.hessian(y, a, w) >= 0).all()


@every_loss
@given(data=st.data())
def test_losses_are_least_where_the_prediction_is_right(loss, data):
    y, z, w = data.draw(samples(loss))
    each, least = replace(loss, reduction="none"), 0.0
    if loss.link == "log" and loss in POINTWISE:
        with np.errstate(divide="ignore"):
            least = each(y, np.log(np.maximum(y, 0)), w)
    # The divergence of distributions is that much below 0 where they sum to 1 only nearly.
    rounding = 1e-12 * np.abs(least) + 1e-14 * isinstance(loss, lb.KLDivergence)
    assert (each(y, z, w) >= least - rounding).all()


@pytest.mark.parametrize("loss", POINTWISE, ids=repr)
@given(data=st.data())
def test_no_constant_beats_the_optimal_one(loss, data):
    y, z, w = data.draw(samples(loss))
    try:
        best = loss.optimal_constant(y, w)
    except NotImplementedError:
        falls_forever = isinstance(loss, lb.HingeEmbedding) and loss([1.0], [-1e12]) == -1e12
        assert falls_forever or not loss.traits.convex
        return
    least = loss(y, np.full(y.shape, best), w)
    for other in z:
        cost = loss(y, np.full(y.shape, other), w)
        assert least <= cost + 1e-9 * (1 + abs(cost))


@pytest.mark.parametrize(
    "loss",
    [loss for loss in OVER_CLASSES if not isinstance(loss, lb.OrdinalCoral | lb.OrdinalCorn)],
    ids=repr,
)
@given(data=st.data())
def test_shifted_scores_give_the_same(loss, data):
    y, z, _ = data.draw(samples(loss))
    if loss.y_pred_domain is None:
        shift = data.draw(st.integers(-100, 100))
        np.testing.assert_allclose(loss(y, z + shift), loss(y, z), rtol=1e-8, atol=1e-8)
        gradient = loss.gradient(y, z)
        rounding = 1e-12 * (1 + np.abs(gradient).max())
        np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=rounding)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_losses_pickle_hash_and_print_as_they_are_made(loss):
    for some in (replace(loss, reduction=r) for r in ("mean", "sum", "none")):
        assert pickle.loads(pickle.dumps(some)) == some
        assert hash(pickle.loads(pickle.dumps(some))) == hash(some)
        assert eval(repr(some), vars(lb) | {"inf": np.inf}) == some
        assert ("reduction" in repr(some)) == (some.reduction != "mean")


def test_losses_are_told_apart():
    assert len(set(LOSSES)) == len(LOSSES)
    assert lb.Huber(1.0) != lb.SmoothL1(1.0)
    assert lb.Huber(1.0) != lb.Huber(1.0, reduction="sum")
