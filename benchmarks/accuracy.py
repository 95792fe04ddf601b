"""How exactly the losses are computed, in units in the last place.

``python -m benchmarks.accuracy`` evaluates every loss on ordinary and on extreme points, compares
it with its symbolic expression in multiple precision, and prints the largest errors as a table;
with ``--output FILE`` it also stores them as JSON.

A unit in the last place (ulp) is the gap between a float and the next: a result that is rounded
correctly is off by at most half of one.  Three things cost more than a formula can help:

- Where the terms of a result cancel, as in σ(z) - y for a soft target, the unit is that of the
  largest term.
- A softmax begins with the differences of its scores, the derivatives of losses that bend back
  with the residual, and a likelihood with its constant terms with z - log y; to the unit is added
  what the result changes by when these change by theirs.
- Next to the smallest normal number floats lose digits; below 1024 times it, the unit is the one
  at that place.
"""

import argparse
import json
import platform
from dataclasses import dataclass, fields, replace
from math import inf
from pathlib import Path

import mpmath
import numpy as np
import sympy as sp

import lossbook as lb
from lossbook.core.domains import (
    ABOVE_MINUS_ONE,
    DISTRIBUTIONS,
    LABELS,
    LOG_DISTRIBUTIONS,
    NON_NEGATIVE,
    NONZERO,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
)
from lossbook.core.loss import ClassLoss, JointLoss, PointwiseLoss, RowLoss
from lossbook.losses.likelihood import LogMeanLoss
from lossbook.symbolic import expression
from lossbook.symbolic.formula import listed
from lossbook.symbolic.notation import k

PARTS = ("value", "gradient", "hessian")
DTYPES = (np.float64, np.float32)
N_CLASSES = 3

CHOSEN = (
    lb.SquaredError(),
    lb.HalfSquaredError(),
    lb.AbsoluteError(),
    lb.Huber(),
    lb.Huber(delta=0.375),
    lb.SmoothL1(),
    lb.SmoothL1(beta=0.375),
    lb.PseudoHuber(),
    lb.PseudoHuber(delta=0.375),
    lb.LogCosh(),
    lb.Pinball(),
    lb.Pinball(quantile=0.875),
    lb.SmoothPinball(width=0.125),
    lb.SmoothPinball(quantile=0.875, width=0.375),
    lb.Expectile(),
    lb.Expectile(level=0.875),
    lb.EpsilonInsensitive(epsilon=0.375),
    lb.EpsilonInsensitive(epsilon=0.0),
    lb.SquaredEpsilonInsensitive(epsilon=0.375),
    lb.SquaredEpsilonInsensitive(epsilon=0.0),
    lb.SquaredLogError(),
    lb.AbsolutePercentageError(),
    lb.Fair(),
    lb.Fair(scale=0.375),
    lb.Cauchy(),
    lb.Cauchy(scale=0.375),
    lb.GemanMcClure(),
    lb.GemanMcClure(scale=0.375),
    lb.Welsch(),
    lb.Welsch(scale=0.375),
    lb.Tukey(scale=4.6875),
    lb.Tukey(scale=0.375),
    lb.GeneralRobust(alpha=2.0),
    lb.GeneralRobust(),
    lb.GeneralRobust(alpha=1.5, scale=0.375),
    lb.GeneralRobust(alpha=0.0),
    lb.GeneralRobust(alpha=-2.0),
    lb.GeneralRobust(alpha=-inf),
    lb.PoissonNLL(),
    lb.PoissonNLL(constant_terms=True),
    lb.GammaNLL(),
    lb.GammaNLL(dispersion=0.375),
    lb.GammaNLL(dispersion=0.375, constant_terms=True),
    lb.TweedieNLL(),
    lb.TweedieNLL(power=1.0),
    lb.TweedieNLL(power=1.875),
    lb.TweedieNLL(power=2.0),
    lb.TweedieNLL(power=3.0),
    lb.TweedieNLL(power=0.0),
    lb.NegativeBinomialNLL(dispersion=0.375),
    lb.NegativeBinomialNLL(dispersion=0.375, constant_terms=True),
    lb.NegativeBinomialNLL(dispersion=2.0**-10, constant_terms=True),
    lb.NegativeBinomialNLL(dispersion=8.0, constant_terms=True),
    lb.GaussianNLL(),
    lb.GaussianNLL(constant_terms=True),
    lb.GaussianCRPS(),
    lb.BinaryCrossEntropy(),
    lb.BinaryCrossEntropy(eps=2.0**-10),
    lb.SigmoidCrossEntropy(),
    lb.SigmoidCrossEntropy(pos_weight=3.0),
    lb.SigmoidCrossEntropy(label_smoothing=0.125),
    lb.SigmoidFocal(gamma=0.5, alpha=0.25),
    lb.SigmoidFocal(),
    lb.SigmoidFocal(gamma=5.0),
    lb.Hinge(),
    lb.SquaredHinge(),
    lb.LogisticMargin(),
    lb.ModifiedHuber(),
    lb.Perceptron(),
    lb.Exponential(),
    lb.Brier(),
    lb.HingeEmbedding(margin=0.375),
    lb.CategoricalCrossEntropy(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.125),
    lb.SoftmaxCrossEntropy(class_weight=(1.0, 2.5, 0.25)),
    lb.NegativeLogLikelihood(),
    lb.KLDivergence(),
    lb.JensenShannon(),
    lb.SoftmaxFocal(),
    lb.SoftmaxFocal(gamma=1.5, alpha=(1.0, 2.5, 0.25)),
    lb.GeneralizedCrossEntropy(q=0.75),
    lb.Poly1CrossEntropy(),
    lb.Poly1CrossEntropy(epsilon=-1.0),
    lb.MultilabelSoftMargin(),
    lb.OrdinalCoral(),
)
"""Losses whose parameters both float widths hold exactly."""

