"""The displayed mathematics is right, tidy, and found by class."""

import subprocess
import sys
from dataclasses import fields, replace

import mpmath
import numpy as np
import pytest
import sympy as sp

import lossbook as lb
from benchmarks import accuracy
from benchmarks.accuracy import DIGITS, LOGISTIC, MEASURED, Exact
from lossbook import symbolic
from lossbook.core.domains import (
    ABOVE_MINUS_ONE,
    LABELS,
    NON_NEGATIVE,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
)
from lossbook.core.loss import BatchLoss, Call, ClassLoss, JointLoss, RowLoss
from lossbook.core.residual import ResidualLoss
from lossbook.symbolic import notation
from lossbook.symbolic.formula import listed
from lossbook.testing import Samples, view
from reference import boxes, embeddings, lovasz, overlap, ranking

LOSSES = (
    *MEASURED,
    lb.SigmoidCrossEntropy(pos_weight=2.5, label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1, class_weight=(1.0, 2.0, 0.5)),
)


VECTORS_AND_LISTS = [
    *(loss for loss in embeddings.LOSSES if not isinstance(loss, BatchLoss)),
    *ranking.LOSSES,
]
KINKED = [
    lb.CrammerSinger(),
    lb.MultiMargin(),
    lb.MultiMargin(margin=0.375, power=2),
    lb.Sparsemax(),
    lb.MultilabelMargin(),
]
"""Losses of several scores with kinks between them, which accuracy is not measured at."""

BATCHES = [loss for loss in embeddings.LOSSES if isinstance(loss, BatchLoss)]
OVERLAP = [*overlap.LOSSES, *lovasz.LOSSES, *boxes.LOSSES, lb.LovaszSoftmax()]


PROVED = {}
"""What came of the formulas seen so far; parameters that are symbols in them do not change them."""


@pytest.mark.parametrize(
    "loss", [*LOSSES, *VECTORS_AND_LISTS, *BATCHES, *OVERLAP, *KINKED], ids=repr
)
def test_sympy_proves_the_derivatives(loss):
    shown, n_entries = symbolic.expression(loss), 3
    if isinstance(loss, lb.ApproxNDCG):
        # With more items or a temperature as a symbol, SymPy needs hours.
        shown, n_entries = symbolic.expression(replace(loss, temperature=1.0)).subs(), 2
    formulas = type(loss), shown.value, shown.gradient, shown.hessian, *shown.definitions.items()
    if formulas not in PROVED:
        PROVED[formulas] = shown.check(n_entries)
    assert PROVED[formulas] == (0, 0)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(
    "loss",
    [
        lb.CategoricalCrossEntropy(),
        lb.SoftmaxCrossEntropy(),
        lb.GeneralizedCrossEntropy(),
        lb.CrammerSinger(),
        lb.OrdinalCoral(),
        lb.OrdinalCorn(),
    ],
    ids=repr,
)
def test_sympy_proves_them_for_other_numbers_of_classes(loss, n_classes):
    assert symbolic.expression(loss).check(n_classes) == (0, 0)


def test_check_sees_what_is_wrong():
    right = symbolic.expression(lb.SigmoidCrossEntropy())
    assert replace(right, gradient=-right.gradient).check()[0] != 0
    assert replace(right, hessian=2 * right.hessian).check()[1] != 0
    focal = symbolic.expression(lb.SigmoidFocal())
    assert replace(focal, hessian=focal.hessian.subs(notation.gamma, 3)).check()[1] != 0
    softmax = symbolic.expression(lb.SoftmaxCrossEntropy())
    assert replace(softmax, gradient=softmax.gradient - 1).check()[0] != 0
    for kinked in map(symbolic.expression, (lb.Hinge(), lb.Pinball(), lb.EpsilonInsensitive())):
        assert replace(kinked, gradient=-kinked.gradient).check()[0] != 0
    robust = symbolic.expression(lb.GeneralRobust())
    assert replace(robust, hessian=robust.hessian + 1).check()[1] != 0
    for of_classes in map(symbolic.expression, (*KINKED, lb.OrdinalCoral(), lb.OrdinalCorn())):
        assert replace(of_classes, gradient=-of_classes.gradient).check(2)[0] != 0
        assert replace(of_classes, hessian=of_classes.hessian + 1).check(2)[1] != 0
    low, high = symbolic.expression(lb.Pinball()), symbolic.expression(lb.Expectile())
    assert replace(low, gradient=-notation.q).check()[0] != 0
    assert replace(high, gradient=2 * notation.tau * notation.r).check()[0] != 0


