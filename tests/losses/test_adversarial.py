"""Losses of adversarial networks: both players against their definitions, and what is special."""

import inspect
import pickle
import re
import warnings
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from mpmath import mp
from reference.adversarial import GANS, SCORES

import lossbook as lb
from lossbook import symbolic
from lossbook.testing import check_loss

KINDS = list(GANS)
INF = np.inf


def parts(loss, *inputs, **options):
    """Return value, gradient and hessian, where every warning is an error."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        return [call(*inputs, **options) for call in (loss.__call__, loss.gradient, loss.hessian)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 4e-15), (np.float32, 1e-6)])
def test_value_and_derivatives_in_many_digits(kind, dtype, tolerance):
    gan, scores = kind(reduction="none"), np.array(SCORES, dtype)
    with mp.workdps(150):
        expected = [
            [[float(mp.diff(side, mp.mpf(z), n)) for z in SCORES] for n in range(3)]
            for side in GANS[kind]
        ]
    of_both = parts(gan.discriminator, scores, scores[::-1].copy())
    of_generator = parts(gan.generator, scores)
    for order in range(3):
        real, fake = of_both[order]
        results = real, fake[::-1], of_generator[order]
        for result, of_side in zip(results, expected, strict=True):
            assert result.dtype == dtype
            np.testing.assert_allclose(result, of_side[order], rtol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_both_players_keep_the_contract(kind):
    check_loss(kind().generator)
    check_loss(kind().discriminator)
    for side in kind().discriminator.sides:
        check_loss(side)


RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(0, 2, 7), RNG.normal(0, 2, (3, 4))
OF_REAL, OF_FAKE = RNG.uniform(0.5, 2, 7), RNG.uniform(0.5, 2, (3, 4))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_sample_has_a_mean_of_its_own(kind):
    gan, (of_real, of_fake, of_generated) = kind(), GANS[kind]
    real = np.array([float(of_real(r)) for r in REAL])
    fake = np.array([float(of_fake(f)) for f in FAKE.flat]).reshape(3, 4)
    generated = np.array([float(of_generated(f)) for f in FAKE.flat]).reshape(3, 4)
    assert gan.discriminator(REAL, FAKE) == pytest.approx(real.mean() + fake.mean())
    assert gan.generator(FAKE) == pytest.approx(generated.mean())
    assert gan.generator(FAKE, OF_FAKE) == pytest.approx(np.average(generated, weights=OF_FAKE))
    for weight, mean in (
        ((OF_REAL, OF_FAKE), np.average(real, weights=OF_REAL) + np.average(fake, weights=OF_FAKE)),
        ((None, OF_FAKE), real.mean() + np.average(fake, weights=OF_FAKE)),
        ((OF_REAL, None), np.average(real, weights=OF_REAL) + fake.mean()),
    ):
        assert gan.discriminator(REAL, FAKE, weight) == pytest.approx(mean)
    summed, each = kind(reduction="sum"), kind(reduction="none")
    assert summed.discriminator(REAL, FAKE) == pytest.approx(real.sum() + fake.sum())
    values = each.discriminator(REAL, FAKE, (None, OF_FAKE))
    np.testing.assert_allclose(values[0], real, rtol=1e-14)
    np.testing.assert_allclose(values[1], fake * OF_FAKE, rtol=1e-14)
    for name in "gradient", "hessian":
        by_real, by_fake = getattr(gan.discriminator, name)(REAL, FAKE, (OF_REAL, None))
        unscaled = getattr(each.discriminator, name)(REAL, FAKE)
        np.testing.assert_allclose(by_real, unscaled[0] * OF_REAL / OF_REAL.sum(), rtol=1e-13)
        np.testing.assert_allclose(by_fake, unscaled[1] / 12, rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_differentiates_the_same(kind):
    torch = pytest.importorskip("torch")
    functional, relu = torch.nn.functional, torch.nn.functional.relu
    bce = functional.binary_cross_entropy_with_logits
    real, fake = (torch.tensor(scores, requires_grad=True) for scores in (REAL, FAKE))
    yes, no = torch.ones_like, torch.zeros_like
    discriminator, generator = {
        lb.MinimaxGAN: (
            lambda: bce(real, yes(real)) + bce(fake, no(fake)),
            lambda: -bce(fake, no(fake)),
        ),
        lb.NonSaturatingGAN: (
            lambda: bce(real, yes(real)) + bce(fake, no(fake)),
            lambda: bce(fake, yes(fake)),
        ),
        lb.LeastSquaresGAN: (
            lambda: functional.mse_loss(real, yes(real)) / 2 + (fake**2).mean() / 2,
            lambda: functional.mse_loss(fake, yes(fake)) / 2,
        ),
        lb.HingeGAN: (
            lambda: relu(1 - real).mean() + relu(1 + fake).mean(),
            lambda: -fake.mean(),
        ),
        lb.WassersteinGAN: (lambda: fake.mean() - real.mean(), lambda: -fake.mean()),
    }[kind]
    gan = kind()
    for loss, theirs, scores in (
        (gan.discriminator, discriminator, (real, fake)),
        (gan.generator, generator, (fake,)),
    ):
        expected = theirs()
        value, gradient, hessian = parts(loss, *(score.detach().numpy() for score in scores))
        assert value == pytest.approx(expected.item(), rel=1e-13)
        if len(scores) == 1:
            gradient, hessian = (gradient,), (hessian,)
        slopes = torch.autograd.grad(expected, scores, create_graph=True)
        for score, slope, ours, bend in zip(scores, slopes, gradient, hessian, strict=True):
            np.testing.assert_allclose(ours, slope.detach().numpy(), rtol=1e-12, atol=1e-16)
            wanted = torch.zeros_like(score)
            if slope.requires_grad:
                (wanted,) = torch.autograd.grad(slope.sum(), score, retain_graph=True)
            np.testing.assert_allclose(bend, wanted.numpy(), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "scores", "expected"),
    [
        # At the kinks the subgradient is 0.
        (lb.HingeGAN().discriminator, ([1.0], [-1.0]), (0, [0, 0], [0, 0])),
        (lb.HingeGAN().discriminator, ([0.0], [0.0]), (2, [-1, 1], [0, 0])),
        (lb.HingeGAN().discriminator, ([9.0], [-9.0]), (0, [0, 0], [0, 0])),
        (lb.HingeGAN().discriminator, ([-1e38], [0.0]), (1e38, [-1, 1], [0, 0])),
        (lb.MinimaxGAN().discriminator, ([1e3], [-1e3]), (0, [0, 0], [0, 0])),
        (lb.MinimaxGAN().discriminator, ([-1e3], [1e38]), (1e38, [-1, 1], [0, 0])),
        (lb.MinimaxGAN().discriminator, ([INF], [-INF]), (0, [0, 0], [0, 0])),
        (lb.MinimaxGAN().discriminator, ([-INF], [0.0]), (INF, [-1, 0.5], [0, 0.25])),
        (lb.MinimaxGAN().generator, ([-1e3],), (0, 0, 0)),
        (lb.MinimaxGAN().generator, ([1e3],), (-1e3, -1, 0)),
        (lb.MinimaxGAN().generator, ([INF],), (-INF, -1, 0)),
        (lb.NonSaturatingGAN().generator, ([-1e3],), (1e3, -1, 0)),
        (lb.NonSaturatingGAN().generator, ([1e38],), (0, 0, 0)),
        (lb.NonSaturatingGAN().generator, ([-INF],), (INF, -1, 0)),
        (lb.LeastSquaresGAN().discriminator, ([1.0], [0.0]), (0, [0, 0], [1, 1])),
        (lb.LeastSquaresGAN().generator, ([3.0],), (2, 2, 1)),
        (lb.WassersteinGAN().discriminator, ([-1e38], [1e38]), (2e38, [-1, 1], [0, 0])),
        (lb.WassersteinGAN().discriminator, ([INF], [0.0]), (-INF, [-1, 1], [0, 0])),
        (lb.WassersteinGAN().generator, ([-1e38],), (1e38, -1, 0)),
    ],
)
def test_kinks_and_extremes(loss, scores, expected, dtype):
    results = parts(loss, *(np.array(each, dtype) for each in scores))
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(np.ravel(result), np.ravel(wanted), rtol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_not_a_number_stays_one(kind):
    each = kind(reduction="none")
    for result in parts(each.generator, [np.nan])[:2]:
        assert np.isnan(result).all()
    for real, fake in parts(each.discriminator, [np.nan], [0.0, np.nan])[:2]:
        assert np.isnan(real).all()
        np.testing.assert_array_equal(np.isnan(fake), [False, True])


def test_the_minimax_generator_wins_what_the_discriminator_loses():
    gan = lb.MinimaxGAN()
    of_fake = gan.discriminator.sides[1]
    for mine, theirs in zip(parts(gan.generator, FAKE), parts(of_fake, FAKE), strict=True):
        np.testing.assert_array_equal(mine, -np.asarray(theirs))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_best_discriminator_knows_the_densities(share):
    weight, grid = ([share], [1 - share]), np.linspace(-6, 6, 301)
    odds = np.log(share / (1 - share))
    for kind, best in (
        (lb.MinimaxGAN, odds),
        (lb.NonSaturatingGAN, odds),
        (lb.LeastSquaresGAN, share),
        (lb.HingeGAN, np.sign(odds)),
    ):
        loss = kind(reduction="sum").discriminator
        costs = [loss([z], [z], weight) for z in grid]
        assert loss([best], [best], weight) <= min(costs) + 1e-12
        if kind is not lb.HingeGAN:
            slope = sum(loss.gradient([best], [best], weight))
            np.testing.assert_allclose(slope, 0, atol=1e-15)


def test_the_least_minimax_loss_is_the_jensen_shannon_divergence():
    p, q = RNG.dirichlet(np.ones(5), 2)
    least = lb.MinimaxGAN().discriminator(np.log(p / q), np.log(p / q), (p, q))
    middle = (p + q) / 2
    divergence = (p @ np.log(p / middle) + q @ np.log(q / middle)) / 2
    assert least == pytest.approx(2 * np.log(2) - 2 * divergence)


def test_where_the_discriminator_is_sure_only_one_generator_learns():
    sure = np.full(3, -200.0)
    assert np.abs(lb.MinimaxGAN().generator.gradient(sure)).max() < 1e-80
    np.testing.assert_allclose(lb.NonSaturatingGAN().generator.gradient(sure), -1 / 3)


# The contract.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gans_and_their_sides_print_pickle_and_compare(kind, reduction):
    gan = kind(reduction=reduction)
    assert gan != kind(reduction="sum" if reduction == "mean" else "mean")
    for some in (gan, gan.discriminator, gan.generator, *gan.discriminator.sides):
        assert eval(repr(some), vars(lb)) == some
        assert pickle.loads(pickle.dumps(some)) == some
        assert hash(eval(repr(some), vars(lb))) == hash(some)
    assert repr(gan).startswith(f"{kind.__name__}(")
    assert ("reduction" in repr(gan)) == (reduction != "mean")
    assert repr(gan.generator) == f"{gan!r}.generator"
    assert replace(kind().generator, reduction=reduction) == gan.generator
    assert replace(kind().discriminator, reduction=reduction) == gan.discriminator
    with pytest.raises(FrozenInstanceError):
        gan.reduction = "sum"


def test_gans_are_told_apart():
    sides = [side for kind in KINDS for side in (kind().discriminator, kind().generator)]
    assert len(set(sides)) == len(sides)


def test_one_pass_and_given_arrays():
    loss = lb.NonSaturatingGAN().discriminator
    value, gradient, hessian = parts(loss, REAL, FAKE)
    out = np.empty(7), np.empty((3, 4))
    again, slopes = loss.value_and_gradient(REAL, FAKE, out=out)
    assert again == value
    assert slopes[0] is out[0]
    assert slopes[1] is out[1]
    for a, b in zip(slopes, gradient, strict=True):
        np.testing.assert_array_equal(a, b)
    out = np.empty(7), np.empty((3, 4)), np.empty(7), np.empty((3, 4))
    loss.gradient_and_hessian(REAL, FAKE, out=out)
    for a, b in zip(out, (*gradient, *hessian), strict=True):
        np.testing.assert_array_equal(a, b)
    assert list(inspect.signature(loss).parameters) == ["real", "fake", "sample_weight", "out"]
    assert loss(fake=FAKE, real=REAL) == value


def test_single_precision_and_integers():
    gan = lb.HingeGAN()
    by_real, by_fake = gan.discriminator.gradient(REAL.astype(np.float32), FAKE)
    assert (by_real.dtype, by_fake.dtype) == (np.float32, np.float64)
    assert gan.generator.gradient([1, 2]).dtype == np.float64
    assert gan.generator(3.0) == -3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lb.HingeGAN(reduction="median"), "reduction must be one of"),
        (lambda: lb.HingeGAN().discriminator([], [1.0]), "real must not be empty"),
        (lambda: lb.HingeGAN().discriminator([1.0], []), "fake must not be empty"),
        (lambda: lb.HingeGAN().generator([]), "fake must not be empty"),
        (lambda: lb.HingeGAN().discriminator(REAL, FAKE, OF_REAL), "sample_weight must have shape"),
        (lambda: lb.HingeGAN().discriminator(REAL, FAKE, (OF_REAL,)), "got a tuple of 1"),
        (lambda: lb.HingeGAN().generator([1.0], [-1.0]), "sample_weight must be in [0, inf)"),
        (
            lambda: lb.HingeGAN().discriminator.gradient(REAL, FAKE, out=np.empty(7)),
            "out must be an array for: gradient and gradient; got 1 of them",
        ),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="real must hold real numbers"):
        lb.MinimaxGAN().discriminator(["a"], [1.0])
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'fake'"):
        lb.MinimaxGAN().discriminator([1.0])
    with pytest.raises(NotImplementedError, match="Generator has no optimal constant"):
        lb.MinimaxGAN().generator.optimal_constant([1.0])


def test_traits_of_the_players():
    assert not lb.MinimaxGAN().generator.traits.convex
    assert lb.MinimaxGAN().generator.traits.bounded
    assert lb.NonSaturatingGAN().generator.traits.convex
    assert lb.HingeGAN().generator.traits.twice_differentiable
    assert not lb.HingeGAN().discriminator.traits.differentiable
    assert lb.LeastSquaresGAN().discriminator.traits.lipschitz == INF


@pytest.mark.parametrize("kind", KINDS)
def test_sympy_proves_what_the_cards_show(kind):
    for side in kind().generator, kind().discriminator, *kind().discriminator.sides:
        shown = symbolic.expression(side)
        assert shown.check() == (0, 0)
        wrong = [3 * entry + 1 for entry in symbolic.derivation.listed(shown.gradient)]
        wrong = symbolic.notation.sp.Tuple(*wrong) if len(wrong) > 1 else wrong[0]
        assert replace(shown, gradient=wrong).check()[0] != 0
        card = side.card()
        assert str(card).startswith(repr(side))
        assert "gan" not in str(card).split("\n", 1)[1]
        assert card._repr_html_().count("<tr>") == len(card._rows())


def test_cards_show_the_formulas_of_the_papers():
    def shown(side):
        return symbolic.pretty(symbolic.expression(side).value)

    assert shown(lb.MinimaxGAN().discriminator) == "-log(σ(r)) - log(σ(-f))"
    assert shown(lb.MinimaxGAN().generator) == "log(σ(-f))"
    assert shown(lb.NonSaturatingGAN().generator) == "-log(σ(f))"
    assert shown(lb.HingeGAN().discriminator) == "Max(0, 1 - r) + Max(0, 1 + f)"
    assert shown(lb.WassersteinGAN().discriminator) == "f - r"
    text = str(lb.MinimaxGAN().discriminator.card())
    assert "Aims at            the log-odds that a sample is real and not fake" in text
    assert "Gradient ∂ℓ/∂r" in text
    assert "Gradient ∂ℓ/∂f" in text