KINKED = lb.CrammerSinger, lb.MultiMargin, lb.Sparsemax
"""Rounding the difference of two scores may lead past a kink between them, where the gradient
jumps: these are held to their references, away from kinks, in the tests."""

MEASURED = (
    *CHOSEN,
    *(
        kind()
        for kind in (getattr(lb, name) for name in lb.__all__ if name[0].isupper())
        if issubclass(kind, PointwiseLoss | ClassLoss) and kind not in (*map(type, CHOSEN), *KINKED)
    ),
)
"""These, and every other loss of numbers and of classes as it comes."""

MAGNIFYING = (
    lb.LogCosh,
    lb.SmoothPinball,
    lb.Cauchy,
    lb.GemanMcClure,
    lb.Welsch,
    lb.Tukey,
    lb.GeneralRobust,
    lb.GaussianCRPS,
)
"""Losses whose derivatives can change by far more than the residual does, relative to size."""

BENDING_BACK = lb.SigmoidFocal, lb.SoftmaxFocal, lb.GeneralizedCrossEntropy
"""Losses of scores whose second derivative has terms of both signs."""

DIGITS = 450
"""Digits computed with: where terms near 1 cancel down to the smallest float, 100 are left."""

LOGISTIC = {"sigma": lambda x: 1 / (1 + mpmath.exp(-x))}


@dataclass(frozen=True)
class ExactResult:
    """One entry of a result in multiple precision.

    Attributes
    ----------
    result : mpf
        The entry.
    size : mpf
        The size of its largest term, where terms cancel; else that of the entry.
    slopes : tuple of mpf
        Its derivatives by the prediction, or the scores of all classes, where these magnify the
        rounding of differences; else empty.
    """

    result: mpmath.mpf
    size: mpmath.mpf
    slopes: tuple