OF_PLACES = [loss for loss in VECTORS_AND_LISTS if isinstance(loss, lb.LambdaRank)]
"""Losses whose formulas contain the places of the items, which no formula defines."""


@pytest.mark.parametrize("loss", OF_PLACES, ids=repr)
def test_what_is_shown_of_losses_with_places_is_what_is_computed(loss):
    shown, each = symbolic.expression(loss).for_classes(3), replace(loss, reduction="none")
    discounts = notation.entries("d", 3)
    rng = np.random.default_rng(0)
    for true, pred in zip(
        -np.sort(-rng.uniform(0, 4, (8, 3))), rng.normal(size=(8, 3)), strict=True
    ):
        places = 1 + np.argsort(np.argsort(-pred))
        counts = places <= (loss.truncation or 3)
        known = [*true, *pred, *np.where(counts, 1 / np.log2(1 + places), 0)]
        for part, name in ("value", "__call__"), ("gradient", "gradient"), ("hessian", "hessian"):
            entries = listed(getattr(shown, part))
            symbols = [*shown.y_true, *shown.y_pred, *discounts]
            function = sp.lambdify(symbols, entries, [LOGISTIC, "mpmath"])
            expected = list(map(float, function(*map(mpmath.mpf, known))))
            computed = np.atleast_1d(getattr(each, name)(true, pred))
            np.testing.assert_allclose(computed, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "loss", [loss for loss in VECTORS_AND_LISTS if loss not in OF_PLACES], ids=repr
)
def test_what_is_shown_of_vectors_and_lists_is_what_is_computed(loss):
    shown, seen = symbolic.expression(loss).subs(), replace(view(loss), reduction="none")
    rows = isinstance(loss, RowLoss)
    if rows or getattr(loss, "entries", 0):
        shown = shown.for_classes(3 if rows else 2)
    shown = shown.written_out()
    targets = [] if shown.y_true is None else listed(shown.y_true)
    predictions = listed(shown.y_pred)
    checked = Samples(view(loss), seed=2)
    y_true, y_pred = checked.labels(loss.y_true_domain, 8), checked.predictions(8)
    if rows:
        y_true, y_pred = -np.sort(-y_true, axis=1), np.clip(y_pred, -30, 30)
        if isinstance(loss, lb.ApproxNDCG):
            y_true[:, 0] += 1  # some item must be relevant
    for part, name in ("value", "__call__"), ("gradient", "gradient"), ("hessian", "hessian"):
        computed = getattr(seen, name)(y_true, y_pred).reshape(8, -1)
        entries = [*listed(getattr(shown, part))]
        function = sp.lambdify([*targets, *predictions], entries, [LOGISTIC, "mpmath"])
        for true, pred, row in zip(y_true, y_pred, computed, strict=True):
            given = [*np.atleast_1d(true)[: len(targets)], *np.atleast_1d(pred)]
            with mpmath.workdps(60):
                exact = list(map(float, function(*map(mpmath.mpf, given))))
            np.testing.assert_allclose(row, exact, rtol=1e-9, atol=1e-9)


OF_CLASSES = [
    *KINKED,
    lb.SoftmaxFocal(gamma=0.5, alpha=(1.0, 2.5, 0.25)),
    lb.GeneralizedCrossEntropy(),
    lb.Poly1CrossEntropy(epsilon=-0.5),
    lb.NegativeLogLikelihood(),
    lb.JensenShannon(),
    lb.MultilabelSoftMargin(),
    lb.OrdinalCoral(),
    lb.OrdinalCorn(),
]


