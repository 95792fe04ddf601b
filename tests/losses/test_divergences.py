"""Divergences where they are special: zeros, near distributions, relations, optima."""

import re

import numpy as np
import pytest
from draws import LABELS, PROBABILITIES, TARGETS, WEIGHTS
from mpmath import mp
from reference.definition import value as defined
from scipy.optimize import minimize
from single import DTYPES, assert_best, assert_parts, assert_same

import lossbook as lb

INF = np.inf
LOG2 = np.log(2)
JS = lb.JensenShannon()
KL = lb.KLDivergence()
CATEGORICAL = lb.CategoricalCrossEntropy()


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (JS, [0.5, 0.5, 0.0], [0.5, 0.5, 0.0], (0, [0, 0, LOG2 / 2], [0.5, 0.5, 0])),
        (JS, 0, [0.0, 1.0], (LOG2, [-INF, LOG2 / 2], [INF, 0])),
        (JS, 0, [1.0, 0.0], (0, [0, LOG2 / 2], [0.25, 0])),
        (KL, [0.5, 0.5, 0.0], [0.5, 0.5, 0.0], (0, [-1, -1, 0], [2, 2, 0])),
        (KL, [0.0, 1.0], [0.5, 0.5], (LOG2, [0, -2], [0, 4])),
        (KL, 1, [0.5, 0.5], (LOG2, [0, -2], [0, 4])),
        (KL, [0.5, 0.5], [1.0, 0.0], (INF, [-0.5, -INF], [0.5, INF])),
        (KL, 0, [1.0, 0.0], (0, [-1, 0], [1, 0])),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("distance", [2.0**-12, 2.0**-30, 2.0**-50])
def test_divergences_of_near_distributions(distance):
    t, p = [0.25 + distance, 0.25, 0.5 - distance], [0.25, 0.25, 0.5]
    with mp.workdps(60):
        exact = [
            float(defined(loss, list(map(mp.mpf, t)), list(map(mp.mpf, p)))) for loss in (KL, JS)
        ]
    assert JS([t], [p]) == pytest.approx(exact[1], rel=1e-14)
    # Its two terms cancel but for their difference, which is this much smaller.
    assert KL([t], [p]) == pytest.approx(exact[0], rel=2e-16 / distance)
    slope = JS.gradient([t], [p])[0, 0]
    assert slope == pytest.approx(np.log1p(-distance / (0.5 + distance)) / 2, rel=1e-14)


def test_divergence_is_cross_entropy_without_the_entropy():
    assert_same(KL, CATEGORICAL, LABELS, PROBABILITIES, rtol=1e-11, atol=1e-14)
    for part in "gradient", "hessian":
        ours, theirs = (getattr(loss, part)(TARGETS, PROBABILITIES) for loss in (KL, CATEGORICAL))
        np.testing.assert_array_equal(ours, theirs)
    for weight in None, WEIGHTS:
        divergence = KL(TARGETS, PROBABILITIES, weight)
        entropy = CATEGORICAL(TARGETS, TARGETS, weight)
        cross_entropy = CATEGORICAL(TARGETS, PROBABILITIES, weight)
        assert divergence == pytest.approx(cross_entropy - entropy, rel=1e-12)


def test_divergence_of_jensen_and_shannon():
    middle = (TARGETS + PROBABILITIES) / 2
    assert JS(TARGETS, PROBABILITIES) == pytest.approx(
        (KL(TARGETS, middle) + KL(PROBABILITIES, middle)) / 2, rel=1e-12
    )
    assert JS(TARGETS, PROBABILITIES) == pytest.approx(JS(PROBABILITIES, TARGETS), rel=1e-14)
    assert lb.JensenShannon(reduction="none")(LABELS, PROBABILITIES).max() < LOG2


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (KL, [0, 1], [1, 3], [0.25, 0.75]),
        (KL, [[0.5, 0.5], [0.0, 1.0]], None, [0.25, 0.75]),
        (JS, [0, 0], None, [1]),
        (JS, [0, 1], None, [0.5, 0.5]),
        (JS, [[0.5, 0.25, 0.25]] * 3, None, [0.5, 0.25, 0.25]),
        (JS, [0, 2, 2], [1, 1, 0], [0.5, 0, 0.5]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


def test_optimal_distribution_of_jensen_and_shannon():
    best = JS.optimal_constant(TARGETS[:20], WEIGHTS[:20])
    found = minimize(
        lambda z: JS(TARGETS[:20], np.tile(np.exp(z) / np.exp(z).sum(), (20, 1)), WEIGHTS[:20]),
        np.zeros(4),
        tol=1e-12,
    ).x
    np.testing.assert_allclose(best, np.exp(found) / np.exp(found).sum(), rtol=1e-4)
    assert best.sum() == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: KL([0], [[0.5, 0.25]]), "y_pred must be probabilities"),
        (lambda: JS([[0.5, 0.6]], [[0.5, 0.5]]), "y_true must be probabilities"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_batchmean_of_pytorch():
    torch = pytest.importorskip("torch")
    divergence = torch.nn.functional.kl_div
    log_p, t = torch.log(torch.full((2, 4), 0.25)), torch.eye(4)[:2]
    with pytest.warns(UserWarning, match="batchmean"):
        mean = divergence(log_p, t, reduction="mean")
    batchmean = divergence(log_p, t, reduction="batchmean")
    assert batchmean.item() == pytest.approx(4 * mean.item())
    assert batchmean.item() == pytest.approx(KL(t.numpy(), np.full((2, 4), 0.25)), rel=1e-6)