class Exact:
    """A loss and its derivatives in multiple precision, from its symbolic expression.

    Parameters
    ----------
    loss : Loss
        Any loss that `lossbook.symbolic.expression` knows.
    n_classes : int, optional
        How many classes a loss over classes has.
    """

    def __init__(self, loss, n_classes=None):
        shown = expression(loss)
        shown = shown.for_classes(n_classes) if n_classes else shown.written_out()
        self.loss, self.shown = loss, shown
        self.true, self.pred = listed(shown.y_true), listed(shown.y_pred)
        self.parameters = dict(_numbers(shown))
        self.compiled = {}

    def __call__(self, part, y_true, y_pred):
        """Return what a part is for one sample, as a list of one entry or one for each class.

        Parameters
        ----------
        part : {"value", "gradient", "hessian"}
            What to evaluate.
        y_true, y_pred : sequence of float or mpf
            The target and the prediction; in a loss over classes, those of each.

        Returns
        -------
        list of ExactResult
        """
        # Labels that are exact are put into the expression, which so loses terms like 0 log 0.
        exact = y_true if self.loss.y_true_domain is LABELS else (-1, 0, 1)
        labels = tuple(int(t) if t in exact else None for t in y_true)
        if (part, labels) not in self.compiled:
            self.compiled[part, labels] = self._compile(part, labels)
        with mpmath.workdps(DIGITS):
            given = list(map(mpmath.mpf, (*y_true, *y_pred, *self.parameters.values())))
            entries = []
            for function, n_terms in self.compiled[part, labels]:
                result, *rest = function(*given)
                terms, slopes = rest[:n_terms], rest[n_terms:]
                entries.append(ExactResult(result, max(map(abs, terms)), tuple(slopes)))
            return entries

    def _compile(self, part, labels):
        known = {s: label for s, label in zip(self.true, labels, strict=True) if label is not None}
        smoothed = None in labels or getattr(self.loss, "label_smoothing", 0) > 0
        cancels = part == "gradient" and smoothed and _takes_soft(self.loss)
        cancels |= part == "hessian" and isinstance(self.loss, BENDING_BACK)
        cancels |= part == "value" and isinstance(self.loss, lb.KLDivergence)
        cancels |= part == "gradient" and isinstance(self.loss, lb.SmoothPinball)
        cancels |= part == "hessian" and isinstance(self.loss, lb.SquaredLogError)
        cancels |= part != "hessian" and isinstance(self.loss, lb.GaussianNLL)
        cancels |= part == "gradient" and isinstance(self.loss, LogMeanLoss)
        cancels |= part == "hessian" and isinstance(self.loss, lb.TweedieNLL)
        # Losses of counts are positive with all their terms; that of a density need not be.
        count = isinstance(self.loss, lb.PoissonNLL | lb.NegativeBinomialNLL)
        whole = count and self.loss.constant_terms
        cancels |= part == "value" and isinstance(self.loss, LogMeanLoss) and not whole
        magnifies = self.loss.link == "multinomial_logit" or isinstance(self.loss, lb.TweedieNLL)
        magnifies |= part == "value" and isinstance(self.loss, LogMeanLoss)
        magnifies |= part != "value" and isinstance(self.loss, MAGNIFYING)
        moved = self.pred if magnifies else []
        arguments = [*self.true, *self.pred, *self.parameters]
        compiled = []
        for entry in listed(getattr(self.shown, part)):
            result = _known(entry, known)
            terms = _terms(result) if cancels else [result]
            if part == "hessian" and isinstance(self.loss, BENDING_BACK) and smoothed:
                # A soft target has a product of such terms for each label.
                terms += [term for of_label in terms for term in _terms(of_label)]
            slopes = [sp.diff(result, pred) for pred in moved]
            wanted = [result, *terms, *slopes]
            function = sp.lambdify(arguments, wanted, [LOGISTIC, "mpmath"], cse=True)
            compiled.append((function, len(terms)))
        return compiled


def _known(expr, labels):
    """Return an expression with labels put in; a product with one that is 0 is 0, as in 0 log 0."""
    absent = {symbol for symbol, value in labels.items() if value == 0}
    terms = sp.Add.make_args(sp.expand_mul(expr, deep=False))
    present = sp.Add(*(term for term in terms if absent.isdisjoint(term.args)))
    return present.subs(labels)


def _numbers(shown):
    """Yield the symbols of parameters, one for each class where there are such, and values."""
    for symbol, name in shown.parameters.items():
        given = getattr(shown.loss, name)
        if isinstance(given, tuple):
            for i, entry in enumerate(given):
                yield symbol.subs(k, i + 1), entry
        else:
            yield symbol, given