@pytest.mark.parametrize("loss", OF_CLASSES, ids=repr)
def test_what_is_shown_of_classes_is_what_is_computed(loss):
    shown = symbolic.expression(loss).subs().for_classes(3)
    symbols = [*listed(shown.y_true), *shown.y_pred]
    checked, each = Samples(loss, seed=3), replace(loss, reduction="none")
    y_true, y_pred = checked.batches(12)[-1]
    if loss.y_pred_domain is None:
        y_pred = np.random.default_rng(0).normal(size=(12, 3))
    if isinstance(loss, ClassLoss) and y_true.ndim > 1:
        y_true = y_true / y_true.sum(axis=1, keepdims=True)
    for part, name in ("value", "__call__"), ("gradient", "gradient"), ("hessian", "hessian"):
        entries = listed(getattr(shown, part))
        for true, pred, row in zip(
            y_true, y_pred, getattr(each, name)(y_true, y_pred), strict=True
        ):
            of_labels = loss.y_true_domain is LABELS
            given = dict(zip(symbols, [true + 1] if of_labels else true, strict=False))
            # Labels that are exact go first, so that 0 log 0 does not occur.
            known = [accuracy._known(entry, given) for entry in entries]
            function = sp.lambdify(list(shown.y_pred), known, [LOGISTIC, "mpmath"])
            with mpmath.workdps(60):
                exact = list(map(float, function(*map(mpmath.mpf, pred))))
            np.testing.assert_allclose(np.atleast_1d(row), exact, rtol=1e-9, atol=1e-9)


def samples(loss, n_samples=12):
    """Yield targets, soft where they may be, and predictions, as lists."""
    rng = np.random.default_rng(0)
    for _ in range(n_samples):
        if isinstance(loss, ClassLoss):
            scores = rng.normal(0, 3, 3)
            probabilities = np.exp(scores) / np.exp(scores).sum()
            pred = scores if loss.y_pred_domain is None else probabilities
            share = rng.uniform()
            true = [share, 0.75 - share * 0.75, 0.25 - share * 0.25]
            if loss.y_true_domain is LABELS:
                true = [1 + int(rng.integers(loss._label_domain(3).n_classes))]
            yield true, pred.tolist()
            continue
        if isinstance(loss, RowLoss):
            yield rng.uniform(0, 1, 3).tolist(), rng.normal(0, 3, 3).tolist()
            continue
        if loss.y_true_domain is PLUS_MINUS_ONE:
            true = rng.choice([-1.0, 1.0])
        elif loss.y_true_domain is ZERO_OR_ONE:
            true = rng.choice([0.0, 1.0])
        elif loss.y_true_domain is UNIT_INTERVAL:
            true = rng.uniform()
        elif loss.y_true_domain is ABOVE_MINUS_ONE:
            true = rng.lognormal() - 1
        elif loss.y_true_domain in (NON_NEGATIVE, POSITIVE):
            true = rng.lognormal()
        else:
            true = rng.normal()
        if loss.y_pred_domain is UNIT_INTERVAL:
            pred = rng.uniform()
        elif loss.y_pred_domain is ABOVE_MINUS_ONE:
            pred = rng.lognormal() - 1
        else:
            pred = rng.normal(0, 2)
        if isinstance(loss, JointLoss):
            yield [true], [pred, *rng.normal(0, 2, len(loss.inputs) - 2)]
        else:
            yield [true], [pred]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_derivatives_by_differences_at_50_digits(loss):
    exact = Exact(loss, 3 if isinstance(loss, ClassLoss | RowLoss) else None)
    step, bound = mpmath.mpf(10) ** -40, mpmath.mpf(10) ** -50
    with mpmath.workdps(DIGITS):
        for true, pred in samples(loss):
            if isinstance(loss, ClassLoss) and len(true) > 1:
                true[-1] = 1 - sum(map(mpmath.mpf, true[:-1]))

            def entries(part, k, move, true=true, pred=pred):
                return exact(part, true, [*pred[:k], pred[k] + move, *pred[k + 1 :]])

            for k in range(len(pred)):
                pairs = (("value", 0, "gradient"), ("gradient", k, "hessian"))
                for part, entry, derivative in pairs:
                    up, down = (entries(part, k, move)[entry].result for move in (step, -step))
                    shown = exact(derivative, true, pred)[k].result
                    assert abs((up - down) / (2 * step) - shown) <= bound * (1 + abs(shown))


