"""CTC: every path on small inputs, PyTorch on long ones, and what is special."""

import inspect
import re
import warnings
from dataclasses import replace
from itertools import product
from math import inf, log, sqrt

import numpy as np
import pytest
from mpmath import mp
from reference.sequences import ctc, reading

import lossbook as lb
from lossbook import symbolic
from lossbook.testing import check_loss

PADDED = 7
"""Length of the label rows below: longer than any input has frames."""


def row(labels, length=PADDED):
    """Return labels padded at the end."""
    return [*labels, *[-1] * (length - len(labels))]


def parts(loss, *inputs, **options):
    """Return value, gradient and hessian, where every warning is an error."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        return [call(*inputs, **options) for call in (loss.__call__, loss.gradient, loss.hessian)]


@pytest.mark.parametrize(
    ("n_frames", "n_classes", "blank"), [(1, 2, 0), (2, 3, 2), (3, 3, 1), (5, 3, 0), (4, 4, 3)]
)
def test_every_label_sequence_has_the_probability_of_its_paths(n_frames, n_classes, blank):
    scores = np.random.default_rng(0).normal(0, 2, (n_frames, n_classes))
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = {}
    for path in product(range(n_classes), repeat=n_frames):
        labels = reading(path, blank)
        expected[labels] = expected.get(labels, 0) + np.prod(p[np.arange(n_frames), path])
    classes = [k for k in range(n_classes) if k != blank]
    sequences = [labels for size in range(n_frames + 2) for labels in product(classes, repeat=size)]
    inputs = np.broadcast_to(scores, (len(sequences), *scores.shape))
    loss = lb.CTC(blank=blank, reduction="none")
    value, gradient, hessian = parts(loss, list(map(row, sequences)), inputs)
    wanted = [expected.get(labels, 0.0) for labels in sequences]
    np.testing.assert_allclose(np.exp(-value), wanted, rtol=1e-13)
    assert np.exp(-value).sum() == pytest.approx(1, rel=1e-13)
    impossible = np.array(wanted) == 0
    assert impossible.any()
    assert not gradient[impossible].any()
    assert not hessian[impossible].any()
    assert gradient[~impossible].any(axis=(1, 2)).all()


CASES = [
    ((1, 2), [[0.5, 1.25, -0.75], [0.0, -2.0, 1.5], [-0.25, 0.75, 2.5], [1.0, 0.0, 0.125]], 0),
    ((1, 1), [[0.5, 1.25, -0.75], [0.0, -2.0, 1.5], [-0.25, 0.75, 2.5]], 0),
    ((), [[0.5, 1.25], [0.0, -2.0], [-0.25, 0.75]], 1),
    ((0,), [[3.0, 1.25], [0.0, -2.0], [-0.25, 0.75]], 1),
    # Certain, and certainly wrong.
    ((1, 2), [[0.0, 40.0, 1.0], [2.0, 0.0, 45.5], [38.0, 0.25, 0.5]], 0),
    ((1,), [[0.0, 40.0, -9.0], [0.5, 45.0, 0.0], [38.0, -8.0, -9.0]], 0),
    ((1, 2), [[30.0, 0.0, 1.0], [35.5, 1.0, 0.0], [32.0, 0.25, 0.5]], 0),
    ((2,), [[0.0, 1000.0, 0.0], [0.0, 1000.0, 0.0]], 0),
    # Next to a path that fits the first frame there is one that fits the others.
    ((1, 2), [[-900.0, 0.0, 1.0], [1.0, -700.0, 0.5], [0.0, 0.5, -800.0]], 0),
]


@pytest.mark.parametrize(("labels", "scores", "blank"), CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 4e-15), (np.float32, 2e-7)])
def test_value_and_derivatives_in_many_digits(labels, scores, blank, dtype, tolerance):
    shape = np.shape(scores)
    # Enough for what differs from 1 by the exponential of a difference of scores.
    with mp.workdps(60 + int(np.abs(scores).max())):
        exact = [[mp.mpf(z) for z in frame] for frame in scores]

        def moved(t, k, z):
            frames = [list(frame) for frame in exact]
            frames[t][k] = z
            return ctc(labels, frames, blank)

        value = float(ctc(labels, exact, blank))
        gradient, hessian = (
            np.array(
                [
                    float(mp.diff(lambda z, t=t, k=k: moved(t, k, z), exact[t][k], order))
                    for t, k in np.ndindex(shape)
                ]
            ).reshape(shape)
            for order in (1, 2)
        )
        p = [[1 / sum(mp.exp(other - z) for other in frame) for z in frame] for frame in exact]
        # Of p - γ and of (1 - γ) - (1 - p) the terms are at least as small as these.
        terms = np.array([[float(min(each, 1 - each)) for each in frame] for frame in p])
    results = parts(lb.CTC(blank=blank, reduction="none"), row(labels), np.array(scores, dtype))
    assert all(result.dtype == dtype for result in results)
    # From the logarithms of the best path's probabilities those of the other paths are subtracted.
    np.testing.assert_allclose(results[0], value, rtol=tolerance, atol=tolerance * terms.sum())
    # An occupancy is a ratio of exponentials of the scores of paths, and has their rounding.
    tolerance += np.spacing(np.abs(scores).max(axis=1).sum())
    for result, wanted in zip(results[1:], (gradient, hessian), strict=True):
        bound = tolerance * (np.abs(wanted) + terms) + np.finfo(dtype).tiny
        assert (np.abs(result - wanted) <= bound).all()


def with_torch(labels, scores, lengths=None, blank=0):
    torch = pytest.importorskip("torch")
    z = torch.tensor(scores, requires_grad=True)
    y = torch.tensor(labels)
    if lengths is None:
        lengths = np.full(len(scores), scores.shape[1])
    values = torch.nn.functional.ctc_loss(
        z.log_softmax(-1).transpose(0, 1),
        y,
        torch.tensor(lengths),
        (y >= 0).sum(1),
        blank=blank,
        reduction="none",
    )
    values.sum().backward()
    return values.detach().numpy(), z.grad.numpy()


@pytest.mark.parametrize("blank", [0, 4])
def test_pytorch_agrees_on_inputs_of_many_lengths(blank):
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 3, (90, 14, 5))
    labels = rng.choice([k for k in range(5) if k != blank], (90, 6))
    labels[np.arange(6) >= rng.integers(0, 7, (90, 1))] = -1
    lengths = rng.integers(11, 15, 90)
    value, gradient, _ = parts(
        lb.CTC(blank=blank, reduction="none"), labels, scores, input_lengths=lengths
    )
    expected, slope = with_torch(labels, scores, lengths, blank)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(gradient, slope, rtol=1e-10, atol=1e-13)


def test_long_sequences_do_not_underflow():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(0, 3, (2, 2000, 12)), rng.integers(1, 12, (2, 150))
    loss = lb.CTC(reduction="none")
    value, gradient, hessian = parts(loss, labels, scores)
    expected, slope = with_torch(labels, scores)
    assert (value > 4000).all()
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    # PyTorch adds logarithms of size 4000 up without keeping them near 0.
    np.testing.assert_allclose(gradient, slope, atol=1e-9)
    assert np.isfinite(hessian).all()
    single = loss.gradient(labels, scores.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, gradient, atol=2e-6)


def test_the_hessian_is_the_derivative_of_the_gradient():
    rng = np.random.default_rng(3)
    scores, labels = (
        rng.normal(0, 2, (5, 6, 4)),
        [row(y, 3) for y in ([], [1], [2, 2], [3, 1], [1, 2, 1])],
    )
    loss, step = lb.CTC(reduction="none"), 1e-5
    hessian = loss.hessian(labels, scores)
    assert hessian.min() < -0.1
    for t, k in np.ndindex(6, 4):
        moved = np.zeros_like(scores)
        moved[:, t, k] = step
        up, down = (loss.gradient(labels, scores + s * moved)[:, t, k] for s in (1, -1))
        np.testing.assert_allclose(hessian[:, t, k], (up - down) / (2 * step), atol=1e-9)


def test_the_size_of_the_curvature():
    scores = np.random.default_rng(3).normal(0, 2, (6, 4))
    hessian = lb.CTC().hessian([1, 2, 1], scores)
    assert hessian.min() < 0
    got = lb.CTC().hessian([1, 2, 1], scores, curvature="abs")
    np.testing.assert_array_equal(got, np.abs(hessian))


def test_repeated_labels_need_a_blank_between_them():
    loss = lb.CTC()
    two, three = np.zeros((2, 3)), np.zeros((3, 3))
    assert loss([1, 1], two) == inf
    assert loss([1, 2], two) == pytest.approx(log(9))
    assert loss([1, 1], three) == pytest.approx(log(27))
    assert loss([1, 2], three) == pytest.approx(log(27 / 5))


def test_the_empty_sequence_is_all_blanks():
    scores = np.random.default_rng(0).normal(size=(4, 3))
    blanks = lb.SoftmaxCrossEntropy(reduction="sum")
    for mine, theirs in zip(
        parts(lb.CTC(), [-1], scores), parts(blanks, [0, 0, 0, 0], scores), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-16)


def test_one_frame_is_a_class():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (20, 1, 4)), rng.integers(1, 4, (20, 1))
    ours = parts(lb.CTC(reduction="none"), labels, scores)
    theirs = parts(lb.SoftmaxCrossEntropy(reduction="none"), labels[:, 0], scores[:, 0])
    for mine, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.reshape(wanted.shape), wanted, rtol=1e-13)


def test_padding_frames_do_not_count_whatever_they_hold():
    rng = np.random.default_rng(4)
    scores, labels = rng.normal(size=(2, 9, 4)), [[1, 2, 2], [3, -1, -1]]
    scores[0, 5:], scores[1, 2:] = np.nan, inf
    loss = lb.CTC(reduction="none")
    results = parts(loss, labels, scores, input_lengths=[5, 2])
    for i, length in enumerate((5, 2)):
        short = parts(loss, labels[i], scores[i, :length])
        for result, wanted in zip(results, short, strict=True):
            if wanted.ndim:
                assert not result[i, length:].any()
                result = result[:, :length]
            np.testing.assert_allclose(result[i], wanted, rtol=1e-13, atol=1e-16)


def test_padding_labels_do_not_count():
    rng = np.random.default_rng(7)
    scores = rng.normal(0, 1, (400, 3))
    for exact, padded in zip(
        parts(lb.CTC(), [1, 2], scores), parts(lb.CTC(), row([1, 2], 200), scores), strict=True
    ):
        np.testing.assert_allclose(padded, exact, rtol=1e-14, atol=1e-15)


def test_inputs_without_frames():
    scores = np.zeros((2, 3, 3))
    value, gradient, hessian = parts(
        lb.CTC(reduction="none"), [[1], [-1]], scores, input_lengths=[0, 0]
    )
    np.testing.assert_array_equal(value, [inf, 0])
    assert not gradient.any()
    assert not hessian.any()


def test_scores_that_leave_no_path():
    scores = np.zeros((2, 3))
    scores[:, 1] = -inf
    value, gradient, hessian = parts(lb.CTC(), [1], scores)
    assert value == inf
    assert not gradient.any()
    assert not hessian.any()
    value, gradient, _ = parts(lb.CTC(), [2], scores)
    assert value == pytest.approx(log(4 / 3))
    assert np.isfinite(gradient).all()
    assert not gradient[:, 1].any()


def test_not_a_number_stays_one():
    scores = np.zeros((2, 2, 3))
    scores[0, 1, 2] = np.nan
    for result in parts(lb.CTC(reduction="none"), [[1], [1]], scores):
        assert np.isnan(result[0]).all()
        assert np.isfinite(result[1]).all()


def test_shifted_frames_give_the_same():
    rng = np.random.default_rng(5)
    scores, shift = rng.normal(size=(6, 4)), rng.integers(-900, 900, (6, 1))
    for a, b in zip(
        parts(lb.CTC(), [1, 2], scores), parts(lb.CTC(), [1, 2], scores + shift), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(lb.CTC().gradient([1, 2], scores).sum(axis=1), 0, atol=1e-15)


def test_the_slope_grows_with_the_frames_and_with_nothing_else():
    steepest = []
    for n_frames in 3, 12, 48:
        scores = np.zeros((n_frames, 3))
        scores[:, 2] = 1e3
        slope = np.linalg.norm(lb.CTC().gradient([1], scores))
        assert slope <= sqrt(2 * n_frames) + 1e-12
        steepest.append(slope / sqrt(2 * n_frames))
    assert min(steepest) > 0.7
    assert lb.CTC().traits.lipschitz == inf


# The contract.


@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_passes_the_checks_of_every_loss(blank):
    check_loss(lb.CTC(blank=blank))


RNG = np.random.default_rng(6)
SCORES, LABELS = RNG.normal(size=(2, 50, 5, 4)), RNG.integers(1, 4, (2, 50, 2))
WEIGHT = RNG.uniform(0.5, 2, (2, 50))


def test_reductions_and_weights():
    each = lb.CTC(reduction="none")
    value, gradient, hessian = parts(each, LABELS, SCORES)
    assert value.shape == (2, 50)
    assert gradient.shape == hessian.shape == SCORES.shape
    for reduction, divisor in ("sum", 1), ("mean", WEIGHT.sum()):
        loss = lb.CTC(reduction=reduction)
        assert loss(LABELS, SCORES, WEIGHT) == pytest.approx((value * WEIGHT).sum() / divisor)
        wanted = gradient * WEIGHT[..., None, None] / divisor
        np.testing.assert_allclose(loss.gradient(LABELS, SCORES, WEIGHT), wanted, rtol=1e-12)
    assert lb.CTC()(LABELS, SCORES) == pytest.approx(value.mean())
    impossible = np.ones((2, 50, 6), int)
    some = np.where(np.arange(50)[:, None] < 25, row([1], 6), impossible)
    assert np.isfinite(lb.CTC()(some, SCORES, np.tile(np.arange(50) < 25, (2, 1))))


def test_results_in_given_arrays_and_of_many_blocks(threads):
    lengths = RNG.integers(3, 6, (2, 50))
    loss = lb.CTC()
    plain = loss.gradient_and_hessian(LABELS, SCORES, WEIGHT, input_lengths=lengths)
    for n_threads in 1, 3:
        threads(n_threads)
        out = tuple(np.empty((2, *SCORES.shape)))
        loss.gradient_and_hessian(LABELS, SCORES, WEIGHT, input_lengths=lengths, out=out)
        np.testing.assert_array_equal(out, plain)
    single = lb.CTC(reduction="none").gradient(
        LABELS[1, 40], SCORES[1, 40], input_lengths=lengths[1, 40]
    )
    np.testing.assert_allclose(plain[0][1, 40], single * WEIGHT[1, 40] / WEIGHT.sum(), rtol=1e-13)


def test_lists_integers_and_strided_views():
    loss = lb.CTC()
    assert loss([[1], [2]], [[[0, 1, 2], [1, 0, 0]]] * 2) == loss(
        np.array([[1], [2]], np.uint8), np.array([[[0.0, 1, 2], [1, 0, 0]]] * 2)
    )
    assert loss.gradient([[1]], np.zeros((1, 2, 3), int)).dtype == np.float64
    assert loss.gradient([[1]], np.zeros((1, 2, 3), np.float16)).dtype == np.float32
    strided = np.repeat(SCORES, 2, axis=-1)[..., ::2]
    np.testing.assert_array_equal(loss.gradient(LABELS, strided), loss.gradient(LABELS, SCORES))
    before = SCORES.copy()
    loss.gradient_and_hessian(LABELS, SCORES)
    np.testing.assert_array_equal(SCORES, before)


def test_methods_take_input_lengths_by_keyword():
    for method in "__call__", "gradient", "hessian", "value_and_gradient", "gradient_and_hessian":
        signature = inspect.signature(getattr(lb.CTC(), method))
        assert list(signature.parameters)[:4] == [
            "y_true",
            "y_pred",
            "sample_weight",
            "input_lengths",
        ]
        assert signature.parameters["input_lengths"].kind is inspect.Parameter.KEYWORD_ONLY


ZEROS = np.zeros((2, 4, 3))
LABEL = (
    "y_true must be a class index from 0 to 2 other than the blank 0, or -1 after the last label"
)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "options", "words"),
    [
        ([[1, 2], [1]], ZEROS, {}, "pad shorter label sequences with -1 at the end"),
        ([[], []], ZEROS, {}, "pad shorter label sequences with -1 at the end"),
        ([[0, 1], [1, 1]], ZEROS, {}, f"{LABEL}; got 0 at index 0, 0"),
        ([[1, 1], [1, 3]], ZEROS, {}, f"{LABEL}; got 3 at index 1, 1"),
        ([[1, -2], [1, 1]], ZEROS, {}, f"{LABEL}; got -2 at index 0, 1"),
        ([[1, 1], [-1, 1]], ZEROS, {}, f"{LABEL}; got 1 at index 1, 1"),
        ([1, 1], ZEROS, {}, "y_true must have shape (2,) and an axis for the labels"),
        (1, ZEROS[0], {}, "y_true must have shape () and an axis for the labels"),
        ([[1]] * 3, ZEROS, {}, "a row for each input; got (3, 1)"),
        ([[1]], np.zeros(3), {}, "y_pred must have shape (..., frames, classes)"),
        ([[1]], np.zeros((1, 3, 1)), {}, "with two classes or more; got (1, 3, 1)"),
        ([[1]] * 2, ZEROS, {"input_lengths": [4]}, "input_lengths must have shape (2,)"),
        ([[1]] * 2, ZEROS, {"input_lengths": [4, 5]}, "an integer from 0 to 4; got 5 at index 1"),
        ([[1]] * 2, ZEROS, {"input_lengths": [-1, 4]}, "from 0 to 4; got -1 at index 0"),
        ([[1]] * 2, ZEROS, {"input_lengths": [1.5, 4]}, "from 0 to 4; got 1.5 at index 0"),
        ([[1]] * 2, ZEROS, {"input_lengths": [np.nan, 4]}, "from 0 to 4; got nan at index 0"),
        ([[1]] * 2, ZEROS, {"sample_weight": [1, -1]}, "sample_weight must be in [0, inf)"),
    ],
)
def test_bad_inputs(y_true, y_pred, options, words):
    loss = lb.CTC()
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=re.escape(words)):
            call(y_true, y_pred, **options)


def test_bad_parameters_and_types():
    with pytest.raises(ValueError, match=r"y_true must be a class index from .*; got 1.5"):
        lb.CTC()([[1.5]], ZEROS[:1])
    assert lb.CTC()([[1.0]], ZEROS[:1]) == lb.CTC()([[1]], ZEROS[:1])
    with pytest.raises(ValueError, match="y_pred must have a class for the blank 3; got 3 classes"):
        lb.CTC(blank=3)([[1]], ZEROS[:1])
    with pytest.raises(ValueError, match="blank must be at least 0"):
        lb.CTC(blank=-1)
    with pytest.raises(TypeError, match="blank must be an integer"):
        lb.CTC(blank=0.0)
    with pytest.raises(NotImplementedError, match="CTC has no optimal constant"):
        lb.CTC().optimal_constant([[1, 2]])


def test_sympy_proves_the_derivatives():
    shown = symbolic.expression(lb.CTC())
    assert shown.check() == (0, 0)
    assert replace(shown, gradient=-shown.gradient).check()[0] != 0
    assert replace(shown, hessian=2 * shown.hessian).check()[1] != 0
    text = str(lb.CTC(blank=2).card())
    assert "P(y│πₜ=j)" in text
    assert "a class index other than the blank 2, or −1 after the last label" in text
    assert r"P\left(y \mid \pi_t = j\right)" in lb.CTC().card()._repr_html_()


def test_frames_after_the_end_may_hold_nan():
    scores = RNG.normal(size=(1, 5, 3))
    lost = scores.copy()
    lost[:, 3:] = np.nan
    lost[:, 4] = inf
    loss, y = lb.CTC(), [[1, 2]]
    assert loss(y, lost, input_lengths=[3]) == loss(y, scores[:, :3])
    for method in loss.gradient, loss.hessian:
        got = method(y, lost, input_lengths=[3])
        np.testing.assert_array_equal(got[:, :3], method(y, scores[:, :3]))
        np.testing.assert_array_equal(got[:, 3:], 0)


def test_an_infinite_score_is_a_certain_class():
    certain = [[[0.0, inf, 0.0], [0.0, 0.0, inf]]]
    assert lb.CTC()([[1, 2]], certain) == 0
    assert lb.CTC()([[2, 1]], certain) == inf
    np.testing.assert_array_equal(lb.CTC().gradient([[1, 2]], certain), 0)