def _terms(expr):
    """Return the terms of a sum, also of one with factors, or on the first piece of two."""
    if isinstance(expr, sp.Piecewise):
        expr = expr.args[0].expr
    return list(sp.Add.make_args(sp.expand_mul(expr, deep=False)))


def _takes_soft(loss):
    return loss.y_true_domain in (UNIT_INTERVAL, DISTRIBUTIONS)


def errors(loss, part, y_true, y_pred):
    """Return the error of every entry of a result, in units in the last place.

    Parameters
    ----------
    loss : Loss
        With ``reduction="none"``.
    part : {"value", "gradient", "hessian"}
        What to evaluate.
    y_true, y_pred : ndarray
        Of one dtype, samples on the first axis; for a loss over classes, distributions, or labels
        where it takes no others.

    Returns
    -------
    ndarray of float
    """
    call = loss if part == "value" else getattr(loss, part)
    if isinstance(loss, JointLoss):
        computed = np.stack(call(y_true, *y_pred.T), axis=-1)
    else:
        computed = call(y_true, y_pred)
    if isinstance(loss, ClassLoss | RowLoss):
        exact = Exact(loss, y_pred.shape[1])
        differences = y_pred.max(1, keepdims=True) - y_pred
        if loss.y_true_domain is LABELS:
            y_true = y_true[:, None] + 1  # expressions count classes from 1
    else:
        exact, y_true = Exact(loss), y_true[:, None]
        y_pred = y_pred.reshape(len(y_true), -1)
        differences = (y_pred - y_true)[:, :1]  # of several predictions, only the mean has one
        if isinstance(loss, LogMeanLoss):
            differences = np.maximum(np.abs(y_pred), np.abs(_log_unless_zero(y_true)))
    rows = zip(y_true, y_pred, differences, computed.reshape(len(computed), -1), strict=True)
    return np.array(
        [
            _error(got, entry, gaps)
            for true, pred, gaps, row in rows
            for got, entry in zip(row, exact(part, true.tolist(), pred.tolist()), strict=True)
        ]
    )


def _error(computed, exact, differences):
    limits = np.finfo(computed.dtype)
    with mpmath.workdps(DIGITS):
        if abs(exact.result) > float(limits.max) and np.isinf(computed):
            return 0.0
        largest = float(np.nextafter(limits.max, limits.tiny))  # the one with a next
        size = min(max(exact.size, 1024 * float(limits.tiny)), largest)
        unit = mpmath.mpf(float(np.spacing(computed.dtype.type(float(size)))))
        for slope, difference in zip(exact.slopes, differences, strict=False):
            unit += abs(slope) * float(np.spacing(abs(difference)))
        return float(abs(mpmath.mpf(float(computed)) - exact.result) / unit)