def test_tidy_forms():
    def shown(loss, part="gradient"):
        return symbolic.latex(getattr(symbolic.expression(loss), part))

    assert shown(lb.SquaredError(), "value") == "r^{2}"
    assert shown(lb.SigmoidCrossEntropy()) == r"\sigma{\left(z \right)} - y"
    assert shown(lb.SoftmaxCrossEntropy()) == "p_{k} - t_{k}"
    assert shown(lb.SoftmaxCrossEntropy(), "hessian") == r"p_{k} \left(1 - p_{k}\right)"
    assert shown(lb.BinaryCrossEntropy()) == r"\frac{1 - y}{1 - p} - \frac{y}{p}"
    assert shown(lb.SquaredHinge()) == r"- 2 y \max\left(0, 1 - m\right)"
    assert shown(lb.LogCosh()) == r"\tanh{\left(r \right)}"
    assert shown(lb.SmoothPinball()) == r"\sigma{\left(\frac{r}{w} \right)} - q"
    assert shown(lb.Fair()) == r"\frac{r}{1 + \left|{x}\right|}"
    assert shown(lb.GeneralRobust(alpha=2.0), "value") == r"\frac{x^{2}}{2}"
    assert shown(lb.CategoricalCrossEntropy(), "value") == (
        r"- \sum_{k=1}^{K} t_{k} \log{\left(p_{k} \right)}"
    )
    assert shown(lb.Huber(), "value") == (
        r"\begin{cases} \frac{r^{2}}{2} & \text{for}\: \left|{r}\right| \leq \delta \\"
        r"\delta \left(\left|{r}\right| - \frac{\delta}{2}\right) & \text{otherwise} \end{cases}"
    )


def test_reciprocals_are_no_products():
    assert symbolic.latex(1 / notation.beta) == r"\frac{1}{\beta}"
    assert symbolic.pretty(notation.z**-1).split() == ["1", "─", "z"]


def test_parameters_that_change_nothing_are_left_out():
    assert symbolic.expression(lb.SigmoidCrossEntropy()).parameters == {}
    general = symbolic.expression(lb.SigmoidCrossEntropy(pos_weight=3.0, label_smoothing=0.5))
    assert set(general.parameters.values()) == {"pos_weight", "label_smoothing"}
    assert symbolic.expression(lb.SigmoidFocal()).parameters == {notation.gamma: "gamma"}


def test_symbols_by_name():
    symbols = symbolic.expression(lb.Huber()).symbols
    assert symbols == {
        "y": notation.y,
        "yhat": notation.yhat,
        "r": notation.r,
        "delta": notation.delta,
    }


def test_written_out():
    written = symbolic.expression(lb.SquaredHinge()).written_out()
    assert written.value == sp.Max(0, 1 - notation.y * notation.z) ** 2
    assert written.definitions == {}


def test_subs_gives_the_values_of_the_instance():
    huber = symbolic.expression(lb.Huber(delta=2.0)).subs()
    assert huber.value.free_symbols == {notation.r}
    assert huber.value.subs(notation.r, -5) == 2 * (5 - 1)
    smoothed = symbolic.expression(lb.SigmoidCrossEntropy(label_smoothing=0.25)).subs()
    assert smoothed.written_out().gradient.subs({notation.y: 1, notation.z: 0}).evalf() == (
        notation.sigma(0) - 0.875
    )
    weighted = symbolic.expression(lb.SoftmaxCrossEntropy(class_weight=(1.0, 2.0, 0.5)))
    concrete = weighted.subs().for_classes(3)
    known = dict(zip(concrete.y_true, (0, 1, 0), strict=True))
    known |= dict.fromkeys(concrete.y_pred, 0)
    assert concrete.value.subs(known) == 2 * sp.log(3)


def test_for_classes_lists_each():
    two = symbolic.expression(lb.CategoricalCrossEntropy()).for_classes(2)
    (t1, t2), (p1, p2) = two.y_true, two.y_pred
    assert two.value == -t1 * sp.log(p1) - t2 * sp.log(p2)
    assert tuple(two.gradient) == (-t1 / p1, -t2 / p2)
    assert tuple(two.hessian) == (t1 / p1**2, t2 / p2**2)


def logit(p):
    return np.log(p / (1 - p))


NUMBERS = np.array([1.0, 2.0, 9.0])
BINARY = np.array([0.0, 1.0, 1.0, 1.0])
CLASSES = np.array([0, 1, 1, 2])
OPTIMA = {
    "the mean of the targets": (NUMBERS, 4.0),
    "the median of the targets": (NUMBERS, 2.0),
    "the mean of the targets, each first moved to within δ of it": (NUMBERS, 2.0),
    "the mean of the targets, each first moved to within β of it": (NUMBERS, 2.0),
    "the logarithm of the mean of the targets": (NUMBERS, np.log(4)),
    "the mean of the targets, and the logarithm of their variance": (
        NUMBERS,
        (4.0, np.log(38 / 3)),
    ),
    "the geometric mean of 1 + y, less 1": (NUMBERS, 60 ** (1 / 3) - 1),
    "the median of the targets, each weighted by 1/|y|": (NUMBERS, 1.0),
    "the mean of the targets: the share of ones": (BINARY, 0.75),
    "the log-odds of the mean target": (BINARY, logit(0.75)),
    "the log-odds of the mean target, plus log w₊": (BINARY, logit(0.75) + np.log(3)),
    "the log-odds of the mean target, smoothed": (BINARY, logit(0.875 * 0.75 + 0.0625)),
    "the label of the larger class": (2 * BINARY - 1, 1.0),
    "the mean of the labels": (2 * BINARY - 1, 0.5),
    "the log-odds of the share of +1": (2 * BINARY - 1, logit(0.75)),
    "half the log-odds of the share of +1": (2 * BINARY - 1, logit(0.75) / 2),
    "0, whatever the labels": (2 * BINARY - 1, 0.0),
    "the mean of the target distributions: the share of each class": (CLASSES, [0.25, 0.5, 0.25]),
    "the logarithms of the class shares, up to a common shift": (
        CLASSES,
        np.log([0.25, 0.5, 0.25]),
    ),
    "the logarithms of the class shares": (CLASSES, np.log([0.25, 0.5, 0.25])),
    "the log-odds of the mean of each class's targets": (
        np.array([[1.0, 0, 1], [0, 0, 1], [1, 1, 1], [1, 0, 0]]),
        logit(np.array([0.75, 0.25, 0.75])),
    ),
    "the log-odds of the share of labels above each threshold": (
        CLASSES,
        logit(np.array([0.75, 0.25])),
    ),
}


LEVELS = {
    "the q-quantile of the targets": {0.875: 9.0},
    "the τ-expectile of the targets": {0.875: 22 / 3},
    "the centre of a tube of half-width ε with as many targets above it as below": {
        0.0: 2.0,
        0.375: 2.0,
    },
    "the centre of a tube of half-width ε that targets overshoot as far above as below": {
        0.0: 4.0,
        0.375: 4.125,
    },
}
"""The optimal constant of `NUMBERS` by the first parameter."""


@pytest.mark.parametrize("loss", MEASURED, ids=repr)
def test_optimum_in_words_is_the_optimal_constant(loss):
    words = symbolic.expression(loss).optimum
    if words in OPTIMA:
        y_true, expected = OPTIMA[words]
        np.testing.assert_allclose(loss.optimal_constant(y_true), expected, rtol=1e-12)
    elif words in LEVELS:
        level = getattr(loss, fields(loss)[1].name)
        assert loss.optimal_constant(NUMBERS) == pytest.approx(LEVELS[words][level], rel=1e-12)
    elif words.startswith("the prediction at which the pulls of the targets balance"):
        optimum = np.full(3, loss.optimal_constant(NUMBERS))
        assert loss.gradient(NUMBERS, optimum).sum() == pytest.approx(0, abs=1e-12)
    elif words.startswith("among the predictions at which the pulls"):
        assert not loss.traits.convex
        constants = np.linspace(1, 9, 8001)
        losses = replace(loss, reduction="none")(*np.broadcast_arrays(NUMBERS[:, None], constants))
        best, least = loss.optimal_constant(NUMBERS), losses.mean(axis=0).min()
        assert loss(NUMBERS, np.full(3, best)) == pytest.approx(least, rel=1e-6)
        assert loss.gradient(NUMBERS, np.full(3, best)).sum() == pytest.approx(0, abs=1e-12)
    elif isinstance(loss, ClassLoss):
        pull = loss.gradient(CLASSES, np.tile(loss.optimal_constant(CLASSES), (4, 1))).sum(axis=0)
        same = pull if loss.y_pred_domain is None else pull - pull.mean()
        np.testing.assert_allclose(same, 0, atol=1e-9)
    elif not words:
        with pytest.raises(NotImplementedError):
            loss.optimal_constant([-1, 1])
    elif isinstance(loss, JointLoss):
        constants = [np.full(3, constant) for constant in loss.optimal_constant(NUMBERS)]
        pulls = [pull.sum() for pull in loss.gradient(NUMBERS, *constants)]
        np.testing.assert_allclose(pulls, 0, atol=1e-12)
    else:
        assert words.startswith("the score at which the pulls") or "weighted" in words