def points(loss, dtype, soft, n_samples, seed=0):
    """Return targets and predictions from a loss's domains, ordinary and extreme ones.

    Parameters
    ----------
    loss : Loss
        For its domains.
    dtype : dtype
        Of both.
    soft : bool
        Whether targets are soft.
    n_samples : int
        How many.
    seed : int, default 0
        Of the random numbers.

    Returns
    -------
    y_true, y_pred : ndarray
    """
    rng, shape = np.random.default_rng(seed), (n_samples, N_CLASSES)
    if isinstance(loss, RowLoss):
        y_true = _probabilities(rng, dtype, shape) if soft else rng.choice([0.0, 1.0], shape)
        return y_true.astype(dtype), _scores(rng, dtype, shape).astype(dtype)
    if isinstance(loss, ClassLoss):
        y_true = np.eye(N_CLASSES)[rng.integers(0, N_CLASSES, n_samples)]
        if soft:
            y_true = rng.dirichlet(np.full(N_CLASSES, 0.3), n_samples)
        if loss.y_pred_domain is DISTRIBUTIONS:
            y_pred = rng.dirichlet(np.full(N_CLASSES, 0.1), n_samples)
        elif loss.y_pred_domain is LOG_DISTRIBUTIONS:
            y_pred = np.log(rng.dirichlet(np.full(N_CLASSES, 0.1), n_samples))
        else:
            y_pred = _scores(rng, dtype, shape)
        if loss.y_true_domain is LABELS:
            n_labels = loss._label_domain(N_CLASSES).n_classes
            return rng.integers(0, n_labels, n_samples), y_pred.astype(dtype)
        return y_true.astype(dtype), y_pred.astype(dtype)
    if soft:
        y_true = _probabilities(rng, dtype, n_samples)
    elif loss.y_true_domain is PLUS_MINUS_ONE:
        y_true = rng.choice([-1.0, 1.0], n_samples)
    elif loss.y_true_domain in (UNIT_INTERVAL, ZERO_OR_ONE):
        y_true = rng.choice([0.0, 1.0], n_samples)
    elif loss.y_true_domain is ABOVE_MINUS_ONE:
        y_true = _above_minus_one(rng, dtype, n_samples)
    elif loss.y_true_domain in (NON_NEGATIVE, POSITIVE):
        y_true = _amounts(rng, n_samples, loss.y_true_domain is NON_NEGATIVE)
    elif loss.y_true_domain is NONZERO:
        y_true = rng.choice([-1, 1], n_samples) * 10 ** rng.uniform(-3, 3, n_samples)
    else:
        y_true = rng.choice([0.0, 1.0], n_samples) * rng.normal(0, 2, n_samples)
    if loss.y_pred_domain is UNIT_INTERVAL:
        y_pred = _probabilities(rng, dtype, n_samples)
    elif loss.y_pred_domain is ABOVE_MINUS_ONE:
        near = (1 + y_true) * rng.lognormal(0, 1, n_samples) - 1
        far = _above_minus_one(rng, dtype, n_samples)
        y_pred = np.where(rng.uniform(size=n_samples) < 0.5, near.astype(dtype), far)
        y_pred = np.maximum(y_pred, np.nextafter(dtype(-1), dtype(0)))
    else:
        y_pred = _scores(rng, dtype, n_samples)
    y_true, y_pred = y_true.astype(dtype), y_pred.astype(dtype)
    if isinstance(loss, LogMeanLoss):
        near = _log_unless_zero(y_true) + 0.1 * rng.standard_normal(n_samples)
        y_pred = np.where(rng.uniform(size=n_samples) < 0.5, near.astype(dtype), y_pred)
    if isinstance(loss, JointLoss):
        y_pred = np.stack([y_pred, 3 * rng.standard_normal(n_samples).astype(dtype)], axis=-1)
    return y_true, y_pred


def _scores(rng, dtype, shape):
    """Return real numbers: moderate ones, of all sizes, where exp ends, huge ones, at kinks."""
    limits = np.finfo(dtype)
    gap, huge = float(limits.eps), float(limits.max) / 16
    kinks = np.outer([0.375, 1], [1 - gap, 1 - gap / 2, 1, 1 + gap, 1 + 2 * gap]).ravel()
    sizes = np.choose(
        rng.integers(0, 4, shape),
        [
            3 * rng.standard_normal(shape),
            10 ** rng.uniform(-30, 3, shape),
            1.2 * np.log(huge) * rng.uniform(0, 1, shape),
            rng.choice([0, 1e3, 1e4, huge, *kinks], shape),
        ],
    )
    return rng.choice([-1, 1], shape) * sizes


def _probabilities(rng, dtype, shape):
    """Return numbers in (0, 1): moderate ones, tiny ones, next to 1."""
    near_one = 1 - 10 ** rng.uniform(np.log10(np.finfo(dtype).eps), 0, shape)
    tiny = 10 ** rng.uniform(-30, 0, shape)
    return np.choose(rng.integers(0, 3, shape), [rng.uniform(0.01, 0.99, shape), tiny, near_one])


def _log_unless_zero(y_true):
    """Return the logarithms of positive targets, and 0 for the others."""
    return np.log(np.where(y_true > 0, y_true, 1))


def _amounts(rng, shape, zeros):
    """Return numbers that are not negative: counts small and large, 0 if allowed, any sizes."""
    return np.choose(
        rng.integers(0, 3, shape),
        [
            rng.integers(0 if zeros else 1, 10, shape),
            np.round(10 ** rng.uniform(0, 6, shape)),
            10 ** rng.uniform(-6, 3, shape),
        ],
    )