def test_every_kind_of_optimum_occurs():
    words = {symbolic.expression(loss).optimum for loss in MEASURED}
    assert OPTIMA.keys() | LEVELS.keys() <= words


def test_focal_optimum_is_zero_where_classes_are_even():
    assert lb.SigmoidFocal().optimal_constant([0, 1]) == pytest.approx(0, abs=1e-12)


class Unstated(ResidualLoss):
    """A loss of somebody else's, without a formula."""

    def _traits(self):
        return lb.SquaredError().traits

    def _value(self, r):
        return r**4


class Quartic(Unstated):
    """One with a formula."""

    def _formula(self, s):
        r = s.r
        return s.of_residual(value=r**4, gradient=4 * r**3, hessian=12 * r**2, optimum="the centre")


def test_a_loss_of_ones_own_states_its_formula():
    with pytest.raises(NotImplementedError, match="Unstated states no formula"):
        symbolic.expression(Unstated())
    shown = symbolic.expression(Quartic())
    assert shown.check() == (0, 0)
    assert shown.loss == Quartic()
    assert "the centre" in str(Quartic().card())


def run(program):
    """Run a program in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_the_package_leaves_sympy_alone():
    assert run("import lossbook, sys; print('sympy' in sys.modules)") == "False"


def test_missing_sympy_is_said_with_the_extra():
    program = """
import sys
sys.modules["sympy"] = None
import lossbook as lb
try:
    lb.Huber().card()
except ImportError as error:
    print(error)
"""
    assert run(program) == "this needs SymPy; install it with: pip install 'lossbook[symbolic]'"


class Interaction(JointLoss):
    """Two factors of somebody else's."""

    def _inputs(self, y_true, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((y_true, first, second), sample_weight, curvature, out)

    def _traits(self):
        return replace(lb.SquaredError().traits, convex=False)

    def _formula(self, s):
        y, r, a, b = s.y, s.r, *s.symbols("a b", real=True)
        return s.Formula(
            value=r**2,
            gradient=(2 * r * b, 2 * r * a),
            hessian=(2 * b**2, 2 * a**2),
            y_true=y,
            y_pred=(a, b),
            definitions={r: a * b - y},
        )


class Gap(JointLoss):
    """The squared distance of two rows."""

    def _inputs(self, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((first, second), sample_weight, curvature, out)

    entries = 1

    def _traits(self):
        return lb.SquaredError().traits

    def _formula(self, s):
        u, v = map(s.vector, "uv")
        return s.Formula(
            value=s.sum_k((u - v) ** 2),
            gradient=(2 * (u - v), 2 * (v - u)),
            hessian=(2, 2),
            y_true=None,
            y_pred=(u, v),
        )


class Basket(RowLoss):
    """Squared errors of a row's entries and of their sum."""

    def _traits(self):
        return lb.SquaredError().traits

    def _formula(self, s):
        z, t = s.z_k, s.t_k
        total = s.sum_k(z - t)
        return s.Formula(
            value=s.sum_k((z - t) ** 2) + total**2,
            gradient=2 * (z - t) + 2 * total,
            hessian=4,
            y_true=t,
            y_pred=z,
        )


@pytest.mark.parametrize("loss", [Interaction(), Gap(), Basket()], ids=repr)
def test_rows_and_several_predictions_are_proved_too(loss):
    shown = symbolic.expression(loss)
    assert shown.check() == (0, 0)
    wrong = [2 * entry for entry in listed(shown.gradient)]
    wrong = sp.Tuple(*wrong) if len(wrong) > 1 else wrong[0]
    assert replace(shown, gradient=wrong).check()[0] != 0


def test_cards_of_several_predictions_have_a_row_for_each():
    text = str(Interaction().card())
    for heading in (
        "Gradient ∂ℓ/∂a",
        "Gradient ∂ℓ/∂b",
        "Curvature ∂²ℓ/∂b²",
        "Prediction a",
        "Target y",
    ):
        assert text.count(f"  {heading}  ") == 1
    assert "Best constant" not in text
    text = str(Gap().card())
    assert "Target" not in text
    assert "Gradient ∂ℓ/∂uₖ" in text