def _above_minus_one(rng, dtype, shape):
    """Return numbers above -1: next to it, moderate ones, of all sizes."""
    return np.choose(
        rng.integers(0, 3, shape),
        [
            -_probabilities(rng, dtype, shape),
            rng.lognormal(0, 2, shape),
            np.abs(_scores(rng, dtype, shape)),
        ],
    )


def largest_errors(loss, dtype, soft=False, n_samples=200, seed=0):
    """Return the largest error of the value, of the gradient and of the second derivative.

    Parameters
    ----------
    loss : Loss
        Any loss with a symbolic expression.
    dtype : dtype
        Double or single precision.
    soft : bool, default False
        Whether to try soft targets, which cross-entropies take.
    n_samples : int, default 200
        How many points to try.
    seed : int, default 0
        Of their random numbers.

    Returns
    -------
    dict of float
    """
    loss = replace(loss, reduction="none")
    samples = points(loss, dtype, soft, n_samples, seed)
    return {part: float(errors(loss, part, *samples).max()) for part in PARTS}


def table(n_samples=200, known=()):
    """Yield the name of each loss measured, whether targets are soft, and its largest errors.

    Parameters
    ----------
    n_samples : int, default 200
        How many points to try for each.
    known : collection of (str, bool), default ()
        The names of losses that are left out, each with whether targets are soft.

    Yields
    ------
    name : str
    soft : bool
    found : dict of dict of float
        By dtype and by part.
    """
    for loss in MEASURED:
        for soft in (False, True) if _takes_soft(loss) else (False,):
            if (name_of(loss), soft) in known:
                continue
            found = {dtype: largest_errors(loss, dtype, soft, n_samples) for dtype in DTYPES}
            yield name_of(loss), soft, found


def name_of(loss):
    """Return how a loss is written that differs from its defaults only where it must."""
    given = {f.name: getattr(loss, f.name) for f in fields(loss)}
    changed = [f"{f.name}={given[f.name]!r}" for f in fields(loss) if given[f.name] != f.default]
    return f"{type(loss).__name__}({', '.join(changed)})"


def environment():
    """Return what the last bits depend on: exp, log and others of NumPy are not the same on all."""
    return {
        "machine": platform.machine(),
        "simd": np.show_config(mode="dicts")["SIMD Extensions"].get("found", []),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def main(arguments=None):
    """Print the table, and store it if told to.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line, by default.
    """
    parser = argparse.ArgumentParser(
        "python -m benchmarks.accuracy", description=main.__doc__.splitlines()[0]
    )
    parser.add_argument("--samples", type=int, default=200, help="points tried for each loss")
    parser.add_argument("--output", type=Path, help="JSON file to store the table in")
    parser.add_argument("--missing", action="store_true", help="keep the rows of --output")
    given = parser.parse_args(arguments)
    stored = {"environment": environment(), "samples": given.samples, "rows": []}
    if given.missing:
        before = json.loads(given.output.read_text())
        if before | {"rows": []} != stored:
            parser.error(f"the rows of {given.output} were measured otherwise: measure all again")
        stored = before
    columns = [f"{part} {np.finfo(dtype).bits}" for dtype in DTYPES for part in PARTS]
    print("largest error in ulp, by bits".ljust(64), *(f"{name:>11}" for name in columns))
    rows = stored["rows"]
    for name, soft, found in table(given.samples, {(row["loss"], row["soft"]) for row in rows}):
        cells = [f"{error:11.1f}" for errors in found.values() for error in errors.values()]
        print(f"{name}{', soft targets' if soft else ''}".ljust(64), *cells, flush=True)
        rows += [
            {"loss": name, "soft": soft, "dtype": np.dtype(dtype).name}
            | {part: round(error, 3) for part, error in errors.items()}
            for dtype, errors in found.items()
        ]
    if given.output:
        order = list(map(name_of, MEASURED))
        rows.sort(key=lambda row: (order.index(row["loss"]), row["soft"]))
        given.output.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
